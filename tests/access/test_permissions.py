"""One table says who may do what; here it stands a second time, read the other way round."""

from __future__ import annotations

import pytest

from aineon.access.permissions import NEEDS_CODE, RULES, Action, may
from aineon.access.roles import Role
from aineon.errors import UnknownRole

A = Action
OWN = {A.VIEW, A.EXPORT, A.CHANGE_OWN_PASSWORD, A.ENROL_SECOND_FACTOR, A.END_OWN_SESSIONS}
TRADER = OWN | {
    A.SIMULATE,
    A.REHEARSE,
    A.STOP,
    A.REVIEW_WITHDRAWAL,
    A.REQUEST_WITHDRAWAL,
    A.CANCEL_WITHDRAWAL,
    A.LOWER_LIMIT,
}
RISK_MANAGER = OWN | {
    A.STOP,
    A.CLEAR_STOP,
    A.RESET_BREAKER,
    A.APPROVE_WITHDRAWAL,
    A.REJECT_WITHDRAWAL,
    A.CANCEL_WITHDRAWAL,
    A.SWEEP,
    A.REMOVE_DESTINATION,
    A.REMOVE_RULE,
    A.RAISE_LIMIT,
    A.LOWER_LIMIT,
}
USERS = {A.ADD_USER, A.CHANGE_USER, A.REMOVE_USER, A.RESET_SECOND_FACTOR}
ALLOWED = {
    Role.SUPER_ADMIN: set(Action),
    Role.ADMIN: set(Action) - USERS,
    Role.TRADER: TRADER,
    Role.RISK_MANAGER: RISK_MANAGER,
    Role.VIEWER: OWN,
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_every_role_and_action(role: Role, action: Action) -> None:
    assert may(role, action) is (action in ALLOWED[role])


def test_every_action_has_a_rule_and_no_rule_is_without_one() -> None:
    assert set(RULES) == set(Action)
    assert all(RULES.values())


def test_what_no_rule_names_nobody_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aineon.access.permissions.RULES", {})
    assert not any(may(role, action) for role in Role for action in Action)


def test_nobody_may_change_the_table() -> None:
    with pytest.raises(TypeError):
        RULES[A.GO_LIVE] = frozenset(Role)  # type: ignore[index]


def test_whatever_lets_money_or_people_through_takes_a_code() -> None:
    assert {
        A.GO_LIVE,
        A.CLEAR_STOP,
        A.RESET_BREAKER,
        A.REQUEST_WITHDRAWAL,
        A.APPROVE_WITHDRAWAL,
        A.SWEEP,
        A.ADD_DESTINATION,
        A.CHANGE_SHARE,
        A.ADD_RULE,
        A.RAISE_LIMIT,
        *USERS,
    } == NEEDS_CODE
    # A stop waits for nothing.
    assert A.STOP not in NEEDS_CODE


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("admin", Role.ADMIN),
        ("Super Admin", Role.SUPER_ADMIN),
        ("super-admin", Role.SUPER_ADMIN),
        ("RISK_MANAGER", Role.RISK_MANAGER),
        (" viewer ", Role.VIEWER),
    ],
)
def test_a_role_is_read(text: str, role: Role) -> None:
    assert Role.parse(text) is role


@pytest.mark.parametrize("text", ["", "root", "superadmin", "admin admin"])
def test_what_is_no_role(text: str) -> None:
    with pytest.raises(UnknownRole, match="is none of: super admin, admin"):
        Role.parse(text)
