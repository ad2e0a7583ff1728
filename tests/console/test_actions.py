"""What buttons do: who may, what is asked for, and what is said where nobody listens."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from aineon.access.permissions import NEEDS_CODE, RULES
from aineon.access.roles import Role
from aineon.errors import LedgerError
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import ModeRequest
from aineon.primitives import Book, ManualClock
from aineon.runtime import live_asked
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.live_word import phrase, written_phrase
from aineon.runtime.settings import Settings, load_settings
from aineon.runtime.stop_desk import latch, stop_desk
from aineon.safety import Breaker
from aineon.safety.breaker import BreakerState
from app import actions, visitors
from app.actions import EFFECTS, Action, Asked, Result, Visitor, typed_word
from app.asking import LOCAL_OPERATOR, NOBODY
from app.effects import stop
from app.effects.mode import live_body
from tests.console.signed_in import access, code_of, enrol, people

ROOT = Path(__file__).resolve().parents[2]
NOW = 1_800_000_000.0
WITHOUT_EFFECT = {Action.VIEW, Action.EXPORT}
"""Reading is no press of a button: gate and pages see to it."""


@pytest.fixture(autouse=True)
def _supervised(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUPERVISED_VARIABLE, "yes")


def perform(
    action: Action,
    visitor: Visitor = LOCAL_OPERATOR,
    code: str | None = None,
    at: float = NOW,
    **body: str,
) -> Result:
    given = typed_word(action) if code is None else code
    return actions.perform(
        Asked(action, visitor, load_settings(), ManualClock(at), body, code=given)
    )


def latest(folder: Path) -> ModeRequest | None:
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        return control.requests.latest()


def audited(folder: Path) -> list[tuple[str, str, str]]:
    settings = load_settings()
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        entries = control.audit(settings.anchor_path).last(100)
    return [(e.decision.who, e.decision.action, e.decision.subject) for e in entries]


# --- the tables ----------------------------------------------------------------------------


def test_every_action_has_a_rule_and_an_effect() -> None:
    assert set(RULES) == set(Action)
    assert all(RULES.values())
    assert set(EFFECTS) == set(Action) - WITHOUT_EFFECT


def test_no_page_offers_what_has_no_effect() -> None:
    sources = [*(ROOT / "app" / "components").glob("*.py"), *(ROOT / "pages").glob("*.py")]
    named = {
        Action[name]
        for path in sources
        for name in re.findall(r"\bAction\.([A-Z_]+)", path.read_text(encoding="utf-8"))
    }
    assert Action.STOP in named
    assert named - {Action.VIEW, Action.EXPORT} <= set(EFFECTS)


@pytest.fixture(scope="module")
def signed_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Settings, dict[Role, Visitor], dict[Role, str]]:
    """A console with sign-in, where each role has somebody with a session and a second factor."""
    folder = tmp_path_factory.mktemp("matrix")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AINEON_DATA_DIR", str(folder))
        patch.setenv("AINEON_ENV_FILE", "off")
        patch.setenv("AINEON_SIGN_IN", "always")
        settings = load_settings()
    found = people(settings, NOW)
    with access(settings, ManualClock(NOW)) as opened:
        secrets = {role: enrol(opened, who.name, NOW) for role, who in found.items()}
    return folder, settings, found, secrets


@pytest.mark.parametrize("role", Role)
def test_each_role_does_what_its_rules_say_and_nothing_else(
    role: Role,
    signed_in: tuple[Path, Settings, dict[Role, Visitor], dict[Role, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, settings, found, secrets = signed_in
    reached: list[Asked] = []

    def effect(asked: Asked) -> Result:
        reached.append(asked)
        return Result(True, "done")

    monkeypatch.setattr(actions, "EFFECTS", dict.fromkeys(Action, effect))
    monkeypatch.setattr(actions, "FORMS", {})
    # Each code is taken once: every press comes half a minute after the one before.
    for action, at in zip(Action, itertools.count(NOW + 60, 30), strict=False):
        code = code_of(secrets[role], at)
        asked = Asked(action, found[role], settings, ManualClock(at), code=code)
        result = actions.perform(asked)
        allowed = role in RULES[action]
        assert result.accepted is allowed, (role, action, result.words)
        assert [each.action for each in reached] == ([action] if allowed else [])
        if not allowed:
            assert "takes another role" in result.words
        reached.clear()


def test_nobody_may_what_has_no_rule_or_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    assert actions.may(LOCAL_OPERATOR, Action.STOP)
    assert not any(actions.may(NOBODY, action) for action in Action)
    monkeypatch.setattr(actions, "EFFECTS", {})
    assert perform(Action.STOP).words.startswith("Nobody can stop")
    monkeypatch.setattr("aineon.access.permissions.RULES", {})
    assert not actions.may(LOCAL_OPERATOR, Action.STOP)
    assert "takes another role" in perform(Action.STOP).words


# --- codes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("action", sorted(NEEDS_CODE))
def test_the_local_operator_types_a_word_where_others_give_a_code(
    action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "EFFECTS", {action: lambda _: Result(True, "done")})
    monkeypatch.setattr(actions, "FORMS", {})
    for wrong in ("", "yes", "123456"):
        refused = perform(action, code=wrong)
        assert not refused.accepted
        assert f"type the word “{typed_word(action)}”" in refused.words
    assert perform(action, code=f" {typed_word(action).upper()} ").accepted


@pytest.fixture
def admin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """An admin with a session, at a console that asks for one."""
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    return people(load_settings(), NOW)[Role.ADMIN]


@pytest.fixture
def secret(admin: Visitor) -> str:
    """The seed of the admin's second factor."""
    with access(load_settings(), ManualClock(NOW)) as opened:
        return enrol(opened, admin.name, NOW)


