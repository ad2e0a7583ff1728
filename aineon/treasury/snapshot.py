"""Snapshot: a treasury as of one moment, for pages; reading it writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from aineon.primitives import Address, Book
from aineon.treasury.approvals import Approval, standing
from aineon.treasury.destinations import Destination, Purpose
from aineon.treasury.policy import Used
from aineon.treasury.rules import Rule
from aineon.treasury.states import IN_FLIGHT, UNSIGNED, WithdrawalState
from aineon.treasury.store import Reading, TreasuryView
from aineon.treasury.withdrawal import Withdrawal, WithdrawalEvent


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a page shows of a treasury.

    Attributes:
        book, at: whose money, and when it was read.
        under_way: everything admitted and not ended, oldest first.
        newest: withdrawals of any state, newest first.
        approvals: that stand, by the id of a withdrawal that waits for them.
        used: what counts against the day's limits.
        destinations, former: on the allow-list, and taken off it.
        paid: addresses that were ever paid.
        rules: in force, besides the one that the settings make.
    """

    book: Book
    at: float
    under_way: tuple[Withdrawal, ...]
    newest: tuple[Withdrawal, ...]
    approvals: Mapping[str, tuple[Approval, ...]]
    used: Used
    destinations: tuple[Destination, ...]
    former: tuple[Destination, ...]
    paid: frozenset[Address]
    rules: tuple[Rule, ...]

    @property
    def pending(self) -> tuple[Withdrawal, ...]:
        """What waits for approval, oldest first."""
        waiting = WithdrawalState.PENDING_APPROVAL
        return tuple(each for each in self.under_way if each.state is waiting)

    @property
    def unsigned(self) -> tuple[Withdrawal, ...]:
        """What is under way, and can still be taken back for certain."""
        return tuple(each for each in self.under_way if each.state in UNSIGNED)

    @property
    def safe(self) -> Destination | None:
        """Where an emergency sends everything; None where no such address is entered."""
        return next((e for e in self.destinations if e.purpose is Purpose.SAFE), None)

    def find(self, withdrawal_id: str) -> Withdrawal | None:
        """Return one of these withdrawals."""
        known = (*self.under_way, *self.newest)
        return next((each for each in known if each.id == withdrawal_id), None)

    def entry(self, address: str) -> Destination | None:
        """Return an address's entry on the allow-list; None where it is not on it."""
        return next((each for each in self.destinations if each.address == address), None)

    @property
    def fingerprint(self) -> str:
        """Changes with whatever somebody could decide about, and not with time alone."""
        content = (
            [(each.id, each.version, each.state.value, len(self.approvals.get(each.id, ())),
              each.cancel_asked_by) for each in self.under_way],
            [each.id for each in self.newest[:1]],
            [(each.address, each.share, each.added_at) for each in self.destinations],
            [each.id for each in self.rules],
        )  # fmt: skip
        return hashlib.sha256(repr(content).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class History:
    """Everything that happened to one withdrawal, oldest first."""

    withdrawal: Withdrawal
    events: tuple[WithdrawalEvent, ...]
    approvals: tuple[Approval, ...]


def look(view: TreasuryView, at: float, limit: int) -> Snapshot:
    """Return a treasury as it is now, with its `limit` newest withdrawals.

    Raises:
        LedgerError: it cannot be read.
    """
    with view.reading() as treasury:
        under_way = treasury.in_states(IN_FLIGHT)
        return Snapshot(
            view.book,
            at,
            under_way,
            treasury.newest(limit),
            _given(treasury, under_way, at),
            treasury.used(at),
            treasury.destinations(),
            treasury.former_destinations(),
            treasury.paid_destinations(),
            treasury.rules(),
        )


def history(view: TreasuryView, withdrawal_id: str) -> History:
    """Return everything that happened to a withdrawal.

    Raises:
        UnknownWithdrawal: there is none of this name.
        LedgerError: it cannot be read.
    """
    with view.reading() as treasury:
        return History(
            treasury.get(withdrawal_id),
            treasury.events(withdrawal_id),
            treasury.approvals(withdrawal_id),
        )


def _given(
    treasury: Reading, under_way: tuple[Withdrawal, ...], at: float
) -> dict[str, tuple[Approval, ...]]:
    waiting = WithdrawalState.PENDING_APPROVAL
    return {
        each.id: standing(each, treasury.approvals(each.id), at)
        for each in under_way
        if each.state is waiting
    }
