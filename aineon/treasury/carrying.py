"""Carrying out: what a withdrawal becomes by what the cashier reports."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from aineon.errors import IllegalWithdrawalMove
from aineon.treasury.states import SIGNED_OR_LATER, WithdrawalState, check_move
from aineon.treasury.withdrawal import Withdrawal

_S = WithdrawalState
_FROM_CASHIER: Final = frozenset(
    {
        _S.SIGNED,
        _S.BROADCAST,
        _S.REPLACED,
        _S.MINED,
        _S.CONFIRMED,
        _S.FAILED,
        _S.CANCELLED,
    }
)
_MAY_REPEAT: Final = frozenset({_S.BROADCAST, _S.REPLACED, _S.MINED})


class Carried(NamedTuple):
    """What is known of the transaction; None leaves what was known before."""

    intent_id: str | None = None
    transaction_hash: str | None = None
    block_number: int | None = None
    batch_id: str | None = None
    gas_wei: int | None = None


def alone_again(old: Withdrawal, reason: str, at: float) -> Withdrawal:
    """Return what a part of a batch becomes that pays nobody: signed anew, by its own intent.

    Raises:
        IllegalWithdrawalMove: it is in no batch, or has ended.
    """
    if old.batch_id is None or old.state not in SIGNED_OR_LATER:
        raise IllegalWithdrawalMove(
            f"withdrawal {old.id} is {old.state} and "
            f"{'in no batch' if old.batch_id is None else 'over'}, so it cannot leave one"
        )
    return replace(
        old,
        state=_S.SIGNED,
        reason=reason,
        changed_at=at,
        batch_id=None,
        intent_id=old.own_intent_id,
        transaction_hash=None,
        block_number=None,
    )


def carried(
    old: Withdrawal, state: WithdrawalState, reason: str, at: float, facts: Carried
) -> Withdrawal:
    """Return what a withdrawal becomes.

    The same state again brings other facts: another version's hash, another block.

    Raises:
        IllegalWithdrawalMove: the state cannot follow, or is not one of carrying out.
    """
    if state not in _FROM_CASHIER:
        raise IllegalWithdrawalMove(
            f"withdrawal {old.id} cannot become {state} by being carried out"
        )
    if state is _S.SIGNED and old.state in SIGNED_OR_LATER:
        raise IllegalWithdrawalMove(
            f"withdrawal {old.id} is {old.state}; it is handed over to be signed once, and anew "
            "only when its batch is taken apart"
        )
    if state is _S.CANCELLED and old.state not in SIGNED_OR_LATER:
        raise IllegalWithdrawalMove(
            f"withdrawal {old.id} is {old.state}; people cancel it at the desk until it is signed"
        )
    if state is not old.state or state not in _MAY_REPEAT:
        check_move(old.id, old.state, state)
    known = {name: value for name, value in facts._asdict().items() if value is not None}
    if state is _S.SIGNED:
        known.setdefault("intent_id", old.own_intent_id)
    new = replace(old, state=state, reason=reason, changed_at=at, expires_at=None, **known)
    if state is _S.BROADCAST:
        # A reorganisation took its block away, where it had one.
        new = replace(new, block_number=None)
    return new
