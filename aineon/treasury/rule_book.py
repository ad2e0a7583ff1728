"""RuleBook: the rules in force, and what each of them wants now."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from aineon.errors import InvalidWithdrawal, UnknownWithdrawal
from aineon.primitives import Address
from aineon.treasury.destinations import Destination, divide, require_payable
from aineon.treasury.house import House
from aineon.treasury.journal import Journal
from aineon.treasury.policy import DAY_SECONDS
from aineon.treasury.rules import OF_SETTINGS, Holdings, Rule
from aineon.treasury.states import IN_FLIGHT
from aineon.treasury.store import Reading, TreasuryStore, Work
from aineon.treasury.withdrawal import Origin, Payment, Withdrawal, check_name


class Wanted(NamedTuple):
    """What a rule wants now.

    Attributes:
        payments: none where it wants nothing.
        words: why not, or what.
        slot: the minute of the schedule that is seen to by it; None where none is.
        token: names the occasion.
    """

    payments: tuple[Payment, ...]
    words: str
    slot: float | None
    token: str


class RuleBook:
    """Adds and removes rules, and says what they want."""

    def __init__(self, store: TreasuryStore, house: House, journal: Journal) -> None:
        self._store = store
        self._house = house
        self._journal = journal

    def add(self, rule: Rule, *, who: str, at: float) -> Rule:
        """Put a rule into force.

        Raises:
            InvalidWithdrawal: its asset is none of ours, its name is taken, or it names no
                destination although none has a share.
            UnknownWithdrawal: its destination is not on the allow-list.
            AuditUnwritable, LedgerError: nothing was kept.
        """
        check_name(who)
        self._house.require_asset(rule.asset)
        with self._store.writing() as work:
            if rule.id == OF_SETTINGS or any(each.id == rule.id for each in work.rules()):
                raise InvalidWithdrawal(f"there is a rule {rule.id!r:.80} already")
            _check_destination(rule, work)
            detail = {"rule": str(rule), "keep": str(rule.keep), "strategy": rule.strategy.value}
            self._journal.note("rule.add", rule.id, detail, who, at)
            work.add_rule(rule)
        return rule

    def remove(self, rule_id: str, *, who: str, at: float) -> Rule:
        """Take a rule out of force; what it started goes on.

        Raises:
            UnknownWithdrawal: there is no such rule.
            AuditUnwritable, LedgerError: nothing was changed.
        """
        check_name(who)
        with self._store.writing() as work:
            rule = next((each for each in work.rules() if each.id == rule_id), None)
            if rule is None:
                raise UnknownWithdrawal(f"there is no rule {rule_id!r:.80}")
            self._journal.note("rule.remove", rule.id, {"rule": str(rule)}, who, at)
            work.change_rule(rule.id, {"removed_by": who, "removed_at": at})
        return rule

    def wanted(self, treasury: Reading, rule: Rule, holdings: Holdings, at: float) -> Wanted:
        """Return what a rule wants now, within the limits that are left.

        A rule whose former withdrawal is not finished wants nothing: rules never pile up. After
        one that was not paid a threshold rests for a day. While a sweep is under way no rule wants
        anything.
        """
        slot = rule.due_slot(at)
        token = _occasion(rule, slot)
        if rule.origin is Origin.SCHEDULED and slot is None:
            return Wanted((), "waits for its time", None, token)
        in_flight = treasury.in_states(IN_FLIGHT)
        waits_for = _in_the_way(rule, in_flight) or _taken_back(treasury, rule, at)
        if waits_for is not None:
            words = f"waits: withdrawal {waits_for.id} is {waits_for.state}"
            return Wanted((), words, slot, token)
        balance = holdings.balances.get(rule.asset)
        if balance is None:
            # Its time is not over: it is tried again when the balance is known.
            return Wanted((), f"waits: the balance of {rule.asset} is not known", None, token)
        promised = sum(
            each.amount for each in in_flight if holdings.counts_as(rule.asset, each.asset)
        )
        amount = self._within_limits(treasury, rule, rule.amount_of(balance - promised), at)
        if not amount:
            return Wanted((), "there is nothing to withdraw now", slot, token)
        payments = self._divided(treasury, rule, amount, at)
        return Wanted(payments, f"started {len(payments)} at {at:.0f}", slot, token)

    def see_to(self, work: Work, rule: Rule, wanted: Wanted) -> None:
        """Keep, in the same transaction, that a rule was seen to."""
        if rule.id == OF_SETTINGS:
            return
        changes: dict[str, object] = {}
        if wanted.words != rule.words:
            changes["words"] = wanted.words
        if wanted.slot is not None:
            changes["last_slot"] = wanted.slot
        if changes:
            work.change_rule(rule.id, changes)

    def skip(self, rule: Rule, words: str, at: float) -> None:
        """Keep why a rule was refused; its present time is over."""
        with self._store.writing() as work:
            self.see_to(work, rule, Wanted((), words, rule.due_slot(at), ""))

    def _within_limits(self, treasury: Reading, rule: Rule, amount: int, at: float) -> int:
        """Cut an amount down to what may leave today; the rest stays for another time."""
        used = treasury.used(at).worth_wei
        if not amount or used is None or rule.amount is not None:
            return amount
        left = max(0, self._house.policy.daily_wei - used)
        return self._cut(rule, amount, left)

    def _divided(
        self, treasury: Reading, rule: Rule, amount: int, at: float
    ) -> tuple[Payment, ...]:
        parts = _parts(treasury.destinations(), rule, amount, at)
        most = self._house.policy.max_wei
        if rule.amount is None:
            parts = {where: self._cut(rule, part, most) for where, part in parts.items()}
        return tuple(
            Payment(rule.asset, part, where, rule.strategy) for where, part in parts.items() if part
        )

    def _cut(self, rule: Rule, amount: int, most_wei: int) -> int:
        worth = self._house.worth_of(rule.asset, amount)
        if worth is None or worth <= most_wei:
            return amount  # an unknown worth is refused when it is asked for
        return amount * most_wei // worth


def _parts(listed: Sequence[Destination], rule: Rule, amount: int, at: float) -> dict[Address, int]:
    """Divide by share among those whose entries have aged; a rule may name one instead."""
    if rule.destination is not None:
        entry = next((each for each in listed if each.address == rule.destination), None)
        return {require_payable(rule.destination, entry, at).address: amount}
    return divide(amount, [each for each in listed if each.may_be_paid(at)])


def _occasion(rule: Rule, slot: float | None) -> str:
    # A time of the schedule happens once, whatever crashes. A threshold has no such name, and is
    # held back by its own withdrawal that is in flight.
    return f"rule:{rule.id}:{secrets.token_hex(8) if slot is None else int(slot)}"


def _in_the_way(rule: Rule, in_flight: Sequence[Withdrawal]) -> Withdrawal | None:
    return next(
        (each for each in in_flight if each.rule_id == rule.id or each.origin is Origin.EMERGENCY),
        None,
    )


def _taken_back(treasury: Reading, rule: Rule, at: float) -> Withdrawal | None:
    """Return what a threshold started and ended unpaid less than a day ago.

    Without that, what somebody rejects would be asked for again in the next second.
    """
    if rule.origin is not Origin.AUTOMATIC:
        return None
    return treasury.unpaid_of_rule(rule.id, at - DAY_SECONDS)


def _check_destination(rule: Rule, treasury: Reading) -> None:
    if rule.destination is None:
        if not any(each.share for each in treasury.destinations()):
            raise InvalidWithdrawal(
                f"rule {rule.id} names no destination, and none on the allow-list has a share"
            )
    elif treasury.destination(rule.destination) is None:
        raise UnknownWithdrawal(f"destination {rule.destination} is not on the allow-list")
