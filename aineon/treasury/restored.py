"""Restored: what a book from a backup may not do, because it cannot know what was done since.

What it holds as open may have been paid after it was made: by a key whose nonces its outbox does
not know, or at nonces that an operator answers for later. So nothing that it has not signed is
ever paid, what it has signed is taken back where the chain still lets us, and no time of a
schedule is made up for. Rules that look at a balance need nothing: the chain tells them what is
there now.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from aineon.ledger.audit import AuditTrail
from aineon.treasury.dispatch import end
from aineon.treasury.journal import Journal
from aineon.treasury.states import IN_FLIGHT, UNSIGNED, WithdrawalState
from aineon.treasury.store import TreasuryStore, Work
from aineon.treasury.withdrawal import Withdrawal

RESTORED: Final = "a backup was restored; ask again"
_OPEN: Final = IN_FLIGHT | UNSIGNED


def begin_anew(
    store: TreasuryStore, audit: AuditTrail, *, who: str, at: float
) -> tuple[Withdrawal, ...]:
    """Take back all that a restored book would still pay; returns what it became.

    What was never signed is cancelled. Of what was signed, the chain decides: it is marked, so that
    it is followed to its end, cancelled at its own nonce, and never signed anew.

    Raises:
        AuditUnwritable, LedgerError: nothing was changed.
    """
    journal = Journal(audit)
    with store.writing() as work:
        for rule in work.rules():
            if rule.schedule is not None:
                detail = {"rule": str(rule), "reason": RESTORED}
                journal.note("rule.restore", rule.id, detail, who, at)
                work.change_rule(rule.id, {"last_slot": at})
        left = [each for each in work.in_states(_OPEN) if each.cancel_asked_by is None]
        return tuple(_taken_back(journal, work, each, who, at) for each in left)


def could_be_paid_again(store: TreasuryStore, chain_id: int) -> tuple[Withdrawal, ...]:
    """Return what is signed anew, or for the first time, as soon as the outbox may sign again.

    That is all that is not ended, but for what is in a block, and what is to be cancelled.
    """
    return tuple(
        each
        for each in store.in_states(_OPEN - {WithdrawalState.MINED})
        if each.chain_id == chain_id and each.cancel_asked_by is None
    )


def _taken_back(journal: Journal, work: Work, old: Withdrawal, who: str, at: float) -> Withdrawal:
    if old.state in UNSIGNED or not work.was_signed(old.intent_id or old.own_intent_id):
        cancelled = WithdrawalState.CANCELLED
        return end(journal, work, old, cancelled, RESTORED, "withdrawal.restore", who, at)
    asked = replace(old, cancel_asked_by=who, reason=RESTORED, changed_at=at)
    return journal.move(work, old, (asked,), "withdrawal.restore", who, at, "cancel asked")
