"""Stop within reach of every page; who is there, and what a page does once they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aineon.access.roles import Role
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.primitives import Book
from aineon.runtime.settings import load_settings
from aineon.runtime.stop_desk import latch, stop_desk
from aineon.safety import Breaker
from aineon.safety.breaker import BreakerState
from app import visitors
from app.asking import Visitor
from app.state import client
from tests.console import places
from tests.console.places import PAGES
from tests.console.seeing import open_page, text_of, turn_to
from tests.console.signed_in import access, people


def sidebar() -> AppTest:
    """The part of every page that is looked at here, without the page."""

    def draw() -> None:
        from app.components import signed_in, stopping
        from app.visitors import visitor_of_now

        visitor = signed_in.keep_apart(visitor_of_now())
        stopping.in_reach()
        signed_in.line(visitor)

    return AppTest.from_function(draw, default_timeout=60).run()


def press(test: AppTest, key: str) -> AppTest:
    return test.button(key=key).click().run()


def keys(test: AppTest) -> set[str]:
    return {button.key for button in test.button if button.key is not None}


def is_set() -> bool:
    with stop_desk(load_settings()) as desk:
        return desk.stop.state().is_set


def test_stop_is_within_reach_of_every_page(folder: Path) -> None:
    places.empty(folder)
    test = open_page("overview")
    for page in PAGES:
        turn_to(test, page)
        assert "open_stop" in keys(test), page


def test_stop_is_confirmed_and_says_what_may_still_land(folder: Path) -> None:
    test = press(sidebar(), "open_stop")
    assert not is_set()
    assert "what may still land of others is not known here" in text_of(test)
    test.text_input(key="stop_reason").input("a doubt").run()
    press(test, "stop_now")
    assert is_set()
    assert "The emergency stop is set" in text_of(test)
    assert "open_stop" not in keys(test)
    with stop_desk(load_settings()) as desk:
        assert {reason.reason for reason in desk.stop.state().reasons} == {"a doubt"}
        assert {reason.who for reason in desk.stop.state().reasons} == {"operator"}


def test_clearing_shows_the_reasons_and_takes_the_word(folder: Path) -> None:
    latch(load_settings(), "profit looks [wrong](http://evil.example)", "engine")
    test = press(sidebar(), "open_clear_stop")
    text = text_of(test)
    assert "profit looks" in text
    assert "[wrong](http" not in text
    press(test, "clear_stop_now")
    assert is_set()
    field = next(each for each in test.text_input if str(each.key).startswith("clear_stop_code"))
    field.input("clear").run()
    press(test, "clear_stop_now")
    assert not is_set()
    assert "The emergency stop is cleared." in text_of(test)


def test_a_halt_is_looked_at_and_reset(folder: Path) -> None:
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        breaker = Breaker(control.breaker(Book.SIMULATION))
        breaker.move(BreakerState.HALTED, "daily_loss", "the day's loss is at the limit", "engine")
    test = press(sidebar(), "open_reset")
    assert "the day's loss is at the limit" in text_of(test)
    field = next(each for each in test.text_input if str(each.key).startswith("reset_breaker_code"))
    field.input("reset").run()
    press(test, "reset_now")
    assert "and goes on by itself" in text_of(test)
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        assert Breaker(control.breaker(Book.SIMULATION)).standing.state is not BreakerState.HALTED


# --- signed in -----------------------------------------------------------------------------


@pytest.fixture
def somebody(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[Role, Visitor]:
    """Somebody of each role; the page is the trader's."""
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    places.empty(folder)
    found = people(load_settings(), client().clock.now())
    be(found[Role.TRADER], monkeypatch)
    return found


