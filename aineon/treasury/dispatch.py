"""Dispatch: the side of the treasury that carries withdrawals out, or lets them expire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from aineon.errors import IllegalWithdrawalMove, WithdrawalMoved
from aineon.primitives import Token
from aineon.treasury.admission import check_signable
from aineon.treasury.carrying import Carried, alone_again, carried
from aineon.treasury.destinations import Purpose, require_payable
from aineon.treasury.house import House
from aineon.treasury.journal import Journal
from aineon.treasury.states import (
    IN_FLIGHT,
    SIGNED_OR_LATER,
    UNSIGNED,
    WithdrawalState,
    check_move,
)
from aineon.treasury.store import Reading, TreasuryStore, Work
from aineon.treasury.withdrawal import CASHIER, ENGINE, Origin, Withdrawal

_OPEN: Final = IN_FLIGHT | UNSIGNED


class Dispatch:
    """What the cashier works through; each method is one transaction of the book."""

    def __init__(self, store: TreasuryStore, house: House, journal: Journal) -> None:
        self._store = store
        self._house = house
        self._journal = journal

    @property
    def journal(self) -> Journal:
        """Where what is done with the money is written down before it is done."""
        return self._journal

    def due(self, now: float) -> tuple[Withdrawal, ...]:
        """Return what has cooled and may be signed now, oldest first."""
        return self._here(self._store.due(now))

    def out(self) -> tuple[Withdrawal, ...]:
        """Return what may be out and is not ended, oldest first: what the chain is asked about."""
        return self._here(self._store.in_states(SIGNED_OR_LATER))

    def to_cancel(self) -> tuple[Withdrawal, ...]:
        """Return what is out and somebody wants cancelled: its nonce is to be spent on nothing."""
        may_be_cancelled = SIGNED_OR_LATER - {WithdrawalState.MINED}
        found = self._here(self._store.in_states(may_be_cancelled))
        return tuple(each for each in found if each.cancel_asked_by is not None)

    def advance(
        self,
        withdrawal: Withdrawal,
        state: WithdrawalState,
        reason: str,
        at: float,
        *,
        who: str = CASHIER,
        intent_id: str | None = None,
        transaction_hash: str | None = None,
        block_number: int | None = None,
        gas_wei: int | None = None,
    ) -> Withdrawal:
        """Keep how far the carrying out of `withdrawal`, as the caller knows it, has come.

        SIGNED is kept before anything is signed: whatever crashes afterwards, the same intent is
        sent again, and that pays once. Everything is checked once more before it. Facts that are
        None stay as they were.

        Raises:
            WithdrawalMoved: it is not what the caller knows, has not cooled, or has expired.
            IllegalWithdrawalMove: the state cannot follow, or is not one of carrying out.
            DestinationRefused, ApprovalRefused, WithdrawalRefused: it may not be signed any more.
            AuditUnwritable, LedgerError: nothing was changed.
        """
        facts = Carried(intent_id, transaction_hash, block_number, gas_wei=gas_wei)
        with self._store.writing() as work:
            new = carried(withdrawal, state, reason, at, facts)
            if state is WithdrawalState.SIGNED:
                self._check_signable(work, withdrawal, at)
            action = f"withdrawal.{state.value}"
            return self._journal.move(work, withdrawal, (new,), action, who, at)

    def sign_together(
        self, members: Sequence[Withdrawal], batch_id: str, at: float
    ) -> tuple[Withdrawal, ...]:
        """Keep that several withdrawals are handed over to be signed as one transaction.

        All of them or none: whatever crashes afterwards finds the whole batch again. Its name is
        the outbox's name for what pays it.

        Raises:
            As `advance` to SIGNED, where any of them may not be signed now.
        """
        facts = Carried(intent_id=batch_id, batch_id=batch_id)
        words = f"handed over to be signed, together with {len(members) - 1} others"
        signed = []
        with self._store.writing() as work:
            for old in members:
                new = carried(old, WithdrawalState.SIGNED, words, at, facts)
                # Each is counted as leaving before the next one is looked at.
                self._check_signable(work, old, at)
                moved = self._journal.move(work, old, (new,), "withdrawal.signed", CASHIER, at)
                signed.append(moved)
        return tuple(signed)

    def take_apart(self, batch_id: str, words: str, at: float) -> tuple[Withdrawal, ...]:
        """Have each part of a batch paid alone that has not ended, all of them at once.

        Only for whoever knows that nothing of the batch pays anybody, and that nothing of it is
        signed any more.

        Raises:
            AuditUnwritable, LedgerError: nothing was changed.
        """
        with self._store.writing() as work:
            left = [each for each in work.batch(batch_id) if each.state in SIGNED_OR_LATER]
            return tuple(
                self._journal.move(
                    work, old, (alone_again(old, words, at),), "withdrawal.leave_batch", CASHIER, at
                )
                for old in left
            )

    def batch(self, batch_id: str) -> tuple[Withdrawal, ...]:
        """Return all parts of a batch, ended or not, in the order of their names."""
        with self._store.reading() as treasury:
            return treasury.batch(batch_id)

    def promised(self, head: int) -> Mapping[Token, int]:
        """Return how much of what is there at block `head` is to be withdrawn, in smallest units.

        That is all that is admitted and not ended, but for what the balance tells already.
        """
        total: dict[Token, int] = {}
        for each in self._here(self._store.in_states(IN_FLIGHT)):
            if not each.is_mined_by(head):
                total[each.asset] = total.get(each.asset, 0) + each.amount
        return total

    def note_waiting(self, waiting: Mapping[str, str], at: float) -> None:
        """Keep why withdrawals wait that could be carried out; of all others, that they do not.

        No decision and no change of theirs: it is neither audited nor an event.
        """
        with self._store.writing() as work:
            for each in work.in_states(SIGNED_OR_LATER | {WithdrawalState.COOLING}):
                why = waiting.get(each.id)
                if why != each.waits_because:
                    since = None if why is None else each.waits_since or at
                    work.note_waiting(each.id, why, since)

    def require_payable(self, withdrawal: Withdrawal, at: float) -> None:
        """Check once more that a withdrawal of which nothing can be mined may still be sent.

        Raises:
            DestinationRefused, IllegalWithdrawalMove: its destination may not be paid any more.
            LedgerError: the book cannot be read.
        """
        with self._store.reading() as treasury:
            require_destination(treasury, withdrawal, at)

    def expire(self, now: float) -> tuple[Withdrawal, ...]:
        """Let expire what nobody approved or signed in time."""
        with self._store.writing() as work:
            late = [
                each
                for each in work.in_states(UNSIGNED)
                if each.expires_at is not None and now >= each.expires_at
            ]
            state, words = WithdrawalState.EXPIRED, "nobody approved or signed it in time"
            return tuple(
                end(self._journal, work, old, state, words, "withdrawal.expire", ENGINE, now)
                for old in late
            )

    def end_chains(self, has_ended: Callable[[int], bool], now: float) -> tuple[Withdrawal, ...]:
        """End what was asked for on chains that are no more, as rehearsals leave them."""
        with self._store.writing() as work:
            left = [each for each in work.in_states(_OPEN) if has_ended(each.chain_id)]
            words = "its chain has ended, and everything on it"
            return tuple(
                end(self._journal, work, old, _left(old), words, "withdrawal.end", ENGINE, now)
                for old in left
            )

    def _here(self, found: tuple[Withdrawal, ...]) -> tuple[Withdrawal, ...]:
        """Leave out what is for another chain: a book may have served several."""
        return tuple(each for each in found if each.chain_id == self._house.chain_id)

    def _check_signable(self, work: Work, known: Withdrawal, at: float) -> None:
        # Not what the caller holds: a value may be made up.
        stored = work.get(known.id)
        check_move(stored.id, stored.state, WithdrawalState.SIGNED)
        if stored.chain_id != self._house.chain_id:
            raise WithdrawalMoved(
                f"withdrawal {stored.id} was approved for chain {stored.chain_id}, and this is "
                f"chain {self._house.chain_id}"
            )
        require_destination(work, stored, at)
        leaving = work.leaving(at, without=stored.id)
        check_signable(self._house.policy, stored, work.approvals(stored.id), leaving, at)


def require_destination(treasury: Reading, withdrawal: Withdrawal, at: float) -> None:
    """Check that a withdrawal's destination may be paid now.

    Raises:
        DestinationRefused: it is not on the allow-list, or its entry is too young.
        IllegalWithdrawalMove: a sweep goes to what is not the safe address any more.
    """
    address = withdrawal.destination
    entry = require_payable(address, treasury.destination(address), at)
    if withdrawal.origin is Origin.EMERGENCY and entry.purpose is not Purpose.SAFE:
        raise IllegalWithdrawalMove(
            f"withdrawal {withdrawal.id} is a part of a sweep, and {address} is not the safe "
            "address any more"
        )


def end(
    journal: Journal,
    work: Work,
    old: Withdrawal,
    state: WithdrawalState,
    words: str,
    action: str,
    who: str,
    at: float,
) -> Withdrawal:
    """End a withdrawal of which nothing can be paid any more."""
    ended = replace(old, state=state, reason=words, changed_at=at, expires_at=None)
    return journal.move(work, old, (ended,), action, who, at)


def _left(old: Withdrawal) -> WithdrawalState:
    """Return the state in which a withdrawal ends whose chain is no more."""
    if old.state in UNSIGNED:
        return WithdrawalState.EXPIRED
    mined = old.state is WithdrawalState.MINED
    return WithdrawalState.FAILED if mined else WithdrawalState.CANCELLED
