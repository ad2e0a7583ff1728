"""What buttons do, and who may press them; nothing here needs Streamlit.

The console carries nothing out itself: an action leaves a request or a command for the process
that does. Whoever asks is checked here, at every press and whatever the page showed: pages hide
what a visitor may not do, and that is courtesy alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from aineon.access import permissions
from aineon.access.permissions import NEEDS_CODE, RULES, Action
from aineon.access.roles import Role
from aineon.errors import AineonError, LedgerError
from app.asking import LOCAL_OPERATOR, NOBODY, Asked, Result, Visitor
from app.codes import confirmed, typed_word
from app.effects import (
    mode,
    notifications,
    optimizer,
    own,
    settings,
    stop,
    users,
    withdrawals,
)
from app.effects.auditing import refused
from app.effects.mode import is_supervised
from app.visitors import as_of_now, visitor_of_now

__all__ = [
    "EFFECTS",
    "LOCAL_OPERATOR",
    "NEEDS_CODE",
    "NOBODY",
    "RULES",
    "Action",
    "Asked",
    "Result",
    "Role",
    "Visitor",
    "is_supervised",
    "may",
    "perform",
    "typed_word",
    "visitor_of_now",
]

Effect = Callable[[Asked], Result]

EFFECTS: Final[Mapping[Action, Effect]] = {
    Action.SIMULATE: mode.simulate,
    Action.REHEARSE: mode.rehearse,
    Action.GO_LIVE: mode.go_live,
    Action.STOP: stop.set_stop,
    Action.CLEAR_STOP: stop.clear_stop,
    Action.RESET_BREAKER: stop.reset_breaker,
    Action.CHANGE_SETTING: settings.change,
    Action.RAISE_LIMIT: settings.change,
    Action.LOWER_LIMIT: settings.change,
    Action.TEST_NODE: settings.look_at_nodes,
    Action.CHANGE_NOTIFICATIONS: notifications.change,
    Action.TEST_NOTIFICATION: notifications.test,
    Action.ADD_USER: users.add,
    Action.CHANGE_USER: users.change,
    Action.REMOVE_USER: users.remove,
    Action.RESET_SECOND_FACTOR: users.reset_second_factor,
    Action.CHANGE_OWN_PASSWORD: own.change_password,
    Action.ENROL_SECOND_FACTOR: own.enrol,
    Action.END_OWN_SESSIONS: own.end_sessions,
    Action.ROLL_BACK_MODEL: optimizer.roll_back,
    Action.REVIEW_WITHDRAWAL: withdrawals.review,
    Action.REQUEST_WITHDRAWAL: withdrawals.request,
    Action.APPROVE_WITHDRAWAL: withdrawals.approve,
    Action.REJECT_WITHDRAWAL: withdrawals.reject,
    Action.CANCEL_WITHDRAWAL: withdrawals.cancel,
    Action.SWEEP: withdrawals.sweep,
    Action.ADD_DESTINATION: withdrawals.add_destination,
    Action.REMOVE_DESTINATION: withdrawals.remove_destination,
    Action.CHANGE_SHARE: withdrawals.change_share,
    Action.ADD_RULE: withdrawals.add_rule,
    Action.REMOVE_RULE: withdrawals.remove_rule,
}
"""What each action does. An action that is not in here does nothing for anybody."""


def may(visitor: Visitor, action: Action) -> bool:
    """Whether `visitor` is allowed to do `action`."""
    return visitor.role is not None and permissions.may(visitor.role, action)


def perform(asked: Asked) -> Result:
    """Do what is asked in the name of whoever asks, and say what came of it.

    Whether they are still signed in, may do it, and gave a code that holds is looked at now.
    """
    try:
        asked = replace(asked, visitor=_visitor_of(asked))
        words = _why_not(asked)
        if words:
            return refused(asked, words)
        asked, words = confirmed(asked)
        return Result(False, words) if words else EFFECTS[asked.action](asked)
    except AineonError as error:
        return Result(False, f"This could not be asked for: {error}.")


def _visitor_of(asked: Asked) -> Visitor:
    try:
        return as_of_now(asked.visitor, asked.settings, asked.clock)
    except LedgerError:
        # Whoever was let in may stop, even where nothing can be looked up any more.
        if asked.action is Action.STOP:
            return asked.visitor
        raise


def _why_not(asked: Asked) -> str:
    visitor, action = asked.visitor, asked.action
    if visitor.role is None:
        return "Your session has ended, so nothing was done. Sign in again."
    if not may(visitor, action):
        return f"{visitor.name} may not {action}: that takes another role."
    if action not in EFFECTS:
        return f"Nobody can {action} at this console."
    return ""
