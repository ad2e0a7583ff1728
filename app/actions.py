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
    "FORMS",
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
Look = Callable[[Asked], Result | None]

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


FORMS: Final[Mapping[Action, Look]] = {
    Action.GO_LIVE: mode.look_at_word,
    Action.CLEAR_STOP: stop.look_at_stop,
    Action.RESET_BREAKER: stop.look_at_breaker,
    Action.REQUEST_WITHDRAWAL: withdrawals.look_at_request,
    Action.APPROVE_WITHDRAWAL: withdrawals.look_at_approval,
    Action.SWEEP: withdrawals.look_at_sweep,
    Action.ADD_DESTINATION: withdrawals.look_at_destination,
    Action.CHANGE_SHARE: withdrawals.look_at_share,
    Action.ADD_RULE: withdrawals.look_at_rule,
    Action.RAISE_LIMIT: settings.look_at_change,
    Action.ADD_USER: users.look_at_new,
    Action.CHANGE_USER: users.look_at_change,
    Action.REMOVE_USER: users.look_at_removal,
    Action.RESET_SECOND_FACTOR: users.look_at_name,
}
"""What is looked at before the one-time code: a slip in a form must not use one up.

Each returns why the form cannot be carried out, or None. Its effect looks at everything again.
"""


def may(visitor: Visitor, action: Action) -> bool:
    """Whether `visitor` is allowed to do `action`."""
    return visitor.role is not None and permissions.may(visitor.role, action)


def perform(asked: Asked) -> Result:
    """Do what is asked in the name of whoever asks, and say what came of it.

    Whether they are still signed in and may do it, whether the form can be carried out, and
    whether they gave a code that holds is looked at now, and in this order.
    """
    try:
        asked = replace(asked, visitor=_visitor_of(asked))
        words = _why_not(asked)
        if words:
            return refused(asked, words)
        if asked.action in FORMS and (slip := FORMS[asked.action](asked)):
            return slip
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
