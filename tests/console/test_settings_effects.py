"""What the settings page's buttons do: who may, what it takes, and what is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.access.roles import Role
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import RequestKind
from aineon.primitives import ManualClock
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.saving import Wish
from aineon.runtime.settings import PARAMETERS, Settings, load_settings
from app import actions
from app.actions import Action, Asked, Result
from app.asking import LOCAL_OPERATOR, Visitor
from app.effects.settings import body_of
from tests.console.signed_in import PASSWORD, access, code_of, enrol, people

NOW = 1_800_000_000.0
CANARY = "json://user:canary-password@canary.example/canary-path"


@pytest.fixture(autouse=True)
def supervised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SUPERVISED_VARIABLE, "yes")


@pytest.fixture
def control(folder: Path) -> Iterator[ControlStore]:
    with ControlStore.open(sqlite_url(folder / "control.db")) as store:
        yield store


@pytest.fixture
def settings(folder: Path) -> Settings:
    return load_settings()


def press(
    settings: Settings,
    action: Action,
    *wishes: Wish,
    visitor: Visitor = LOCAL_OPERATOR,
    code: str | None = None,
    at: float = NOW,
    **body: str,
) -> Result:
    given = {**body_of(wishes), **body}
    return actions.perform(Asked(action, visitor, settings, ManualClock(at), given, code=code))


def saved(control: ControlStore) -> dict[str, str | None]:
    return {name: found.value for name, found in control.saved_settings.all().items()}


def noted(control: ControlStore, settings: Settings) -> list[tuple[str, str]]:
    entries = control.audit(settings.anchor_path).last(50)
    return [(each.decision.who, each.decision.action) for each in entries]


LOWER = Wish("max_position_wei", "10", 0)
RAISE = Wish("max_position_wei", "2000", 0)
OTHER = Wish("seed", "8", 0)


def test_a_change_is_saved_and_applied(settings: Settings, control: ControlStore) -> None:
    result = press(settings, Action.LOWER_LIMIT, LOWER)
    assert result == Result(
        True,
        "Saved and audited. The engine is started anew with it, in the same mode.",
    )
    assert saved(control) == {"MAX_POSITION_SIZE": "10"}
    asked = control.requests.latest(RequestKind.SETTINGS)
    assert asked is not None
    assert (asked.mode, asked.who, asked.is_open) == ("simulation", "operator", True)
    assert noted(control, settings) == [("operator", "settings.change")]
    # Sent twice, it is one.
    again = press(settings, Action.LOWER_LIMIT, LOWER)
    assert again == Result(True, "Nothing differs: it is saved so already.")


def test_without_a_supervisor_it_waits_for_the_next_start(
    settings: Settings, control: ControlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SUPERVISED_VARIABLE)
    result = press(settings, Action.LOWER_LIMIT, LOWER)
    assert result.words == "Saved and audited. It is in force from the next start of AINEON on."
    assert control.requests.latest(RequestKind.SETTINGS) is None
    for action in (Action.TEST_NODE, Action.TEST_NOTIFICATION):
        assert not press(settings, action).accepted


@pytest.mark.parametrize("action", [Action.LOWER_LIMIT, Action.CHANGE_SETTING])
def test_raising_takes_a_code_whatever_the_form_calls_it(
    settings: Settings, control: ControlStore, action: Action
) -> None:
    result = press(settings, action, RAISE, code="confirm")
    assert not result.accepted
    assert "This lets more through than before (Maximum position" in result.words
    assert saved(control) == {}
    assert noted(control, settings) == [("operator", "action.refuse")]


def test_raising_with_the_word_of_the_local_operator(
    settings: Settings, control: ControlStore
) -> None:
    assert not press(settings, Action.RAISE_LIMIT, RAISE).accepted
    assert not press(settings, Action.RAISE_LIMIT, RAISE, code="yes").accepted
    assert press(settings, Action.RAISE_LIMIT, RAISE, code="confirm").accepted
    assert saved(control) == {"MAX_POSITION_SIZE": "2000"}


def test_of_two_tabs_the_second_is_refused(settings: Settings, control: ControlStore) -> None:
    assert press(settings, Action.CHANGE_SETTING, OTHER).accepted
    result = press(settings, Action.CHANGE_SETTING, Wish("seed", "9", 0))
    assert not result.accepted
    assert "AINEON_SEED was changed by operator since this page was drawn" in result.words
    assert saved(control) == {"AINEON_SEED": "8"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "no setting was named"),
        ({"value.seed": "8"}, "the form does not say what it was drawn from"),
        ({"value.seed": "8", "version.seed": "-1"}, "the form does not say"),
        ({"value.mode": "live", "version.mode": "0"}, "AINEON_MODE is not changed here"),
        ({"value.private_key": "1" * 64, "version.private_key": "0"}, "PRIVATE_KEY is not changed"),
        ({"value.x'; DROP TABLE": "1", "version.x'; DROP TABLE": "0"}, "is not a setting"),
        ({"value.max_hops": "🦄" * 3000, "version.max_hops": "0"}, "MAX_HOPS is '🦄"),
    ],
)
def test_hostile_forms_are_refused_in_words(
    settings: Settings, control: ControlStore, body: dict[str, str], words: str
) -> None:
    result = press(settings, Action.RAISE_LIMIT, code="confirm", **body)
    assert not result.accepted
    assert words in result.words
    assert len(result.words) < 400
    assert saved(control) == {}


def test_nodes_and_notices_are_asked_for_once(settings: Settings, control: ControlStore) -> None:
    assert press(settings, Action.TEST_NODE).accepted
    again = press(settings, Action.TEST_NODE)
    assert again.words == "It has been asked for already, and is being seen to."
    assert press(settings, Action.TEST_NOTIFICATION).accepted
    [notice] = control.notices.waiting()
    assert (notice.kind, notice.mode) == ("test", "simulation")
    assert noted(control, settings) == [
        ("operator", "node.request"),
        ("operator", "notification.test"),
    ]


def test_targets_are_sealed_and_shown_nowhere(
    settings: Settings, control: ControlStore, folder: Path
) -> None:
    wish = Wish("notify_urls", CANARY, 0)
    result = press(settings, Action.CHANGE_NOTIFICATIONS, wish)
    assert result.accepted
    assert "canary" not in repr(result)
    assert [each.get_secret_value() for each in load_settings().notify_urls] == [CANARY]
    for name in ("control.db", "control.db-wal", "control.anchor"):
        assert b"canary" not in (folder / name).read_bytes()
    unknown = Wish("notify_urls", "nonsense://canary/x", 1)
    refused = press(settings, Action.CHANGE_NOTIFICATIONS, unknown)
    assert refused.words.startswith("target 1 nonsense is not an address that apprise knows")
    assert "canary" not in refused.words


def test_whoever_may_change_notifications_changes_nothing_else_by_it(
    settings: Settings, control: ControlStore
) -> None:
    result = press(settings, Action.CHANGE_NOTIFICATIONS, RAISE, code="confirm")
    assert not result.accepted
    assert saved(control) == {}


# --- roles, signed in ----------------------------------------------------------------------


@pytest.fixture
def signed_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Settings, dict[Role, Visitor], dict[Role, str]]:
    monkeypatch.setenv("AINEON_SIGN_IN", "always")
    settings = load_settings()
    found = people(settings, NOW)
    with access(settings, ManualClock(NOW)) as opened:
        return settings, found, {r: enrol(opened, v.name, NOW) for r, v in found.items()}


MAY = {
    Action.LOWER_LIMIT: {Role.SUPER_ADMIN, Role.ADMIN, Role.RISK_MANAGER, Role.TRADER},
    Action.RAISE_LIMIT: {Role.SUPER_ADMIN, Role.ADMIN, Role.RISK_MANAGER},
    Action.CHANGE_SETTING: {Role.SUPER_ADMIN, Role.ADMIN},
}


def test_what_a_role_may_change_is_told_by_the_change(
    signed_in: tuple[Settings, dict[Role, Visitor], dict[Role, str]], control: ControlStore
) -> None:
    settings, found, secrets = signed_in
    at = NOW
    fields = {
        Action.LOWER_LIMIT: ("max_slippage_bps", "40"),
        Action.RAISE_LIMIT: ("max_position_wei", "2000"),
        Action.CHANGE_SETTING: ("seed", "8"),
    }
    for role, visitor in found.items():
        for action, (field, text) in fields.items():
            at += 60
            wish = Wish(field, text, _version(control, field))
            code = code_of(secrets[role], at) if action is Action.RAISE_LIMIT else None
            # Under the name of an action that the role may, if any: the values decide.
            named = action if role in MAY[action] else Action.LOWER_LIMIT
            result = press(settings, named, wish, visitor=visitor, code=code, at=at)
            assert result.accepted is (role in MAY[action]), (role, action, result.words)
            if result.accepted:
                back = Wish(field, "", _version(control, field))
                at += 60
                code = code_of(secrets[Role.SUPER_ADMIN], at)
                undone = press(
                    settings,
                    Action.RAISE_LIMIT,
                    back,
                    visitor=found[Role.SUPER_ADMIN],
                    code=code,
                    at=at,
                )
                assert undone.accepted, undone.words


def _version(control: ControlStore, field: str) -> int:
    known = control.saved_settings.all().get(PARAMETERS[field].env)
    return 0 if known is None else known.version


def test_users_are_managed_by_a_super_admin(
    signed_in: tuple[Settings, dict[Role, Visitor], dict[Role, str]], control: ControlStore
) -> None:
    settings, found, secrets = signed_in
    chief = found[Role.SUPER_ADMIN]
    at = NOW

    def do(action: Action, **body: str) -> Result:
        nonlocal at
        at += 60
        code = code_of(secrets[Role.SUPER_ADMIN], at)
        return press(settings, action, visitor=chief, code=code, at=at, **body)

    added = do(Action.ADD_USER, name="dora", password=PASSWORD, role="viewer")
    assert added.words == "dora may sign in now, as viewer."
    assert do(Action.CHANGE_USER, name="dora", change="role", role="trader").accepted
    assert do(Action.CHANGE_USER, name="dora", change="password", password=PASSWORD[::-1]).accepted
    for change in ("end sessions", "disable", "enable"):
        assert do(Action.CHANGE_USER, name="dora", change=change).accepted
    assert do(Action.RESET_SECOND_FACTOR, name="dora").accepted
    assert do(Action.REMOVE_USER, name="dora").accepted
    nobody = do(Action.REMOVE_USER, name="dora")
    assert not nobody.accepted
    nonsense = do(Action.CHANGE_USER, name="trader", change="nonsense")
    assert "a change is one of role, password" in nonsense.words
    last = do(Action.CHANGE_USER, name=chief.name, change="disable")
    assert not last.accepted
    assert not do(Action.ADD_USER, name="e", password="short", role="viewer").accepted
    for role in set(Role) - {Role.SUPER_ADMIN}:
        refused = press(settings, Action.REMOVE_USER, visitor=found[role], name="trader", at=at)
        assert "that takes another role" in refused.words
    for _, action in noted(control, settings):
        assert "canary" not in action
