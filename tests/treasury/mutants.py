"""The treasury without one of its defences, and the story that then goes another way."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_OURS = ("aineon.treasury", "tests.treasury.checks", "tests.treasury.desks")


class Mutant(NamedTuple):
    """One defence removed.

    Attributes:
        module: of `aineon.treasury`.
        before, after: the change of its source; `before` stands there exactly once.
        caught_by: the story that fails then.
    """

    module: str
    before: str
    after: str
    caught_by: str


MUTANTS: dict[str, Mutant] = {
    # --- limits
    "limits do not count what is in flight": Mutant(
        "store",
        "return used_without(used_at(self._connection, at, IN_FLIGHT), without)",
        "return used_without(used_at(self._connection, at, ()), without)",
        "what_is_in_flight_counts",
    ),
    "limits forget what is signed": Mutant(
        "states",
        "IN_FLIGHT: Final = frozenset(_S) - ENDED - {_S.DRAFT}",
        "IN_FLIGHT: Final = frozenset({_S.PENDING_APPROVAL, _S.APPROVED, _S.COOLING})",
        "what_is_signed_or_mined_counts",
    ),
    "what is in flight is forgotten after a day": Mutant(
        "rows",
        "where(or_(in_states(states), paid))",
        "where(or_(in_states(states), paid), WITHDRAWALS.c.changed_at > at - DAY_SECONDS)",
        "what_is_signed_or_mined_counts",
    ),
    "limits forget what was paid": Mutant(
        "rows",
        "where(or_(in_states(states), paid))",
        "where(in_states(states))",
        "a_day_is_24_hours",
    ),
    "the day is a calendar day": Mutant(
        "rows",
        "WITHDRAWALS.c.changed_at > at - DAY_SECONDS",
        "WITHDRAWALS.c.changed_at > at - at % DAY_SECONDS",
        "a_day_is_24_hours",
    ),
    "the day never ends": Mutant(
        "rows",
        "WITHDRAWALS.c.changed_at > at - DAY_SECONDS",
        "WITHDRAWALS.c.changed_at > 0",
        "a_day_is_24_hours",
    ),
    "the daily limit is off by one": Mutant(
        "policy",
        "used.worth_wei + worth_wei > policy.daily_wei",
        "used.worth_wei + worth_wei >= policy.daily_wei",
        "what_is_in_flight_counts",
    ),
    "the daily limit leaves out what is asked for": Mutant(
        "policy",
        "used.worth_wei + worth_wei > policy.daily_wei",
        "used.worth_wei > policy.daily_wei",
        "what_is_in_flight_counts",
    ),
    "the daily number is off by one": Mutant(
        "policy",
        "used.count + 1 > policy.daily_count",
        "used.count > policy.daily_count",
        "a_day_has_so_many",
    ),
    "there is no minimum": Mutant(
        "policy", "if worth_wei < policy.min_wei:", "if False:", "too_little_and_too_much_at_once"
    ),
    "there is no maximum": Mutant(
        "policy", "if worth_wei > policy.max_wei:", "if False:", "too_little_and_too_much_at_once"
    ),
    "unknown worth counts as nothing": Mutant(
        "policy",
        "    if worth_wei is None:\n",
        "    if worth_wei is None:\n        return 1\n    if worth_wei is None:\n",
        "tokens_count_at_their_worth",
    ),
    "what is under way of unknown worth counts as nothing": Mutant(
        "rows",
        "sum(known) if len(known) == len(others) else None",
        "sum(known)",
        "a_sweep_takes_everything_to_the_safe_address",
    ),
    "tokens count by their units": Mutant(
        "house",
        "return amount if asset == ETHER else self.worth(asset, amount)",
        "return amount",
        "tokens_count_at_their_worth",
    ),
    "an edit is not admitted anew": Mutant(
        "desk",
        "path = (edited,) if old.state is _S.DRAFT else self._admitted(work, edited, at)",
        "path = (replace(edited, state=_S.PENDING_APPROVAL),)",
        "an_edit_is_admitted_anew",
    ),
    "the signature does not look at the day again": Mutant(
        "admission",
        "    check_day(policy, _counted(withdrawal), leaving)",
        "    return",
        "a_lower_limit_holds_at_the_signature",
    ),
    # --- approvals
    "an approval survives an edit": Mutant(
        "approvals",
        """            self.voided_at is None
            and self.withdrawal_id == withdrawal.id
            and self.version == withdrawal.version
            and hmac.compare_digest(self.digest, withdrawal.digest)""",
        "            self.withdrawal_id == withdrawal.id",
        "an_edit_voids_what_was_approved",
    ),
    "an edit keeps the state": Mutant(
        "desk",
        "path = (edited,) if old.state is _S.DRAFT else self._admitted(work, edited, at)",
        "path = (edited,)",
        "an_edit_voids_what_was_approved",
    ),
    "whoever asks approves": Mutant(
        "approvals",
        "    if same_person(who, withdrawal.requested_by):",
        "    if False:",
        "whoever_asks_never_approves",
    ),
    "names are compared letter for letter": Mutant(
        "withdrawal",
        "return _folded(one) == _folded(other)",
        "return one == other",
        "whoever_asks_never_approves",
    ),
    "whoever edits approves": Mutant(
        "approvals",
        "withdrawal.edited_by is not None and same_person(who, withdrawal.edited_by)",
        "False",
        "whoever_edits_never_approves",
    ),
    "one person approves twice": Mutant(
        "approvals",
        "if any(same_person(approval.who, who) for approval in given):",
        "if False:",
        "nobody_approves_twice",
    ),
    "approvals are not bound to a digest": Mutant(
        "approvals",
        "if not hmac.compare_digest(digest.encode(), withdrawal.digest.encode()):",
        "if False:",
        "an_approval_is_for_what_was_seen",
    ),
    "the digest is without the amount": Mutant(
        "withdrawal", "            str(self.amount),\n", "", "the_digest_holds_everything"
    ),
    "the digest is without the asset": Mutant(
        "withdrawal", "            self.asset.address,\n", "", "the_digest_holds_everything"
    ),
    "the digest is without the destination": Mutant(
        "withdrawal", "            self.destination,\n", "", "the_digest_holds_everything"
    ),
    "the digest is without the chain": Mutant(
        "withdrawal", "            self.chain_id,\n", "", "the_digest_holds_everything"
    ),
    "the digest is without the version": Mutant(
        "withdrawal", "            self.version,\n", "", "the_digest_holds_everything"
    ),
    "two approvals are one": Mutant(
        "policy", "        return 2\n", "        return 1\n", "a_large_one_needs_two"
    ),
    "the tiers are off by one": Mutant(
        "policy",
        "worth_wei <= self.free_up_to_wei",
        "worth_wei <= self.free_up_to_wei + 1",
        "a_small_one_needs_no_approval_and_cools",
    ),
    "an approval counts for ever": Mutant(
        "approvals",
        "(at is None or at < approval.expires_at)",
        "True",
        "an_approval_does_not_count_for_ever",
    ),
    "what has expired is still approved": Mutant(
        "desk",
        "            require_time(old, at)\n",
        "",
        "what_is_late_cannot_be_approved",
    ),
    "what has expired is still signed": Mutant(
        "admission",
        "if withdrawal.expires_at is not None and at >= withdrawal.expires_at:",
        "if False:",
        "what_is_late_cannot_be_signed",
    ),
    "a single operator needs no second factor": Mutant(
        "confirming",
        "if not isinstance(proof, str) or not factor.accepts(who, digest, proof):",
        "if False:",
        "a_single_operator_confirms_and_waits",
    ),
    "a single operator waits no longer than others": Mutant(
        "policy",
        "return self.cooling_alone_seconds if alone else self.cooling_seconds",
        "return self.cooling_seconds",
        "a_single_operator_confirms_and_waits",
    ),
    "a lone confirmation counts among several": Mutant(
        "admission",
        "return tuple(approval for approval in stand if not approval.alone)",
        "return stand",
        "what_one_confirmed_alone_several_do_not_accept",
    ),
    # --- cooling, signing, ending
    "cooling is skipped": Mutant(
        "admission",
        "if withdrawal.cooling_until is None or at < withdrawal.cooling_until:",
        "if False:",
        "nothing_is_signed_before_it_has_cooled",
    ),
    "what is cooling is due": Mutant(
        "store",
        "            and now >= each.cooling_until\n",
        "",
        "a_withdrawal_goes_its_way",
    ),
    "what waits for approval may be signed": Mutant(
        "states",
        "_S.PENDING_APPROVAL: _UNPAID | {_S.APPROVED}",
        "_S.PENDING_APPROVAL: _UNPAID | {_S.APPROVED, _S.SIGNED}",
        "nothing_is_signed_before_it_has_cooled",
    ),
    "the cashier approves": Mutant(
        "carrying",
        "    if state not in _FROM_CASHIER:",
        "    if False:",
        "the_cashier_cannot_approve",
    ),
    "a signed one is cancelled at once": Mutant(
        "desk",
        "            if old.state in UNSIGNED:\n",
        "            if True:\n",
        "a_signed_one_is_not_simply_cancelled",
    ),
    "a signed one is edited": Mutant(
        "desk",
        '            require_unsigned(old, "edited")\n',
        "",
        "a_signed_one_is_not_simply_cancelled",
    ),
    "what has ended goes on": Mutant(
        "store",
        "if new.state is not old.state or old.state in ENDED:",
        "if new.state is not old.state:",
        "what_has_ended_stays",
    ),
    "a stale view is written": Mutant(
        "store",
        "            WITHDRAWALS.c.version == old.version,\n"
        "            WITHDRAWALS.c.state == old.state.value,\n",
        "",
        "a_stale_view_changes_nothing",
    ),
    # --- destinations
    "the allow-list is not asked": Mutant(
        "destinations",
        "    if found is None or not found.is_listed:\n",
        "    if found is None:\n        return found\n    if not found.is_listed:\n",
        "only_the_list_is_paid",
    ),
    "entries need not age": Mutant(
        "destinations",
        "return self.is_listed and at >= self.usable_from",
        "return self.is_listed",
        "an_entry_must_age",
    ),
    "an entry that comes back is old": Mutant(
        "allow_list",
        "at + self._house.policy.destination_age_seconds,",
        "at + (0 if self.was_ever_listed(parse_destination(address)) else "
        "self._house.policy.destination_age_seconds),",
        "an_entry_must_age",
    ),
    "the signature does not ask the allow-list": Mutant(
        "dispatch",
        "        require_destination(work, stored, at)\n",
        "",
        "an_entry_that_is_gone_is_not_signed_for",
    ),
    "look-alikes are accepted": Mutant(
        "addresses",
        "if other != address and look_alike(address, other):",
        "if False:",
        "lookalikes_are_refused",
    ),
    "the same ends are no likeness": Mutant(
        "addresses",
        "return same_ends or edit_distance(first, second) < LEAST_EDITS",
        "return edit_distance(first, second) < LEAST_EDITS",
        "lookalikes_are_refused",
    ),
    "a wrong digit is no likeness": Mutant(
        "addresses",
        "return same_ends or edit_distance(first, second) < LEAST_EDITS",
        "return same_ends",
        "lookalikes_are_refused",
    ),
    "our own contracts are paid": Mutant(
        "addresses", "    if address in ours:", "    if False:", "our_own_is_no_destination"
    ),
    "the shares lose the last wei": Mutant(
        "destinations",
        "    parts[sharing[0].address] += amount - sum(parts.values())\n",
        "",
        "shares_sum_to_the_wei",
    ),
    "the shares are rounded up": Mutant(
        "destinations",
        "{each.address: amount * each.share // whole for each in sharing}",
        "{each.address: -(-amount * each.share // whole) for each in sharing}",
        "shares_sum_to_the_wei",
    ),
    # --- rules, sweeps, commands, audit
    "rules pile up": Mutant(
        "rule_book",
        "        if waits_for is not None:",
        "        if False:",
        "rules_never_pile_up",
    ),
    "a rule asks again for what was rejected": Mutant(
        "rule_book",
        " or _taken_back(treasury, rule, at)",
        "",
        "a_rule_rests_after_what_was_not_paid",
    ),
    "a rule withdraws what is promised": Mutant(
        "rule_book",
        "rule.amount_of(balance - promised)",
        "rule.amount_of(balance)",
        "a_rule_leaves_what_is_promised_and_what_is_kept",
    ),
    "a time comes again and again": Mutant(
        "rule_book",
        '            changes["last_slot"] = wanted.slot\n',
        "            pass\n",
        "a_time_comes_once",
    ),
    "a sweep needs no second factor": Mutant(
        "desk",
        "            require_second_factor(self._factor, who, digest, proof)\n"
        "            for old in plan.displaced:",
        "            for old in plan.displaced:",
        "a_sweep_is_confirmed",
    ),
    "a sweep takes what is signed": Mutant(
        "sweeping",
        "return balance - signed - (reserve if asset == ETHER else 0)",
        "return balance - (reserve if asset == ETHER else 0)",
        "a_sweep_takes_everything_to_the_safe_address",
    ),
    "a sweep goes anywhere": Mutant(
        "dispatch",
        "withdrawal.origin is Origin.EMERGENCY and entry.purpose is not Purpose.SAFE",
        "False",
        "a_sweep_is_not_redirected",
    ),
    "a crash applies a command twice": Mutant(
        "service",
        "                if known is not None:\n                    return known\n",
        "",
        "a_crash_applies_no_command_twice",
    ),
    "commands are for every book": Mutant(
        "service",
        "if command.book is not store.book:",
        "if False:",
        "a_command_is_for_one_book_and_one_day",
    ),
    "an edited form is taken": Mutant(
        "asking",
        "    if fingerprint != wish.fingerprint:",
        "    if False:",
        "a_form_that_is_sent_twice_is_one",
    ),
    "the audit may fail": Mutant(
        "journal",
        "        return self._audit.append(who=who, action=action, subject=subject, detail=detail, "
        "at=at)",
        "        try:\n"
        "            return self._audit.append(\n"
        "                who=who, action=action, subject=subject, detail=detail, at=at\n"
        "            )\n"
        "        except Exception:\n"
        "            return 0",
        "nothing_is_done_that_cannot_be_audited",
    ),
    "any clock is believed": Mutant(
        "timing",
        "    if abs(apart) <= limit_seconds:\n",
        "    if True:\n",
        "a_clock_that_the_chain_denies_is_not_believed",
    ),
    "batches mix assets": Mutant(
        "batches",
        "return withdrawal.asset.address, withdrawal.strategy.value",
        'return "", withdrawal.strategy.value',
        "batches_are_of_one_kind_and_cheaper",
    ),
    "batches need not be cheaper": Mutant(
        "batches",
        "if len(group) > 1 and gas.saved(len(group)) > 0:",
        "if len(group) > 1:",
        "batches_are_of_one_kind_and_cheaper",
    ),
}


NOTHING_MISSING = Mutant("desk", "class Desk:", "class Desk:", "")


class _Changed(importlib.abc.SourceLoader):
    """Loads a module with a change in its source, past Python's own caches."""

    def __init__(self, path: str, source: bytes) -> None:
        self._path = path
        self._source = source

    def get_filename(self, fullname: str) -> str:
        return self._path

    def get_data(self, path: str) -> bytes:
        return self._source

    def path_stats(self, path: str) -> dict[str, float]:
        raise OSError("what is changed is never cached")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, loader: _Changed, path: Path) -> None:
        self._name = name
        self._loader = loader
        self._path = path

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self._loader)


@contextmanager
def without(mutant: Mutant) -> Iterator[ModuleType]:
    """Lend the stories, told by a treasury that lacks one defence."""
    path = ROOT / "aineon" / "treasury" / f"{mutant.module}.py"
    source = path.read_text("utf-8")
    assert source.count(mutant.before) == 1, (mutant.module, source.count(mutant.before))
    changed = source.replace(mutant.before, mutant.after).encode()
    finder = _Finder(f"aineon.treasury.{mutant.module}", _Changed(str(path), changed), path)
    kept = {name: module for name, module in sys.modules.items() if name.startswith(_OURS)}
    import aineon.treasury

    package = aineon.treasury
    try:
        for name in kept:
            del sys.modules[name]
        sys.meta_path.insert(0, finder)
        yield importlib.import_module("tests.treasury.checks")
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.startswith(_OURS)]:
            del sys.modules[name]
        sys.modules.update(kept)
        aineon.treasury = package
