"""Which role may do what: one table, and nothing else decides.

Every button, command and request names its `Action`; what is not in the table is not allowed to
anybody. The engine checks again what concerns it: these rules are about people, its own are about
money.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from aineon.access.roles import Role


class Action(StrEnum):
    """Everything that a person can ask of AINEON."""

    VIEW = "view"
    EXPORT = "export"
    SIMULATE = "simulate"
    REHEARSE = "rehearse"
    GO_LIVE = "go live"
    STOP = "stop"
    CLEAR_STOP = "clear the stop"
    RESET_BREAKER = "reset the breaker"
    REVIEW_WITHDRAWAL = "review a withdrawal"
    REQUEST_WITHDRAWAL = "request a withdrawal"
    APPROVE_WITHDRAWAL = "approve a withdrawal"
    REJECT_WITHDRAWAL = "reject a withdrawal"
    CANCEL_WITHDRAWAL = "cancel a withdrawal"
    SWEEP = "sweep everything out"
    ADD_DESTINATION = "add a destination"
    REMOVE_DESTINATION = "remove a destination"
    CHANGE_SHARE = "change a destination's share"
    ADD_RULE = "add a withdrawal rule"
    REMOVE_RULE = "remove a withdrawal rule"
    CHANGE_SETTING = "change a setting"
    RAISE_LIMIT = "raise a limit"
    LOWER_LIMIT = "lower a limit"
    CHANGE_NOTIFICATIONS = "change notifications"
    TEST_NOTIFICATION = "test a notification"
    TEST_NODE = "test a node"
    ADD_USER = "add a user"
    CHANGE_USER = "change a user"
    REMOVE_USER = "remove a user"
    RESET_SECOND_FACTOR = "reset a second factor"
    CHANGE_OWN_PASSWORD = "change one's own password"  # noqa: S105 - it is what is done
    ENROL_SECOND_FACTOR = "set up one's own second factor"
    END_OWN_SESSIONS = "end one's own sessions"
    ROLL_BACK_MODEL = "roll back the model"


_EVERYBODY: Final = frozenset(Role)
_SUPER_ADMIN: Final = frozenset({Role.SUPER_ADMIN})
_ADMINS: Final = _SUPER_ADMIN | {Role.ADMIN}
_TRADING: Final = _ADMINS | {Role.TRADER}
_GUARDING: Final = _ADMINS | {Role.RISK_MANAGER}
_ACTING: Final = _TRADING | _GUARDING

RULES: Final[Mapping[Action, frozenset[Role]]] = MappingProxyType(
    {
        Action.VIEW: _EVERYBODY,
        Action.EXPORT: _EVERYBODY,
        Action.SIMULATE: _TRADING,
        Action.REHEARSE: _TRADING,
        Action.GO_LIVE: _ADMINS,
        # Who acts at all may stop: that costs chances, and not stopping can cost everything.
        Action.STOP: _ACTING,
        Action.CLEAR_STOP: _GUARDING,
        Action.RESET_BREAKER: _GUARDING,
        # Who trades asks, who guards approves; an admin may do either, though never both of one
        # withdrawal: the treasury sees to that.
        Action.REVIEW_WITHDRAWAL: _TRADING,
        Action.REQUEST_WITHDRAWAL: _TRADING,
        Action.APPROVE_WITHDRAWAL: _GUARDING,
        Action.REJECT_WITHDRAWAL: _GUARDING,
        Action.CANCEL_WITHDRAWAL: _ACTING,
        Action.SWEEP: _GUARDING,
        # Whoever widens where money may go is an admin; narrowing it is the guardians' as well.
        Action.ADD_DESTINATION: _ADMINS,
        Action.CHANGE_SHARE: _ADMINS,
        Action.REMOVE_DESTINATION: _GUARDING,
        Action.ADD_RULE: _ADMINS,
        Action.REMOVE_RULE: _GUARDING,
        Action.CHANGE_SETTING: _ADMINS,
        Action.RAISE_LIMIT: _GUARDING,
        Action.LOWER_LIMIT: _ACTING,
        Action.CHANGE_NOTIFICATIONS: _ADMINS,
        Action.TEST_NOTIFICATION: _ADMINS,
        Action.TEST_NODE: _ADMINS,
        Action.ADD_USER: _SUPER_ADMIN,
        Action.CHANGE_USER: _SUPER_ADMIN,
        Action.REMOVE_USER: _SUPER_ADMIN,
        Action.RESET_SECOND_FACTOR: _SUPER_ADMIN,
        Action.CHANGE_OWN_PASSWORD: _EVERYBODY,
        Action.ENROL_SECOND_FACTOR: _EVERYBODY,
        Action.END_OWN_SESSIONS: _EVERYBODY,
        Action.ROLL_BACK_MODEL: _ADMINS,
    }
)
"""The roles that may do an action."""

NEEDS_CODE: Final[frozenset[Action]] = frozenset(
    {
        Action.GO_LIVE,
        Action.CLEAR_STOP,
        Action.RESET_BREAKER,
        Action.REQUEST_WITHDRAWAL,
        Action.APPROVE_WITHDRAWAL,
        Action.SWEEP,
        Action.ADD_DESTINATION,
        Action.CHANGE_SHARE,
        Action.ADD_RULE,
        Action.RAISE_LIMIT,
        Action.ADD_USER,
        Action.CHANGE_USER,
        Action.REMOVE_USER,
        Action.RESET_SECOND_FACTOR,
    }
)
"""What a session alone is not enough for: a fresh one-time code is asked for as well."""


def may(role: Role, action: Action) -> bool:
    """Whether a user of this role may do this; what no rule names, nobody may."""
    return role in RULES.get(action, frozenset())
