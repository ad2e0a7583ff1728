"""Journal: writes what becomes of withdrawals, into the audit first and into the book then.

The audit's entry is appended within the open transaction of the book, after all checks and
before the commit: what cannot be audited is rolled back, and what is audited and then not
committed was at least about to be done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aineon.ledger.audit import AuditTrail, JsonValue
from aineon.treasury.asking import Wish
from aineon.treasury.store import Work
from aineon.treasury.withdrawal import Withdrawal, WithdrawalEvent


class Journal:
    """Writes changes of withdrawals.

    Args:
        audit: where every decision is written down first.
    """

    def __init__(self, audit: AuditTrail) -> None:
        self._audit = audit

    def note(
        self, action: str, subject: str, detail: Mapping[str, JsonValue], who: str, at: float
    ) -> int:
        """Write a decision about something else than one withdrawal into the audit.

        Raises:
            AuditUnwritable: it must not be carried out.
        """
        return self._audit.append(who=who, action=action, subject=subject, detail=detail, at=at)

    def begin(
        self,
        work: Work,
        path: Sequence[Withdrawal],
        wish: Wish,
        action: str,
        at: float,
    ) -> Withdrawal:
        """Keep a new withdrawal that goes through the states of `path` at once.

        Raises:
            AuditUnwritable: nothing was kept.
        """
        who = wish.draft.requested_by
        number = self._append(path, action, who, at)
        work.add(path[0], wish.token, wish.fingerprint)
        work.add_event(_event(None, path[0], "state", who, number, at))
        return self._follow(work, path[0], path[1:], "state", who, number, at)

    def move(
        self,
        work: Work,
        old: Withdrawal,
        path: Sequence[Withdrawal],
        action: str,
        who: str,
        at: float,
        what: str = "state",
    ) -> Withdrawal:
        """Let a withdrawal go through the states of `path`.

        `what` says what the first step is, where it is more than another state.

        Raises:
            IllegalWithdrawalMove: a state cannot follow the one before it.
            WithdrawalMoved: it is not `old` any more.
            AuditUnwritable: nothing was kept.
        """
        number = self._append((old, *path), action, who, at)
        return self._follow(work, old, path, what, who, number, at)

    def _append(self, path: Sequence[Withdrawal], action: str, who: str, at: float) -> int:
        last = path[-1]
        detail: dict[str, JsonValue] = {
            "version": last.version,
            "digest": last.digest,
            "chain": last.chain_id,
            "asset": last.asset.address,
            "amount": str(last.amount),
            "destination": last.destination,
            "worth_wei": None if last.worth_wei is None else str(last.worth_wei),
            "origin": last.origin.value,
            "states": [each.state.value for each in path],
            "reason": last.reason,
            "transaction": last.transaction_hash,
        }
        return self.note(action, last.id, detail, who, at)

    @staticmethod
    def _follow(
        work: Work,
        old: Withdrawal,
        path: Sequence[Withdrawal],
        what: str,
        who: str,
        number: int,
        at: float,
    ) -> Withdrawal:
        for step in path:
            same = step.state is old.state
            # What it waited for, it waited for in its former state.
            new = step if same else replace(step, waits_because=None, waits_since=None)
            work.change(old, new)
            work.add_event(_event(old, new, what, who, number, at))
            old, what = new, "state"
        return old


def _event(
    old: Withdrawal | None, new: Withdrawal, what: str, who: str, audit: int, at: float
) -> WithdrawalEvent:
    return WithdrawalEvent(
        number=0,
        withdrawal_id=new.id,
        version=new.version,
        what=what,
        old=None if old is None else old.state,
        new=new.state,
        who=who,
        reason=new.reason,
        audit=audit,
        at=at,
    )
