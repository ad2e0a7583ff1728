"""The settings page: every section for every role, mode and state, and each form to its end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from aineon.access.permissions import Action, may
from aineon.access.roles import Role
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.notices import NoticeState
from aineon.ledger.requests import RequestKind, RequestState
from aineon.ledger.saved_settings import SettingChange
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.settings import load_settings
from app import state, visitors
from tests.console import places
from tests.console.seeing import open_page, text_of
from tests.console.signed_in import PASSWORD, people

SECTIONS = ("Parameters", "Mode", "Market and nodes", "Notifications", "Theme")
STATES = {
    "absent": places.absent,
    "busy": places.busy,
    "down": lambda folder: places.beat(folder, beat_at=time.time() - 300),
    "no database": places.no_database,
}
HOSTILE = "</style><script>alert(1)</script>[x](javascript:1) **b** :red[c] $x$"


@pytest.fixture(autouse=True)
def supervised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUPERVISED_VARIABLE, "yes")


def turn(test: AppTest, section: str) -> AppTest:
    state.client().memory.clear()
    test = test.button_group(key="settings_section").set_value(section).run()
    assert not test.exception, section
    return test


def labels(test: AppTest) -> set[str]:
    return {each.label for each in test.button}


def press(test: AppTest, label: str) -> AppTest:
    [button] = [each for each in test.button if each.label == label]
    test = button.click().run()
    assert not test.exception
    return test


def box(test: AppTest, label: str) -> object:
    """The widget of a parameter; its key changes with each filling-in."""
    [found] = [each for each in [*test.text_input, *test.selectbox] if each.label.startswith(label)]
    return found


def fill(test: AppTest, label: str, value: str) -> AppTest:
    return box(test, label).set_value(value).run()  # type: ignore[attr-defined, no-any-return]


def saved(folder: Path) -> dict[str, str | None]:
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        return {name: found.value for name, found in control.saved_settings.all().items()}


def plain(test: AppTest) -> str:
    return text_of(test).replace("\\", "")


def test_every_section_in_every_state(folder: Path) -> None:
    test = open_page("settings")
    for name, prepare in STATES.items():
        prepare(folder)
        for section in (*SECTIONS, "Users"):
            test = turn(test, section)
            text = text_of(test)
            assert "Traceback" not in text, (name, section)
            assert "SIMULATION – play money" in text, (name, section)


def test_every_section_in_a_rehearsal(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AINEON_MODE", "rehearsal")
    state.client.cache_clear()
    places.busy_rehearsal(folder)
    test = open_page("settings")
    for section in SECTIONS:
        assert "REHEARSAL – play money" in text_of(turn(test, section)), section
    nodes = plain(turn(test, "Market and nodes"))
    assert "its head is 40 s old" in nodes


def test_each_role_sees_what_it_may(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    state.client.cache_clear()
    places.busy(folder)
    found = people(load_settings(), time.time())
    for role in Role:
        number = found[role].session_id
        monkeypatch.setattr(visitors, "named_session", lambda number=number: number)
        test = open_page("settings")
        edits = {each.label for each in test.selectbox} & {"Group"}
        assert bool(edits) is (role is not Role.VIEWER), role
        if edits:
            groups = set(test.selectbox(key="settings_group").options)
            assert ("Paper trading" in groups) is may(role, Action.CHANGE_SETTING), role
        options = set(test.button_group(key="settings_section").options)
        assert ("Users" in options) is may(role, Action.ADD_USER), role
        test = turn(test, "Market and nodes")
        assert ("Test the nodes" in labels(test)) is may(role, Action.TEST_NODE), role
        test = turn(test, "Notifications")
        assert ("Send a test" in labels(test)) is may(role, Action.TEST_NOTIFICATION), role


def test_a_limit_is_lowered_with_the_difference_shown_first(folder: Path) -> None:
    places.busy(folder)
    test = open_page("settings")
    test = test.selectbox(key="settings_group").select("Trading limits").run()
    assert "What would differ" not in text_of(test)
    test = fill(test, "Maximum position", "10")
    text = plain(test)
    assert "What would differ" in text
    assert "1000 ETH" in text
    assert "10 ETH" in text
    assert "lets less through" in text
    # A default that depends on it differs too.
    assert "Maximum exposure" in text
    test = press(test, "Save and start the engine anew")
    assert "Saved and audited. The engine is started anew" in plain(test)
    assert saved(folder) == {"MAX_POSITION_SIZE": "10"}
    # The form begins anew, with what is saved now; the table says from when on it holds.
    assert box(test, "Maximum position").value == "10"  # type: ignore[attr-defined]
    assert "default; 10 ETH from the next start of the engine on" in plain(test)


def test_a_raise_takes_the_word_and_a_refusal_saves_nothing(folder: Path) -> None:
    places.busy(folder)
    test = open_page("settings")
    test = test.selectbox(key="settings_group").select("Trading limits").run()
    test = fill(test, "Minimum profit", "0.001")
    assert "lets more through, and takes a code" in plain(test)
    test = press(test, "Save and start the engine anew")
    assert "type the word" in plain(test)
    assert saved(folder) == {}
    # What was typed is still there.
    assert box(test, "Minimum profit").value == "0.001"  # type: ignore[attr-defined]
    test = fill(test, "Type “confirm”", "confirm")
    test = press(test, "Save and start the engine anew")
    assert saved(folder) == {"MIN_PROFIT_THRESHOLD": "0.001"}


def test_what_is_not_allowed_is_said_at_once_and_cannot_be_saved(folder: Path) -> None:
    places.busy(folder)
    test = open_page("settings")
    test = test.selectbox(key="settings_group").select("Trading limits").run()
    for text in ("-1", "NaN", "1e400", "x" * 5000, HOSTILE, "0.0000000000000000001"):
        test = fill(test, "Maximum position", text)
        assert not test.exception
        [error] = [each.value for each in test.error]
        assert "MAX\\_POSITION\\_SIZE is" in error
        assert "<script>" not in error
        assert "Save and start the engine anew" not in labels(test)


def test_of_two_tabs_the_second_is_told(folder: Path) -> None:
    places.busy(folder)
    first, second = open_page("settings"), open_page("settings")
    first = first.selectbox(key="settings_group").select("Paper trading").run()
    second = second.selectbox(key="settings_group").select("Paper trading").run()
    first = press(fill(first, "Paper latency", "2"), "Save and start the engine anew")
    second = press(fill(second, "Paper latency", "3"), "Save and start the engine anew")
    assert "PAPER_LATENCY_BLOCKS was changed by operator since this page was drawn" in plain(second)
    assert saved(folder) == {"PAPER_LATENCY_BLOCKS": "2"}


def test_what_the_environment_gives_and_what_is_ignored_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.busy(folder)
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        changes = (SettingChange("MAX_CONCURRENT", HOSTILE, 0), SettingChange("MAX_HOPS", "3", 0))
        control.saved_settings.change(changes, "anna", 1.0)
    monkeypatch.setenv("MAX_SLIPPAGE_BPS", "40")
    state.client.cache_clear()
    test = open_page("settings")
    test = test.selectbox(key="settings_group").select("Trading limits").run()
    text = plain(test)
    assert "Maximum slippage** is given by environment, which goes before what is saved" in text
    assert "MAX_CONCURRENT is '</style>" in text
    assert "It is ignored." in text
    # Nothing of it is taken for more than text.
    assert "<script>" not in text_of(test)
    [hops] = [t for t in test.get("table") if "MAX_HOPS" in t.value.to_string(max_colwidth=None)]
    assert "saved" in hops.value.to_string(max_colwidth=None)


def test_nodes_are_tested_and_their_answers_are_text(folder: Path) -> None:
    places.busy(folder)
    test = turn(open_page("settings"), "Market and nodes")
    test = press(test, "Test the nodes")
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        asked = control.requests.latest(RequestKind.NODES)
        assert asked is not None
        words = f"node-1: healthy, chain 1\nnode-2: {HOSTILE}"
        control.requests.answer(asked.number, RequestState.DONE, words, time.time())
    test = turn(test, "Market and nodes")
    text = text_of(test)
    assert "well" in text
    assert "in trouble" in text
    assert "<script>" not in text


def test_the_checklist_of_live_mode_has_a_word_for_each_point(folder: Path) -> None:
    places.busy(folder)
    test = turn(open_page("settings"), "Mode")
    assert "Nobody has looked at it yet." in text_of(test)
    test = press(test, "Look at the checklist")
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        asked = control.requests.latest(RequestKind.LIVE)
        assert asked is not None
        words = f"met: clock: it is right\nnot met: contract: {HOSTILE}"
        control.requests.answer(asked.number, RequestState.DONE, words, time.time())
    text = text_of(turn(test, "Mode"))
    assert ":material/check_circle: met" in text
    assert ":material/error: not met" in text
    assert "<script>" not in text


def test_notices_and_targets_are_shown_and_tested(folder: Path) -> None:
    places.busy(folder)
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        control.notices.keep_targets(["1 json"])
        control.notices.failed("1 json", HOSTILE, time.time())
        number = control.notices.leave("stop", "simulation", HOSTILE, time.time())
        control.notices.settle([number], NoticeState.FAILED, "1 json: no", time.time())
    test = turn(open_page("settings"), "Notifications")
    text = text_of(test)
    assert "fails" in text
    assert "failed 1 json: no" in plain(test)
    assert "<script>" not in text
    test = press(test, "Send a test")
    assert "A test is on its way" in text_of(test)
    test = fill(test, "Targets", "nonsense://canary-secret/x")
    test = press(test, "Save and start the engine anew")
    assert "target 1 nonsense is not an address that apprise knows" in plain(test)
    assert "canary-secret" not in text_of(test)
    test = fill(test, "Targets", "json://canary-secret.example/x")
    test = press(test, "Save and start the engine anew")
    assert "Saved and audited." in text_of(test)
    assert "canary-secret" not in text_of(test)
    [sealed] = saved(folder).values()
    assert sealed is not None
    assert "canary" not in sealed
    # It is never shown again, and can be forgotten.
    assert box(test, "Targets").value == ""  # type: ignore[attr-defined]
    [forget] = [each for each in test.checkbox if "Forget" in each.label]
    test = press(forget.check().run(), "Save and start the engine anew")
    assert saved(folder) == {"AINEON_NOTIFY_URLS": None}


def test_users_are_added_and_changed_by_a_super_admin(folder: Path) -> None:
    places.busy(folder)
    test = turn(open_page("settings"), "Users")
    assert "There is no user" in text_of(test)
    # A form: nothing is handed over before it is pressed.
    box(test, "Name").set_value("anna")  # type: ignore[attr-defined]
    box(test, "Role").select("super admin")  # type: ignore[attr-defined]
    box(test, "First password").set_value(PASSWORD)  # type: ignore[attr-defined]
    box(test, "Type “confirm” to add").set_value("confirm")  # type: ignore[attr-defined]
    test = press(test, "Add the user")
    assert "anna may sign in now, as super admin." in plain(test)
    assert PASSWORD not in text_of(test)
    test = turn(test, "Users")
    assert "anna" in plain(test)
    test = box(test, "Change").select("Remove").run()  # type: ignore[attr-defined]
    box(test, "Type “confirm” to remove").set_value("confirm")  # type: ignore[attr-defined]
    test = press(test, "Remove for anna")
    assert "could not be asked for" in plain(test)
