"""Desk: everything that people, rules and the cashier do with withdrawals goes through here.

Each method is one transaction of the book: it checks, writes the audit, changes, and returns the
new value; where it raises, nothing was changed.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from aineon.errors import IllegalWithdrawalMove, TreasuryError
from aineon.ledger.audit import AuditTrail
from aineon.primitives import Address
from aineon.treasury.addresses import parse_destination
from aineon.treasury.admission import accept, admit
from aineon.treasury.allow_list import AllowList
from aineon.treasury.approvals import (
    Approval,
    SecondFactor,
    TypedDigest,
    check_approver,
    standing,
)
from aineon.treasury.asking import Foreseen, Wish, known_wish, new_wish
from aineon.treasury.confirming import require_second_factor
from aineon.treasury.destinations import Destination, Purpose
from aineon.treasury.dispatch import Dispatch, end, require_destination
from aineon.treasury.house import House, sweep_digest
from aineon.treasury.journal import Journal
from aineon.treasury.policy import Approvers, require_worth
from aineon.treasury.rule_book import RuleBook
from aineon.treasury.rules import Holdings, Rule
from aineon.treasury.states import UNSIGNED, WithdrawalState, check_move
from aineon.treasury.store import Reading, TreasuryStore, Work
from aineon.treasury.sweeping import sweep
from aineon.treasury.withdrawal import (
    Origin,
    Payment,
    Withdrawal,
    check_name,
    check_reason,
    require_time,
    require_unsigned,
)

_S = WithdrawalState


class Desk:
    """The treasury's front desk.

    Args:
        store: of the book.
        house: the rules, and what the treasury must know of the world.
        audit: where every decision is written first.
        factor: what a single operator gives in place of a second person's approval.
    """

    def __init__(
        self,
        store: TreasuryStore,
        house: House,
        audit: AuditTrail,
        factor: SecondFactor | None = None,
    ) -> None:
        self._store = store
        self._house = house
        self._journal = Journal(audit)
        self._factor = factor or TypedDigest()
        self._list = AllowList(store, house, self._journal)
        self._rules = RuleBook(store, house, self._journal)
        self._dispatch = Dispatch(store, house, self._journal)

    @property
    def store(self) -> TreasuryStore:
        """Where the treasury is kept."""
        return self._store

    @property
    def dispatch(self) -> Dispatch:
        """The side that carries out."""
        return self._dispatch

    @property
    def house(self) -> House:
        """The rules, and what is known of the world."""
        return self._house

    # --- asking ----------------------------------------------------------------------------

    def request(
        self,
        payment: Payment,
        *,
        who: str,
        at: float,
        token: str | None = None,
    ) -> Withdrawal:
        """Ask for a withdrawal, and have it admitted under the limits.

        `token` names the wish: the same one again returns the same withdrawal.

        Raises:
            InvalidWithdrawal: the asset is none of ours, or the token was used for another wish.
            DestinationRefused: the destination may not be paid, or not yet.
            WithdrawalRefused: a limit forbids it, or its worth is unknown.
            AuditUnwritable, LedgerError: nothing was kept.
        """
        wish = self._wish(payment, who, at, token)
        with self._store.writing() as work:
            return self._ask(work, wish, "withdrawal.request", at)

    def foresee(self, payment: Payment, *, who: str, at: float) -> Foreseen:
        """Return what a request would come to now; nothing is kept.

        Raises:
            InvalidWithdrawal: the asset is none of ours.
            LedgerError: the book cannot be read.
        """
        draft = self._wish(payment, who, at, None).draft
        with self._store.reading() as treasury:
            used = treasury.used(at)
            try:
                return Foreseen(self._admitted(treasury, draft, at)[-1], "", used)
            except TreasuryError as error:
                worth = self._house.worth_of(payment.asset, payment.amount)
                return Foreseen(replace(draft, worth_wei=worth), str(error), used)

    def draft(
        self, payment: Payment, *, who: str, at: float, token: str | None = None
    ) -> Withdrawal:
        """Write a withdrawal down without asking for it; it counts towards no limit.

        Raises:
            InvalidWithdrawal, AuditUnwritable, LedgerError: as `request`.
        """
        wish = self._wish(payment, who, at, token)
        with self._store.writing() as work:
            known = known_wish(work, wish)
            return known or self._journal.begin(work, (wish.draft,), wish, "withdrawal.draft", at)

    def submit(self, withdrawal_id: str, *, who: str, at: float) -> Withdrawal:
        """Ask for what was written down.

        Raises:
            As `request`; UnknownWithdrawal, IllegalWithdrawalMove: it is no draft.
        """
        check_name(who)
        with self._store.writing() as work:
            draft = work.get(withdrawal_id)
            if draft.state is not _S.DRAFT:
                raise IllegalWithdrawalMove(f"withdrawal {draft.id} is {draft.state}, and no draft")
            path = self._admitted(work, draft, at)
            return self._journal.move(work, draft, path, "withdrawal.request", who, at)

    def edit(self, withdrawal_id: str, payment: Payment, *, who: str, at: float) -> Withdrawal:
        """Change what leaves for where, while it is unsigned: a new version.

        All approvals are void, and the limits are checked anew.

        Raises:
            As `request`; UnknownWithdrawal, IllegalWithdrawalMove: it cannot be edited any more,
            or is a part of a sweep.
        """
        check_name(who)
        self._house.require_asset(payment.asset)
        with self._store.writing() as work:
            old = work.get(withdrawal_id)
            require_unsigned(old, "edited")
            if old.origin is Origin.EMERGENCY:
                raise IllegalWithdrawalMove(
                    f"withdrawal {old.id} is a part of a sweep to the safe address; it can be "
                    "cancelled, and not edited"
                )
            edited = replace(
                old, payment=payment, version=old.version + 1, edited_by=who, changed_at=at
            )
            path = (edited,) if old.state is _S.DRAFT else self._admitted(work, edited, at)
            work.void_approvals(old.id, at)
            return self._journal.move(work, old, path, "withdrawal.edit", who, at, "edit")

    # --- deciding --------------------------------------------------------------------------

    def approve(
        self, withdrawal_id: str, digest: str, *, who: str, at: float, proof: str = ""
    ) -> Withdrawal:
        """Give one's word for exactly what `digest` stands for.

        `proof` is what the second factor asks for, where there is a single operator.

        Raises:
            ApprovalRefused: it was edited since, is one's own, was approved by the same person,
                or the second factor is missing.
            UnknownWithdrawal, IllegalWithdrawalMove: nothing waits for approval.
            AuditUnwritable, LedgerError: nothing was kept.
        """
        check_name(who)
        policy = self._house.policy
        with self._store.writing() as work:
            old = work.get(withdrawal_id)
            check_move(old.id, old.state, _S.APPROVED)
            require_time(old, at)
            given = standing(old, work.approvals(old.id), at)
            check_approver(old, digest, who, policy.approvers, given)
            alone = policy.approvers is Approvers.SINGLE
            if alone:
                require_second_factor(self._factor, who, old.digest, proof)
            word = Approval(
                old.id, old.version, old.digest, who, alone, at, at + policy.approval_seconds
            )
            path = accept(policy, old, (*given, word), at)
            work.add_approval(word)
            waits = replace(old, changed_at=at)
            return self._journal.move(
                work, old, path or (waits,), "withdrawal.approve", who, at, "approval"
            )

    def reject(self, withdrawal_id: str, *, who: str, at: float, reason: str = "") -> Withdrawal:
        """Refuse a withdrawal that is not signed, for good.

        Raises:
            UnknownWithdrawal, IllegalWithdrawalMove, AuditUnwritable, LedgerError.
        """
        words = f"rejected by {check_name(who)}: {check_reason(reason) or 'no reason given'}"
        with self._store.writing() as work:
            old = work.get(withdrawal_id)
            return end(self._journal, work, old, _S.REJECTED, words, "withdrawal.reject", who, at)

    def cancel(self, withdrawal_id: str, *, who: str, at: float, reason: str = "") -> Withdrawal:
        """Take a withdrawal back; of one that is signed this can only be tried.

        What is signed may be mined whatever we do. It stays as it is and is marked, and the
        cashier tries to spend its nonce on nothing; the chain decides.

        Raises:
            UnknownWithdrawal, IllegalWithdrawalMove: it is mined or ended.
            AuditUnwritable, LedgerError: nothing was changed.
        """
        words = f"cancelled by {check_name(who)}: {check_reason(reason) or 'no reason given'}"
        with self._store.writing() as work:
            old = work.get(withdrawal_id)
            check_move(old.id, old.state, _S.CANCELLED)
            if old.state in UNSIGNED:
                return end(
                    self._journal, work, old, _S.CANCELLED, words, "withdrawal.cancel", who, at
                )
            if old.cancel_asked_by is not None:
                return old
            asked = replace(old, cancel_asked_by=who, changed_at=at)
            return self._journal.move(
                work, old, (asked,), "withdrawal.ask_cancel", who, at, "cancel asked"
            )

    # --- emergencies -----------------------------------------------------------------------

    def sweep(
        self, holdings: Holdings, *, who: str, at: float, proof: str, token: str | None = None
    ) -> tuple[Withdrawal, ...]:
        """Send everything to the safe address, and cancel whatever else is not signed.

        `holdings` is what is there, and `proof` what the second factor asks for
        `sweep_digest`.

        Raises:
            DestinationRefused: there is no safe address whose entry has aged.
            ApprovalRefused: the second factor is missing.
            WithdrawalRefused: a sweep is under way, or there is nothing to sweep.
            AuditUnwritable, LedgerError: nothing was changed.
        """
        check_name(who)
        with self._store.writing() as work:
            plan = sweep(work, self._house, holdings, at)
            digest = sweep_digest(self._store.book, plan.safe.address)
            require_second_factor(self._factor, who, digest, proof)
            for old in plan.displaced:
                words = "cancelled by a sweep of everything to the safe address"
                end(self._journal, work, old, _S.CANCELLED, words, "withdrawal.cancel", who, at)
            named = f"sweep:{token or secrets.token_hex(16)}"
            wishes = [
                self._wish(payment, who, at, f"{named}:{payment.asset.address}", Origin.EMERGENCY)
                for payment in plan.payments
            ]
            return tuple(self._ask(work, wish, "withdrawal.sweep", at) for wish in wishes)

    # --- destinations and rules ------------------------------------------------------------

    def add_destination(
        self,
        address: str,
        label: str,
        *,
        who: str,
        at: float,
        share: int = 0,
        purpose: Purpose = Purpose.PAYMENTS,
    ) -> Destination:
        """Enter an address into the allow-list; see `AllowList.add`."""
        return self._list.add(address, label, who=who, at=at, share=share, purpose=purpose)

    def set_share(self, address: str, share: int, *, who: str, at: float) -> Destination:
        """Change a destination's part of automatic withdrawals; see `AllowList.set_share`."""
        return self._list.set_share(address, share, who=who, at=at)

    def remove_destination(self, address: str, *, who: str, at: float) -> Destination:
        """Take an address off the allow-list, and cancel what is unsigned and was to go there.

        Raises:
            UnknownWithdrawal: it is not on the list.
            AuditUnwritable, LedgerError: nothing was changed.
        """
        with self._store.writing() as work:
            entry = self._list.remove(parse_destination(address), who=who, at=at)
            for old in work.in_states(UNSIGNED):
                if old.destination == entry.address:
                    words = f"cancelled: {who} took its destination off the allow-list"
                    end(self._journal, work, old, _S.CANCELLED, words, "withdrawal.cancel", who, at)
        return entry

    def was_ever_listed(self, address: Address) -> bool:
        """Whether an address is or was on the allow-list."""
        return self._list.was_ever_listed(address)

    def add_rule(self, rule: Rule, *, who: str, at: float) -> Rule:
        """Put a rule into force; see `RuleBook.add`."""
        return self._rules.add(rule, who=who, at=at)

    def remove_rule(self, rule_id: str, *, who: str, at: float) -> Rule:
        """Take a rule out of force; see `RuleBook.remove`."""
        return self._rules.remove(rule_id, who=who, at=at)

    def apply_rule(self, rule: Rule, holdings: Holdings, at: float) -> tuple[Withdrawal, ...]:
        """Start what a rule wants now, all of it or nothing; see `RuleBook.wanted`.

        Raises:
            TreasuryError: the limits or the allow-list forbid it.
            AuditUnwritable, LedgerError: nothing was kept.
        """
        with self._store.writing() as work:
            wanted = self._rules.wanted(work, rule, holdings, at)
            wishes = [
                self._wish(
                    payment,
                    rule.created_by,
                    at,
                    f"{wanted.token}:{payment.destination}",
                    rule.origin,
                    rule.id,
                )
                for payment in wanted.payments
            ]
            started = [self._ask(work, wish, "withdrawal.start", at) for wish in wishes]
            self._rules.see_to(work, rule, wanted)
        return tuple(started)

    def skip_rule(self, rule: Rule, words: str, at: float) -> None:
        """Keep why a rule started nothing, and wait for its next time."""
        self._rules.skip(rule, words, at)

    # --- within a transaction --------------------------------------------------------------

    def _wish(
        self,
        payment: Payment,
        who: str,
        at: float,
        token: str | None,
        origin: Origin = Origin.MANUAL,
        rule_id: str | None = None,
    ) -> Wish:
        return new_wish(self._house, self._store.book, payment, who, at, token, origin, rule_id)

    def _ask(self, work: Work, wish: Wish, action: str, at: float) -> Withdrawal:
        known = known_wish(work, wish)
        if known is not None:
            return known
        path = (wish.draft, *self._admitted(work, wish.draft, at))
        return self._journal.begin(work, path, wish, action, at)

    def _admitted(self, treasury: Reading, draft: Withdrawal, at: float) -> Sequence[Withdrawal]:
        require_destination(treasury, draft, at)
        worth = self._house.worth_of(draft.asset, draft.amount)
        if draft.origin is not Origin.EMERGENCY:
            worth = require_worth(draft.payment, worth)
        return admit(self._house.policy, draft, worth, treasury.used(at, without=draft.id), at)