def test_a_code_is_taken_once_and_a_word_never_stands_in_for_it(
    admin: Visitor, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    action, at = Action.CLEAR_STOP, NOW + 60
    monkeypatch.setattr(actions, "EFFECTS", {action: lambda _: Result(True, "done")})
    monkeypatch.setattr(actions, "FORMS", {})
    right = code_of(secret, at)
    assert "give a one-time code" in perform(action, admin, code="", at=at).words
    assert not perform(action, admin, code=typed_word(action), at=at).accepted
    assert perform(action, admin, code=right, at=at).accepted
    again = perform(action, admin, code=right, at=at)
    assert again.words == "That is no one-time code that holds now; each is taken once."


def test_a_code_for_a_digest_becomes_proof_for_exactly_that(
    admin: Visitor, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, proofs = NOW + 60, list[str]()

    def effect(asked: Asked) -> Result:
        proofs.append(asked.proof)
        return Result(True, "done")

    action = Action.APPROVE_WITHDRAWAL
    monkeypatch.setattr(actions, "EFFECTS", {action: effect})
    monkeypatch.setattr(actions, "FORMS", {})
    code, digest = code_of(secret, at), "ab" * 32
    assert perform(action, admin, code=code, at=at, digest=digest).accepted
    with access(load_settings(), ManualClock(at)) as opened:
        accepts = opened.second_factor.accepts
        assert not accepts(admin.name, "cd" * 32, proofs[0])
        assert accepts(admin.name, digest, proofs[0])
        assert not accepts(admin.name, digest, proofs[0])


SLIPS: dict[Action, tuple[dict[str, str], str]] = {
    Action.GO_LIVE: ({"phrase": "live please"}, "Nothing was started"),
    Action.CLEAR_STOP: ({"seen": "other reasons"}, "has changed since the page was drawn"),
    Action.RESET_BREAKER: ({"seen": "another halt"}, "has changed since the page was drawn"),
    Action.REQUEST_WITHDRAWAL: ({"amount": "1"}, "destination is empty"),
    Action.APPROVE_WITHDRAWAL: (
        {"id": "w-1", "digest": "ab" * 32, "typed": "abababac"},
        "is not the beginning of the digest",
    ),
    Action.SWEEP: ({"digest": "ab" * 32, "typed": "a"}, "is not the beginning of the digest"),
    Action.ADD_DESTINATION: ({"address": "0x12", "label": "cold"}, "0x12"),
    Action.CHANGE_SHARE: ({"address": "0x12", "share": "1"}, "0x12"),
    Action.ADD_RULE: ({"origin": "scheduled", "schedule": "0 25 * * *"}, "25"),
    Action.RAISE_LIMIT: (
        {"value.max_gas_price_wei": "lots", "version.max_gas_price_wei": "0"},
        "lots",
    ),
    Action.ADD_USER: ({"name": "dora", "password": "short", "role": "viewer"}, "5 characters"),
    Action.CHANGE_USER: ({"name": "viewer", "change": "nonsense"}, "a change is one of"),
    Action.REMOVE_USER: ({"name": "nobody-known"}, "nobody-known"),
    Action.RESET_SECOND_FACTOR: ({"name": "nobody-known"}, "nobody-known"),
}
"""A form of each action with a slip in it, and what is said of it."""
WALLET = "0x52908400098527886E0F7030069857D2E4169EE7"
MORE_SLIPS: tuple[tuple[Action, dict[str, str], str], ...] = (
    (Action.ADD_DESTINATION, {"address": WALLET, "label": "cold", "share": "ten"}, "'ten'"),
    (Action.CHANGE_SHARE, {"address": WALLET, "share": "20000"}, "20000"),
    (Action.ADD_RULE, {"origin": "automatic", "threshold": "0"}, "is zero"),
    (Action.ADD_RULE, {"origin": "automatic", "threshold": f"1.{'1' * 19}"}, "ETH"),
    (Action.ADD_RULE, {"origin": "automatic", "threshold": "1", "keep": "2"}, "above what is kept"),
    (Action.ADD_RULE, {"origin": "automatic", "threshold": "1,5"}, "plain decimal number"),
    (Action.CHANGE_USER, {"name": "viewer", "change": "role", "role": "viewer"}, "already"),
    (Action.CHANGE_USER, {"name": "viewer", "change": "password", "password": "x"}, "1 characters"),
    (Action.CHANGE_USER, {"name": "super_admin", "change": "disable"}, "last super admin"),
    (Action.CHANGE_USER, {"name": "super_admin", "change": "role", "role": "admin"}, "last super"),
    (Action.REMOVE_USER, {"name": "super_admin"}, "last super admin"),
)
"""Further ways to slip."""
DONE: tuple[tuple[Action, dict[str, str], str], ...] = (
    (Action.CLEAR_STOP, {"seen": ""}, "The emergency stop is not set."),
    (
        Action.RAISE_LIMIT,
        {"value.max_gas_price_wei": "", "version.max_gas_price_wei": "0"},
        "Nothing differs",
    ),
)
"""What is so already."""
OF_THE_TREASURY = {
    *(Action.REQUEST_WITHDRAWAL, Action.APPROVE_WITHDRAWAL, Action.SWEEP),
    *(Action.ADD_DESTINATION, Action.CHANGE_SHARE, Action.ADD_RULE),
}


def test_whatever_takes_a_code_has_its_form_looked_at_first() -> None:
    assert set(actions.FORMS) == NEEDS_CODE == set(SLIPS)


@pytest.fixture
def chief(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, Visitor, str]:
    """A super admin with a session, and the seed of his second factor."""
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    settings = load_settings()
    visitor = people(settings, NOW)[Role.SUPER_ADMIN]
    with access(settings, ManualClock(NOW)) as opened:
        return settings, visitor, enrol(opened, visitor.name, NOW)


def still_holds(settings: Settings, visitor: Visitor, code: str, at: float) -> bool:
    with access(settings, ManualClock(at)) as opened:
        return opened.second_factor.check(visitor.name, code, at)


def press_with_a_code(
    chief: tuple[Settings, Visitor, str], number: int, action: Action, body: dict[str, str]
) -> tuple[Result, bool]:
    """Press with a code of its own half minute; returns what came of it, and whether it is left."""
    settings, visitor, secret = chief
    at = NOW + 60 * number
    code = code_of(secret, at)
    # In the simulation there is nothing to withdraw, and live mode is asked for from there.
    mode = Book.REHEARSAL if action in OF_THE_TREASURY else Book.SIMULATION
    of_mode = settings.model_copy(update={"mode": mode})
    given = {"book": mode.value, **body}
    result = actions.perform(Asked(action, visitor, of_mode, ManualClock(at), given, code=code))
    return result, still_holds(settings, visitor, code, at)


def test_a_slip_in_a_form_costs_no_code(folder: Path, chief: tuple[Settings, Visitor, str]) -> None:
    latch(chief[0], "a doubt", "engine")
    slips = [*((action, *slip) for action, slip in SLIPS.items()), *MORE_SLIPS]
    for number, (action, body, words) in enumerate(slips, 1):
        result, is_left = press_with_a_code(chief, number, action, body)
        assert not result.accepted, (action, body)
        assert words in result.words, (action, body)
        assert is_left, f"{action} used the code up: {body}"


def test_what_is_so_already_costs_no_code(chief: tuple[Settings, Visitor, str]) -> None:
    for number, (action, body, words) in enumerate(DONE, 1):
        result, is_left = press_with_a_code(chief, number, action, body)
        assert result.accepted, action
        assert words in result.words
        assert is_left, f"{action} used the code up"


def test_control_what_is_wrong_only_behind_the_code_costs_it(
    chief: tuple[Settings, Visitor, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, visitor, secret = chief
    at = NOW + 60
    code = code_of(secret, at)
    monkeypatch.setattr(actions, "FORMS", {})
    body, _ = SLIPS[Action.ADD_USER]
    asked = Asked(Action.ADD_USER, visitor, settings, ManualClock(at), body, code=code)
    assert not actions.perform(asked).accepted
    assert not still_holds(settings, visitor, code, at)


def test_who_has_no_second_factor_is_told_where_to_set_one_up(
    admin: Visitor,
) -> None:
    latch(load_settings(), "a doubt", "engine")
    with stop_desk(load_settings()) as desk:
        seen = stop.fingerprint(desk.all_places.state())
    refused = perform(Action.CLEAR_STOP, admin, code="123456", seen=seen)
    assert not refused.accepted
    assert "you have not set up a second factor yet" in refused.words


# --- sessions ------------------------------------------------------------------------------


def test_a_press_after_the_session_ended_does_nothing_and_says_so(
    folder: Path, admin: Visitor
) -> None:
    assert perform(Action.SIMULATE, admin).accepted
    with access(load_settings()) as opened:
        opened.sessions.revoke_all(admin.name)
    refused = perform(Action.REHEARSE, admin)
    assert refused.words == "Your session has ended, so nothing was done. Sign in again."
    request = latest(folder)
    assert request is not None
    assert request.mode == "simulation"
    assert ("nobody", "action.refuse", "rehearse") in audited(folder)


@pytest.mark.parametrize(
    "ends",
    [
        lambda users, name: users.set_role(name, Role.VIEWER, who="root", at=NOW),
        lambda users, name: users.disable(name, who="root", at=NOW),
        lambda users, name: users.remove(name, who="root", at=NOW),
        lambda users, name: users.reset_second_factor(name, who="root", at=NOW),
    ],
    ids=["role", "disabled", "removed", "second factor"],
)
def test_what_changes_a_user_ends_their_buttons(folder: Path, admin: Visitor, ends: object) -> None:
    with access(load_settings()) as opened:
        ends(opened.users, admin.name)  # type: ignore[operator]
    assert "session has ended" in perform(Action.SIMULATE, admin).words
    assert latest(folder) is None


def test_idle_and_old_sessions_press_nothing(admin: Visitor) -> None:
    assert "session has ended" in perform(Action.SIMULATE, admin, at=NOW + 1_800).words
    assert perform(Action.SIMULATE, admin, at=NOW + 1_799).accepted


def test_a_role_that_a_page_holds_counts_for_nothing(admin: Visitor) -> None:
    boasting = replace(admin, name="somebody", role=Role.SUPER_ADMIN)
    assert perform(Action.ADD_USER, boasting).words.startswith("admin may not add a user")


def test_the_local_operator_is_nobody_where_a_session_is_needed(admin: Visitor) -> None:
    assert "session has ended" in perform(Action.SIMULATE, LOCAL_OPERATOR).words
    assert "session has ended" in perform(Action.SIMULATE, NOBODY).words


def test_who_was_let_in_may_stop_where_nothing_can_be_looked_up(
    folder: Path, admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Visitor:
        raise LedgerError("the database does not answer")

    monkeypatch.setattr(actions, "as_of_now", fail)
    assert not perform(Action.SIMULATE, admin).accepted
    assert perform(Action.STOP, admin).accepted
    assert (folder / "STOP").exists()


def test_signing_out_ends_this_session_or_all(folder: Path, admin: Visitor) -> None:
    assert perform(Action.END_OWN_SESSIONS, admin, which="this").words == "You are signed out."
    assert "session has ended" in perform(Action.END_OWN_SESSIONS, admin).words
    assert ("admin", "session.close", "admin") in audited(folder)


def test_who_is_at_the_console_is_asked_anew(
    admin: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "named_session", lambda: admin.session_id)
    monkeypatch.setattr(visitors.client(), "clock", ManualClock(NOW))
    assert visitors.visitor_of_now() == admin
    with access(load_settings()) as opened:
        opened.sessions.revoke_all(admin.name)
    assert visitors.visitor_of_now() == NOBODY
    monkeypatch.setattr(visitors, "named_session", lambda: "' OR '1'='1")
    assert visitors.visitor_of_now() == NOBODY


# --- modes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "mode"), [(Action.REHEARSE, "rehearsal"), (Action.SIMULATE, "simulation")]
)
def test_a_request_says_who_asked_for_what_and_when(
    folder: Path, action: Action, mode: str
) -> None:
    assert perform(action) == Result(True, f"The {mode} was asked for.")
    request = latest(folder)
    assert request is not None
    assert (request.mode, request.who, request.at) == (mode, "operator", NOW)
    assert request.state == "asked"


def test_pressing_twice_asks_once(folder: Path) -> None:
    assert perform(Action.REHEARSE).accepted
    assert perform(Action.REHEARSE) == Result(False, "The rehearsal has been asked for already.")
    request = latest(folder)
    assert request is not None
    assert request.number == 1


def test_live_is_not_for_whoever_has_not_signed_in(folder: Path) -> None:
    result = perform(Action.GO_LIVE)
    assert not result.accepted
    assert result.words.startswith("Nobody has signed in at this console")
    assert latest(folder) is None


def test_a_phrase_and_a_code_ask_for_live_mode_and_prove_it_once(
    folder: Path, admin: Visitor, secret: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor, at = "0x" + "e8" * 20, NOW + 60
    monkeypatch.setenv("AINEON_EXECUTOR", executor)
    monkeypatch.setattr(live_asked, "SystemClock", lambda: ManualClock(at))
    settings, live = load_settings(), Action.GO_LIVE
    body, wrong = (live_body(settings, typed) for typed in (phrase(1), phrase(10)))
    for given, words in (({}, "is not 'trade with real"), (wrong, "is not 'trade with real")):
        # A code for something else, or for nothing, starts nothing.
        at += 30
        refused = perform(live, admin, code=code_of(secret, at), at=at, **given)
        assert words in refused.words
    assert latest(folder) is None
    at += 30
    asked = perform(live, admin, code=code_of(secret, at), at=at, **body)
    assert asked == Result(True, "Live mode was asked for.")
    request = latest(folder)
    assert request is not None
    assert (request.mode, request.word) == ("live", written_phrase(1, executor))
    assert request.proof not in repr(request)
    # The supervisor takes the proof for exactly this, from whoever may, and once.
    for other in (
        replace(request, word=written_phrase(10, executor)),
        replace(request, who="nobody-here"),
        replace(request, proof=""),
    ):
        assert live_asked._why_not_them(settings, other)
    assert not live_asked._why_not_them(settings, request)
    assert live_asked._why_not_them(settings, request).startswith("there is no one-time code")


def test_without_a_supervisor_nothing_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SUPERVISED_VARIABLE)
    result = perform(Action.REHEARSE)
    assert not result.accepted
    assert "was not started by `aineon up`" in result.words
    assert latest(folder) is None


def test_a_database_that_cannot_be_written_is_said_in_words(folder: Path) -> None:
    (folder / "control.db").write_bytes(b"no database " * 100)
    result = perform(Action.REHEARSE)
    assert not result.accepted
    assert "is not a database" in result.words


def test_whatever_is_asked_for_or_tried_is_in_the_audit(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perform(Action.REHEARSE)
    perform(Action.GO_LIVE)
    monkeypatch.setattr("aineon.access.permissions.RULES", {})
    perform(Action.SIMULATE)
    assert audited(folder) == [
        ("operator", "mode.request", "rehearsal"),
        ("operator", "action.refuse", "go live"),
        ("operator", "action.refuse", "simulate"),
    ]


def test_what_cannot_be_audited_is_not_asked_for(folder: Path) -> None:
    perform(Action.GO_LIVE)
    (folder / "control.anchor").unlink()
    result = perform(Action.REHEARSE)
    assert not result.accepted
    assert "the audit's anchor" in result.words
    assert latest(folder) is None
    # A refusal needs no audit, and says that it has none.
    refused = perform(Action.GO_LIVE)
    assert not refused.accepted
    assert "Nobody has signed in" in refused.words
    assert "could not be written down: the audit's anchor" in refused.words


# --- stop and breaker ----------------------------------------------------------------------


def test_the_stop_is_set_without_any_database(folder: Path) -> None:
    (folder / "control.db").write_bytes(b"no database " * 100)
    assert perform(Action.STOP, reason="  looks\nwrong ").accepted
    assert "looks wrong" in (folder / "STOP").read_text(encoding="utf-8")


def test_setting_and_clearing_the_stop_is_audited(folder: Path) -> None:
    # Any press makes the database, as an engine's start does.
    perform(Action.GO_LIVE)
    assert perform(Action.STOP, reason="a doubt").accepted
    with stop_desk(load_settings()) as desk:
        seen = stop.fingerprint(desk.all_places.state())
    assert perform(Action.CLEAR_STOP, seen=seen).words == "The emergency stop is cleared."
    assert [entry[1] for entry in audited(folder)] == ["action.refuse", "stop.latch", "stop.clear"]
    assert perform(Action.CLEAR_STOP, seen=seen).words == "The emergency stop is not set."


def test_a_reason_that_was_not_shown_is_not_cleared(folder: Path) -> None:
    perform(Action.STOP, reason="the first")
    with stop_desk(load_settings()) as desk:
        seen = stop.fingerprint(desk.all_places.state())
    latch(load_settings(), "another one", "engine")
    refused = perform(Action.CLEAR_STOP, seen=seen)
    assert not refused.accepted
    assert "has changed since the page was drawn" in refused.words
    with stop_desk(load_settings()) as desk:
        assert desk.stop.state().is_set


def test_a_halt_is_ended_as_it_was_shown_and_no_other(folder: Path) -> None:
    clock = ManualClock(NOW)
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        breaker = Breaker(control.breaker(Book.SIMULATION), clock)
        breaker.move(BreakerState.HALTED, "daily_loss", "the day's loss is at the limit", "engine")
        seen = stop.fingerprint_of(breaker.standing)
    assert "has changed" in perform(Action.RESET_BREAKER, seen="0" * 16).words
    assert perform(Action.RESET_BREAKER, seen=seen).accepted
    with ControlStore.open(sqlite_url(folder / "control.db")) as control:
        assert Breaker(control.breaker(Book.SIMULATION)).standing.state is not BreakerState.HALTED
    assert ("operator", "breaker.reset", "breaker of the simulation book") in audited(folder)