def be(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the gate let this one in."""
    monkeypatch.setattr(visitors, "named_session", lambda: visitor.session_id)


def test_a_page_says_who_is_signed_in_and_signs_out(somebody: dict[Role, Visitor]) -> None:
    test = open_page("overview")
    assert "Signed in as **trader**, trader." in text_of(test)
    press(test, "sign_out")
    assert "Your session has ended" in text_of(test)
    assert not test.metric
    assert keys(test) == set()
    assert visitors.visitor_of_now().role is None


@pytest.mark.parametrize("role", Role)
def test_who_may_stop_and_who_may_clear(
    role: Role, somebody: dict[Role, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    be(somebody[role], monkeypatch)
    test = sidebar()
    assert ("open_stop" in keys(test)) is (role is not Role.VIEWER)
    # Whoever may not is told so in words, and that the stop is not set.
    refused = f"To stop takes another role than yours ({role.value})."
    assert (refused in text_of(test).replace("\\", "")) is (role is Role.VIEWER)
    latch(load_settings(), "a doubt", "engine")
    client().memory.clear()
    may_clear = role in {Role.SUPER_ADMIN, Role.ADMIN, Role.RISK_MANAGER}
    assert ("open_clear_stop" in keys(test.run())) is may_clear
    refused = f"To clear the stop takes another role than yours ({role.value})."
    assert (refused in text_of(test).replace("\\", "")) is not may_clear


def test_a_viewer_is_told_in_words_what_takes_another_role(
    somebody: dict[Role, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    be(somebody[Role.VIEWER], monkeypatch)
    test = open_page("overview")
    assert test.button(key="rehearse_overview").disabled
    text = text_of(test).replace("\\", "")
    assert "To rehearse takes another role than yours (viewer)." in text
    be(somebody[Role.TRADER], monkeypatch)
    assert "To rehearse takes another role" not in text_of(open_page("overview"))


def lose_the_database(folder: Path) -> None:
    """The control database is there, and cannot be read."""
    client().control.close()
    for path in folder.glob("control.db*"):
        path.unlink()
    (folder / "control.db").write_bytes(b"no database " * 1_000)
    client().memory.clear()


def test_whoever_was_there_may_stop_where_nobody_can_be_looked_up(
    folder: Path, somebody: dict[Role, Visitor]
) -> None:
    test = press(open_page("overview"), "open_stop")
    lose_the_database(folder)
    # The dialog that was open, and the page that comes in its place.
    press(test, "stop_now")
    assert "trader" in (folder / "STOP").read_text(encoding="utf-8")


def test_a_page_offers_the_stop_alone_while_nobody_can_be_looked_up(
    folder: Path, somebody: dict[Role, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    test = open_page("overview")
    lose_the_database(folder)
    test.run()
    assert not test.exception
    text = text_of(test).replace("\\", "")
    assert "The control database cannot be read now" in text
    assert "You were here as trader a moment ago, so you may still stop" in text
    assert not test.metric
    assert keys(test) == {"stop_now"}
    test.text_input(key="stop_reason").input("a doubt").run()
    press(test, "stop_now")
    assert "The emergency stop is set" in text_of(test)
    assert "a doubt" in (folder / "STOP").read_text(encoding="utf-8")
    # Nobody is known for ever, and a stranger is not known at all.
    monkeypatch.setattr(visitors, "THROUGH_TROUBLE_SECONDS", 0.0)
    assert "Your session has ended" in text_of(test.run())
    monkeypatch.undo()


def test_a_viewer_and_a_stranger_may_not_stop_then_either(
    folder: Path, somebody: dict[Role, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    be(somebody[Role.VIEWER], monkeypatch)
    test = open_page("overview")
    lose_the_database(folder)
    assert "cannot be read now" in text_of(test.run())
    assert keys(test) == set()
    monkeypatch.setattr(visitors, "named_session", lambda: "0123456789ab")
    assert "Your session has ended" in text_of(test.run())
    assert visitors.visitor_to_stop().role is None


def test_control_who_was_signed_out_is_not_known_through_trouble(
    folder: Path, somebody: dict[Role, Visitor]
) -> None:
    test = open_page("overview")
    with access(load_settings()) as found:
        found.users.end_sessions("trader", who="root", at=client().clock.now())
    assert "Your session has ended" in text_of(test.run())
    lose_the_database(folder)
    assert "Your session has ended" in text_of(test.run())
    assert visitors.last_known() is None


def test_the_local_operator_may_stop_where_the_stop_cannot_be_read(folder: Path) -> None:
    places.empty(folder)
    client().heartbeat()
    lose_the_database(folder)
    test = sidebar()
    assert "Whether the emergency stop is set cannot be read" in text_of(test)
    press(test, "open_stop")
    press(test, "stop_now")
    assert (folder / "STOP").exists()


def test_a_button_that_still_stands_there_does_nothing_after_a_revocation(
    somebody: dict[Role, Visitor],
) -> None:
    test = press(open_page("overview"), "open_stop")
    with access(load_settings()) as found:
        found.sessions.revoke_all("trader")
    # Inside the dialog, which is a fragment: the main script is not run for it.
    press(test, "stop_now")
    assert not is_set()
    assert "Your session has ended" in text_of(test)


def test_what_one_visitor_left_behind_is_not_for_the_next(
    somebody: dict[Role, Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    test = sidebar()
    test.session_state["half_typed"] = "0x1234"
    test.run()
    assert "half_typed" in test.session_state
    be(somebody[Role.VIEWER], monkeypatch)
    test.run()
    assert "half_typed" not in test.session_state
    assert "Signed in as **viewer**, viewer." in text_of(test)
