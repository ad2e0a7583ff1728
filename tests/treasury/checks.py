"""What the treasury must and must not do, each as a small story that fails where it does not.

They run as tests, and against the treasury with one defence taken out.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from aineon.errors import (
    ApprovalRefused,
    AuditUnwritable,
    DestinationRefused,
    IllegalWithdrawalMove,
    InvalidWithdrawal,
    TreasuryError,
    UnknownWorth,
    WithdrawalMoved,
    WithdrawalRefused,
)
from aineon.ledger.commands import CommandState
from aineon.ledger.control import ControlStore
from aineon.primitives import ETHER, Block, Book
from aineon.treasury import (
    Approvers,
    BatchGas,
    Desk,
    Destination,
    Holdings,
    Origin,
    Payment,
    Purpose,
    Rule,
    Service,
    Strategy,
    WithdrawalState,
    select_batches,
)
from aineon.treasury.destinations import divide
from aineon.treasury.house import sweep_digest
from aineon.treasury.service import Automatic
from aineon.treasury.timing import doubt_of_time
from tests.databases import database_url
from tests.treasury.desks import (
    DARK,
    DAY,
    EXECUTOR,
    HOUR,
    NOON,
    PARTNER,
    SAFE,
    SAVINGS,
    USDC,
    WEI,
    WETH,
    Bench,
    bench,
    house,
)

S = WithdrawalState
Check = Callable[[Path], None]
CHECKS: dict[str, Check] = {}


def check(**changes: Any) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Register a story that is told at a fresh desk, whose policy has these changes."""

    def register(story: Callable[[Bench], None]) -> Callable[[Bench], None]:
        def tell(folder: Path) -> None:
            made = bench(folder, **changes)
            try:
                story(made)
            finally:
                made.book.close()

        CHECKS[story.__name__] = tell
        return story

    return register


def refused(kind: type[Exception], words: str, action: Callable[[], object]) -> None:
    """Whatever `action` does must be refused, in these words."""
    try:
        action()
    except kind as error:
        told = str(error)
    else:
        raise AssertionError(f"it was not refused: {words}")
    assert words in told, told


# --- the way out ---------------------------------------------------------------------------


@check()
def a_withdrawal_goes_its_way(b: Bench) -> None:
    asked = b.request()
    assert (asked.state, asked.worth_wei) == (S.PENDING_APPROVAL, 5 * WEI)
    cooling = b.approve(asked)
    assert (cooling.state, cooling.cooling_until) == (S.COOLING, NOON + 600)
    assert b.desk.dispatch.due(NOON + 599) == ()
    b.at = NOON + 600
    assert [each.id for each in b.desk.dispatch.due(b.at)] == [asked.id]
    signed = b.advance(cooling, S.SIGNED)
    assert signed.intent_id == f"withdrawal:{asked.id}:1"
    out = b.advance(signed, S.BROADCAST, transaction_hash="0xaa")
    again = b.advance(out, S.REPLACED, transaction_hash="0xbb")
    mined = b.advance(again, S.MINED, block_number=7)
    assert (mined.transaction_hash, mined.block_number) == ("0xbb", 7)
    back = b.advance(mined, S.BROADCAST)
    assert back.block_number is None
    paid = b.advance(b.advance(back, S.MINED, block_number=8), S.CONFIRMED)
    assert (paid.state, paid.block_number) == (S.CONFIRMED, 8)
    with b.desk.store.reading() as treasury:
        events = treasury.events(asked.id)
    assert [event.new for event in events][-3:] == [S.BROADCAST, S.MINED, S.CONFIRMED]
    assert [event.audit for event in events] == sorted(event.audit for event in events)


@check()
def a_small_one_needs_no_approval_and_cools(b: Bench) -> None:
    free = b.request(WEI)
    assert free.state is S.COOLING
    assert free.cooling_until == NOON + 600
    assert b.request(WEI + 1).state is S.PENDING_APPROVAL


@check()
def a_large_one_needs_two(b: Bench) -> None:
    asked = b.request(20 * WEI + 1)
    once = b.approve(asked, "bert")
    assert once.state is S.PENDING_APPROVAL
    assert b.approve(once, "cora").state is S.COOLING
    assert b.approve(b.request(20 * WEI), "bert").state is S.COOLING


@check()
def what_has_ended_stays(b: Bench) -> None:
    ended = [
        b.desk.reject(b.request().id, who="bert", at=b.at),
        b.desk.cancel(b.request().id, who="anna", at=b.at),
        b.paid(b.cooled()),
    ]
    for each in ended:
        for action in (
            lambda each=each: b.desk.cancel(each.id, who="anna", at=b.at),
            lambda each=each: b.desk.reject(each.id, who="bert", at=b.at),
            lambda each=each: b.approve(each),
            lambda each=each: b.desk.edit(each.id, each.payment, who="anna", at=b.at),
            lambda each=each: b.advance(each, S.SIGNED),
            lambda each=each: b.advance(each, S.MINED),
            lambda each=each: b.advance(each, each.state),
        ):
            refused(IllegalWithdrawalMove, each.id, action)
        assert b.withdrawal(each.id) == each


# --- approvals -----------------------------------------------------------------------------


@check()
def whoever_asks_never_approves(b: Bench) -> None:
    asked = b.request()
    for name in ("anna", "ANNA", "ａnna"):
        refused(
            ApprovalRefused, "whoever asks never approves", lambda name=name: b.approve(asked, name)
        )


@check()
def whoever_edits_never_approves(b: Bench) -> None:
    asked = b.request()
    payment = Payment(ETHER, 6 * WEI, PARTNER)
    edited = b.desk.edit(asked.id, payment, who="bert", at=b.at)
    refused(ApprovalRefused, "whoever edits never approves", lambda: b.approve(edited, "bert"))
    refused(ApprovalRefused, "whoever asks never approves", lambda: b.approve(edited, "anna"))
    assert b.approve(edited, "cora").state is S.COOLING


@check()
def nobody_approves_twice(b: Bench) -> None:
    once = b.approve(b.request(30 * WEI), "bert")
    for name in ("bert", "Bert"):
        refused(ApprovalRefused, "has approved", lambda name=name: b.approve(once, name))
    assert b.withdrawal(once.id).state is S.PENDING_APPROVAL


@check()
def an_approval_is_for_what_was_seen(b: Bench) -> None:
    asked = b.request()
    b.desk.edit(asked.id, Payment(ETHER, 9 * WEI, SAVINGS), who="anna", at=b.at)
    refused(ApprovalRefused, "is not what was approved", lambda: b.approve(asked))
    refused(
        ApprovalRefused,
        "is not what was approved",
        lambda: b.desk.approve(asked.id, "é" * 8, who="bert", at=b.at),
    )


@check()
def an_edit_voids_what_was_approved(b: Bench) -> None:
    once = b.approve(b.request(30 * WEI), "bert")
    edited = b.desk.edit(once.id, Payment(ETHER, 30 * WEI, PARTNER), who="anna", at=b.at)
    assert edited.version == 2
    assert b.approve(edited, "cora").state is S.PENDING_APPROVAL
    cooling = b.approve(b.request(), "bert")
    again = b.desk.edit(cooling.id, Payment(ETHER, 7 * WEI, SAVINGS), who="anna", at=b.at)
    assert (again.state, again.cooling_until) == (S.PENDING_APPROVAL, None)
    b.at += HOUR
    refused(IllegalWithdrawalMove, again.id, lambda: b.advance(again, S.SIGNED))
    refused(TreasuryError, again.id, lambda: b.advance(cooling, S.SIGNED))
    b.approve(again, "cora")
    b.at += HOUR
    # It may be signed again, but not by who still means the former version.
    refused(WithdrawalMoved, "any more", lambda: b.advance(cooling, S.SIGNED))


@check()
def the_digest_holds_everything(b: Bench) -> None:
    asked = b.request()
    payment = asked.payment
    others = [
        replace(asked, payment=replace(payment, amount=payment.amount + 1)),
        replace(asked, payment=replace(payment, asset=WETH)),
        replace(asked, payment=replace(payment, destination=PARTNER)),
        replace(asked, id="w-000000000000"),
        replace(asked, version=2),
        replace(asked, chain_id=5),
    ]
    assert len({each.digest for each in (asked, *others)}) == 7


@check()
def an_approval_does_not_count_for_ever(b: Bench) -> None:
    once = b.approve(b.request(30 * WEI), "bert")
    b.at += 12 * HOUR
    twice = b.approve(once, "cora")
    assert twice.state is S.PENDING_APPROVAL
    b.at += 1
    assert b.approve(twice, "bert").state is S.COOLING


@check()
def what_is_late_cannot_be_approved(b: Bench) -> None:
    asked = b.request()
    b.at += DAY
    refused(IllegalWithdrawalMove, "has expired", lambda: b.approve(asked))
    assert [each.id for each in b.desk.dispatch.expire(b.at)] == [asked.id]
    refused(IllegalWithdrawalMove, "is expired", lambda: b.approve(asked))


@check()
def what_is_late_cannot_be_signed(b: Bench) -> None:
    cooling = b.cooled()
    b.at += DAY
    assert b.desk.dispatch.due(b.at) == ()
    refused(WithdrawalMoved, "has expired", lambda: b.advance(cooling, S.SIGNED))
    assert b.desk.dispatch.expire(b.at)[0].state is S.EXPIRED


@check(approvers=Approvers.SINGLE)
def a_single_operator_confirms_and_waits(b: Bench) -> None:
    asked = b.request()
    for proof in ("", asked.digest[:7], asked.digest, "éééééééé"):
        refused(
            ApprovalRefused,
            "second factor",
            lambda proof=proof: b.approve(asked, "anna", proof),
        )
    cooling = b.approve(asked, "anna", f" {asked.digest[:8].upper()}\n")
    assert "no second person approved" in cooling.reason
    assert cooling.cooling_until == NOON + HOUR
    with b.desk.store.reading() as treasury:
        assert [each.alone for each in treasury.approvals(asked.id)] == [True]


@check(approvers=Approvers.SINGLE)
def what_one_confirmed_alone_several_do_not_accept(b: Bench) -> None:
    asked = b.request()
    cooling = b.approve(asked, "anna", asked.digest[:8])
    b.desk = Desk(b.desk.store, house(), b.audit)
    b.at += HOUR
    refused(ApprovalRefused, "0 approvals that stand", lambda: b.advance(cooling, S.SIGNED))


# --- limits --------------------------------------------------------------------------------


@check()
def too_little_and_too_much_at_once(b: Bench) -> None:
    refused(WithdrawalRefused, "the least", lambda: b.request(WEI // 10 - 1))
    refused(WithdrawalRefused, "the most", lambda: b.request(100 * WEI + 1))
    assert b.request(WEI // 10).worth_wei == WEI // 10
    assert b.request(100 * WEI).worth_wei == 100 * WEI


@check()
def tokens_count_at_their_worth(b: Bench) -> None:
    assert b.request(4000 * 10**6, asset=USDC).worth_wei == 2 * WEI
    refused(WithdrawalRefused, "the least", lambda: b.request(100 * 10**6, asset=USDC))
    refused(UnknownWorth, "not known", lambda: b.request(WEI, asset=DARK))


@check(min_wei=0)
def dust_counts_as_something(b: Bench) -> None:
    assert b.request(1, asset=WETH).worth_wei == 1


@check()
def what_is_in_flight_counts(b: Bench) -> None:
    b.request(100 * WEI)
    b.cooled(20 * WEI)
    b.request(30 * WEI)
    refused(WithdrawalRefused, "150 ETH under way", lambda: b.request(50 * WEI + 1))
    assert b.request(50 * WEI).state is S.PENDING_APPROVAL


@check(free_up_to_wei=100 * WEI)
def what_is_signed_or_mined_counts(b: Bench) -> None:
    for state in (S.SIGNED, S.BROADCAST, S.MINED):
        found = b.request(60 * WEI)
        assert found.cooling_until is not None
        b.at = found.cooling_until
        for step in (S.SIGNED, S.BROADCAST, S.MINED):
            found = b.advance(found, step)
            if step is state:
                break
    # Even after a day: what is in flight may be paid at any moment.
    b.at += 2 * DAY
    refused(WithdrawalRefused, "180 ETH under way", lambda: b.request(20 * WEI + 1))


@check(free_up_to_wei=100 * WEI)
def a_day_is_24_hours(b: Bench) -> None:
    both = [b.request(100 * WEI) for _ in range(2)]
    b.at += 600
    for each in both:
        b.paid(each)
    paid_at = b.at
    b.at = paid_at + DAY - 1
    refused(WithdrawalRefused, "in the last 24 hours", lambda: b.request(100 * WEI))
    b.at = paid_at + DAY
    assert b.request(100 * WEI).state is S.COOLING


@check()
def a_day_has_so_many(b: Bench) -> None:
    for _ in range(6):
        b.request(WEI)
    refused(WithdrawalRefused, "daily limit is 6", lambda: b.request(WEI))


@check()
def what_ended_unpaid_counts_no_more(b: Bench) -> None:
    for _ in range(2):
        b.desk.cancel(b.request(100 * WEI).id, who="anna", at=b.at)
    b.desk.reject(b.request(100 * WEI).id, who="bert", at=b.at)
    b.request(100 * WEI)
    b.at += DAY
    b.desk.dispatch.expire(b.at)
    failed = b.cooled(20 * WEI)
    for state in (S.SIGNED, S.MINED, S.FAILED):
        failed = b.advance(failed, state)
    assert b.request(100 * WEI).state is S.PENDING_APPROVAL
    assert b.request(100 * WEI).state is S.PENDING_APPROVAL


@check()
def an_edit_is_admitted_anew(b: Bench) -> None:
    asked = b.request(60 * WEI)
    b.request(100 * WEI)
    bigger = Payment(ETHER, 100 * WEI + 1, SAVINGS)
    refused(
        WithdrawalRefused, "the most", lambda: b.desk.edit(asked.id, bigger, who="anna", at=b.at)
    )
    # It does not count besides itself.
    fine = b.desk.edit(asked.id, Payment(ETHER, 100 * WEI, SAVINGS), who="anna", at=b.at)
    assert fine.worth_wei == 100 * WEI
    refused(WithdrawalRefused, "200 ETH under way", lambda: b.request(WEI))


@check(free_up_to_wei=100 * WEI)
def a_lower_limit_holds_at_the_signature(b: Bench) -> None:
    first, second = b.request(90 * WEI), b.request(90 * WEI)
    b.at += 600
    b.advance(first, S.SIGNED)
    lower = {"free_up_to_wei": 100 * WEI}
    b.desk = Desk(b.desk.store, house(daily_wei=100 * WEI, **lower), b.audit)
    refused(WithdrawalRefused, "daily limit", lambda: b.advance(second, S.SIGNED))
    b.desk = Desk(b.desk.store, house(max_wei=80 * WEI, **lower), b.audit)
    refused(WithdrawalRefused, "the most", lambda: b.advance(second, S.SIGNED))


# --- cooling and cancelling ----------------------------------------------------------------


@check()
def nothing_is_signed_before_it_has_cooled(b: Bench) -> None:
    cooling = b.approve(b.request())
    b.at += 599
    refused(WithdrawalMoved, "is cooling", lambda: b.advance(cooling, S.SIGNED))
    refused(IllegalWithdrawalMove, "cannot become", lambda: b.advance(b.request(), S.SIGNED))
    b.at += 1
    assert b.advance(cooling, S.SIGNED).state is S.SIGNED


@check()
def the_cashier_cannot_approve(b: Bench) -> None:
    asked = b.request()
    for state in (S.APPROVED, S.COOLING, S.PENDING_APPROVAL, S.CANCELLED, S.REJECTED, S.EXPIRED):
        refused(IllegalWithdrawalMove, asked.id, lambda state=state: b.advance(asked, state))


@check()
def a_signed_one_is_not_simply_cancelled(b: Bench) -> None:
    signed = b.advance(b.cooled(), S.SIGNED)
    asked = b.desk.cancel(signed.id, who="anna", at=b.at)
    assert (asked.state, asked.cancel_asked_by) == (S.SIGNED, "anna")
    assert [each.id for each in b.desk.dispatch.to_cancel()] == [signed.id]
    assert b.desk.cancel(signed.id, who="bert", at=b.at).cancel_asked_by == "anna"
    refused(
        IllegalWithdrawalMove,
        "cannot become rejected",
        lambda: b.desk.reject(signed.id, who="bert", at=b.at),
    )
    payment = Payment(ETHER, WEI, SAVINGS)
    refused(
        IllegalWithdrawalMove,
        "cannot be edited",
        lambda: b.desk.edit(signed.id, payment, who="anna", at=b.at),
    )
    with b.desk.store.reading() as treasury:
        assert treasury.used(b.at).count == 1
    gone = b.advance(asked, S.CANCELLED)
    assert gone.state is S.CANCELLED


@check()
def a_stale_view_changes_nothing(b: Bench) -> None:
    cooling = b.cooled()
    signed = b.advance(cooling, S.SIGNED)
    refused(TreasuryError, cooling.id, lambda: b.advance(cooling, S.SIGNED))
    refused(WithdrawalMoved, "any more", lambda: b.advance(cooling, S.FAILED))
    assert b.withdrawal(cooling.id) == signed


# --- destinations --------------------------------------------------------------------------


@check()
def an_entry_must_age(b: Bench) -> None:
    where = "0x" + "ab12cd34" * 5
    entry = b.desk.add_destination(where, "new", who="anna", at=b.at)
    assert entry.usable_from == NOON + DAY
    refused(DestinationRefused, "too recently", lambda: b.request(where=entry.address))
    b.at += DAY - 1
    refused(DestinationRefused, "too recently", lambda: b.request(where=entry.address))
    b.at += 1
    assert b.request(where=entry.address).state is S.PENDING_APPROVAL
    b.desk.remove_destination(where, who="anna", at=b.at)
    b.desk.add_destination(where, "new", who="anna", at=b.at)
    refused(DestinationRefused, "too recently", lambda: b.request(where=entry.address))


@check()
def only_the_list_is_paid(b: Bench) -> None:
    where = "0x" + "ab12cd34" * 5
    refused(
        DestinationRefused,
        "not on the allow-list",
        lambda: b.request(where=where),  # type: ignore[arg-type]
    )


@check()
def what_is_taken_off_the_list_is_not_paid(b: Bench) -> None:
    asked, cooling = b.request(), b.cooled(where=PARTNER)
    signed = b.advance(b.cooled(), S.SIGNED)
    b.desk.remove_destination(SAVINGS, who="cora", at=b.at)
    assert b.withdrawal(asked.id).state is S.CANCELLED
    assert b.withdrawal(signed.id).state is S.SIGNED
    assert b.withdrawal(cooling.id).state is S.COOLING
    refused(DestinationRefused, "not on the allow-list", b.request)


@check()
def an_entry_that_is_gone_is_not_signed_for(b: Bench) -> None:
    cooling = b.cooled()
    with b.desk.store.writing() as work:
        work.change_destination(SAVINGS, {"removed_by": "x", "removed_at": b.at})
    refused(DestinationRefused, "allow-list", lambda: b.advance(cooling, S.SIGNED))


@check()
def lookalikes_are_refused(b: Bench) -> None:
    same_ends = SAVINGS[:6] + "7" * 32 + SAVINGS[-4:]
    typo = SAVINGS[:10] + "0" + SAVINGS[11:]
    shifted = "0x9" + SAVINGS[2:-1]
    own = EXECUTOR[:6] + "1" * 32 + EXECUTOR[-4:]
    for where in (same_ends, typo, shifted, own):
        refused(
            DestinationRefused,
            "looks like",
            lambda where=where: b.desk.add_destination(where, "x", who="anna", at=b.at),
        )


@check()
def what_was_paid_is_still_imitated(b: Bench) -> None:
    b.desk.remove_destination(SAVINGS, who="anna", at=b.at)
    poison = SAVINGS[:6] + "7" * 32 + SAVINGS[-4:]
    refused(
        DestinationRefused,
        "looks like",
        lambda: b.desk.add_destination(poison, "x", who="anna", at=b.at),
    )
    assert b.desk.add_destination(SAVINGS, "savings", who="anna", at=b.at).is_listed


@check()
def what_never_was_trusted_blocks_nobody(b: Bench) -> None:
    real = "0x" + "ab12cd34" * 5
    poison = real[:6] + "7" * 32 + real[-4:]
    b.desk.add_destination(poison, "poison", who="eve", at=b.at)
    b.desk.remove_destination(poison, who="anna", at=b.at + 1)
    assert b.desk.add_destination(real, "real", who="anna", at=b.at + 2).is_listed


@check()
def our_own_is_no_destination(b: Bench) -> None:
    for where in (EXECUTOR, WETH.address):
        refused(
            DestinationRefused,
            "money sent there",
            lambda where=where: b.desk.add_destination(where, "x", who="anna", at=b.at),
        )


@check()
def a_destination_is_entered_once(b: Bench) -> None:
    fresh = "0x" + "ab12cd34" * 5
    for words, where, label, purpose in (
        ("already", SAVINGS, "again", Purpose.PAYMENTS),
        ("two labels", fresh, "Savings", Purpose.PAYMENTS),
        ("is the safe address", fresh, "second", Purpose.SAFE),
    ):
        refused(
            DestinationRefused,
            words,
            lambda where=where, label=label, purpose=purpose: b.desk.add_destination(
                where, label, who="anna", at=b.at, purpose=purpose
            ),
        )


@check()
def shares_sum_to_the_wei(b: Bench) -> None:
    def entry(digit: str, share: int) -> Destination:
        return Destination("0x" + digit * 40, digit, share, Purpose.PAYMENTS, "a", 0.0, 0.0)  # type: ignore[arg-type]

    three = [entry("a", 1), entry("b", 1), entry("c", 1)]
    assert list(divide(100, three).values()) == [34, 33, 33]
    odd = [entry("a", 7), entry("b", 0), entry("c", 5_000), entry("d", 13)]
    for amount in (1, 2, 12, 10**18 + 1, 7 * 10**30 + 3):
        parts = divide(amount, odd)
        assert sum(parts.values()) == amount
        assert odd[1].address not in parts
    assert divide(5, [entry("a", 0)]) == {}


# --- audit ---------------------------------------------------------------------------------


@check()
def nothing_is_done_that_cannot_be_audited(b: Bench) -> None:
    asked, cooling = b.request(), b.cooled(WEI * 2)
    out = b.advance(b.cooled(WEI * 3), S.SIGNED)
    b.audit.broken = True
    where = "0x" + "ab12cd34" * 5
    rule = a_rule()
    for action in (
        b.request,
        lambda: b.approve(asked),
        lambda: b.desk.reject(asked.id, who="bert", at=b.at),
        lambda: b.desk.cancel(asked.id, who="bert", at=b.at),
        lambda: b.desk.cancel(out.id, who="bert", at=b.at),
        lambda: b.desk.edit(asked.id, cooling.payment, who="anna", at=b.at),
        lambda: b.advance(cooling, S.SIGNED),
        lambda: b.advance(out, S.BROADCAST),
        lambda: b.desk.dispatch.expire(b.at + 2 * DAY),
        lambda: b.desk.add_destination(where, "x", who="anna", at=b.at),
        lambda: b.desk.set_share(SAVINGS, 5, who="anna", at=b.at),
        lambda: b.desk.remove_destination(SAVINGS, who="anna", at=b.at),
        lambda: b.desk.add_rule(rule, who="anna", at=b.at),
        lambda: sweep(b),
    ):
        refused(AuditUnwritable, "cannot be written", action)
    for each in (asked, cooling, out):
        assert b.withdrawal(each.id) == each
    with b.desk.store.reading() as treasury:
        assert len(treasury.newest()) == 3
        assert [each.share for each in treasury.destinations()] == [0, 0, 0]
        assert treasury.approvals(asked.id) == ()


# --- rules ---------------------------------------------------------------------------------


def a_rule(**changes: Any) -> Rule:
    plain: dict[str, Any] = {
        "id": "r-1",
        "origin": Origin.AUTOMATIC,
        "asset": ETHER,
        "threshold": 10 * WEI,
        "schedule": None,
        "keep": WEI,
        "amount": None,
        "destination": SAVINGS,
        "strategy": Strategy.OPTIMIZED,
        "created_by": "anna",
        "created_at": NOON,
    }
    return Rule(**(plain | changes))


def holding(ether: int) -> Holdings:
    return Holdings({ETHER: ether}, WEI // 10)


@check()
def a_rule_starts_at_its_threshold(b: Bench) -> None:
    rule = b.desk.add_rule(a_rule(), who="anna", at=b.at)
    assert b.desk.apply_rule(rule, holding(10 * WEI - 1), b.at) == ()
    [started] = b.desk.apply_rule(rule, holding(10 * WEI), b.at)
    assert (started.amount, started.origin, started.rule_id) == (9 * WEI, Origin.AUTOMATIC, "r-1")
    assert (started.requested_by, started.state) == ("anna", S.PENDING_APPROVAL)
    refused(ApprovalRefused, "never approves", lambda: b.approve(started, "anna"))


@check(free_up_to_wei=100 * WEI)
def rules_never_pile_up(b: Bench) -> None:
    rule = b.desk.add_rule(a_rule(), who="anna", at=b.at)
    [started] = b.desk.apply_rule(rule, holding(30 * WEI), b.at)
    for state in (S.SIGNED, S.BROADCAST, S.MINED):
        assert b.desk.apply_rule(rule, holding(300 * WEI), b.at) == ()
        b.at += 600
        started = b.advance(started, state)
    assert b.desk.apply_rule(rule, holding(300 * WEI), b.at) == ()
    b.advance(started, S.CONFIRMED)
    assert len(b.desk.apply_rule(rule, holding(30 * WEI), b.at)) == 1


@check()
def a_rule_rests_after_what_was_not_paid(b: Bench) -> None:
    rule = b.desk.add_rule(a_rule(), who="anna", at=b.at)
    [started] = b.desk.apply_rule(rule, holding(10 * WEI), b.at)
    b.desk.reject(started.id, who="bert", at=b.at)
    assert b.desk.apply_rule(rule, holding(10 * WEI), b.at + DAY - 1) == ()
    assert len(b.desk.apply_rule(rule, holding(10 * WEI), b.at + DAY)) == 1


@check()
def a_rule_leaves_what_is_promised_and_what_is_kept(b: Bench) -> None:
    b.request(15 * WEI)
    rule = b.desk.add_rule(a_rule(), who="anna", at=b.at)
    assert b.desk.apply_rule(rule, holding(24 * WEI), b.at) == ()
    [started] = b.desk.apply_rule(rule, holding(25 * WEI), b.at)
    assert started.amount == 9 * WEI


@check()
def a_rule_keeps_to_the_limits(b: Bench) -> None:
    rule = b.desk.add_rule(a_rule(), who="anna", at=b.at)
    [started] = b.desk.apply_rule(rule, holding(500 * WEI), b.at)
    assert started.amount == 100 * WEI
    b.desk.cancel(started.id, who="anna", at=b.at)
    b.at += DAY
    b.request(90 * WEI)
    b.request(90 * WEI)
    [rest] = b.desk.apply_rule(rule, holding(500 * WEI), b.at)
    assert rest.amount == 20 * WEI


@check()
def a_rule_divides_by_share(b: Bench) -> None:
    b.desk.set_share(SAVINGS, 2, who="anna", at=b.at)
    b.desk.set_share(PARTNER, 1, who="anna", at=b.at)
    rule = b.desk.add_rule(a_rule(destination=None), who="anna", at=b.at)
    parts = b.desk.apply_rule(rule, holding(11 * WEI), b.at)
    assert {each.destination: each.amount for each in parts} == {
        SAVINGS: 10 * WEI * 2 // 3 + 1,
        PARTNER: 10 * WEI // 3,
    }
    assert sum(each.amount for each in parts) == 10 * WEI


@check()
def all_parts_of_a_rule_or_none(b: Bench) -> None:
    b.desk.set_share(SAVINGS, 10_000, who="anna", at=b.at)
    b.desk.set_share(PARTNER, 1, who="anna", at=b.at)
    rule = b.desk.add_rule(a_rule(destination=None), who="anna", at=b.at)
    refused(
        WithdrawalRefused, "the least", lambda: b.desk.apply_rule(rule, holding(11 * WEI), b.at)
    )
    with b.desk.store.reading() as treasury:
        assert treasury.newest() == ()


@check()
def a_balance_that_is_unknown_starts_nothing(b: Bench) -> None:
    timed = a_rule(
        origin=Origin.SCHEDULED, threshold=None, schedule="* * * * *", amount=WEI, id="r-2"
    )
    for rule in (a_rule(), timed):
        b.desk.add_rule(rule, who="anna", at=NOON)
        assert b.desk.apply_rule(rule, Holdings(), NOON + 120) == ()
    [timed] = [rule for rule in rules(b) if rule.id == "r-2"]
    # Its time is not over by that.
    assert len(b.desk.apply_rule(timed, holding(5 * WEI), NOON + 130)) == 1


def rules(b: Bench) -> tuple[Rule, ...]:
    with b.desk.store.reading() as treasury:
        return treasury.rules()


@check(free_up_to_wei=100 * WEI)
def a_time_comes_once(b: Bench) -> None:
    plain = {"origin": Origin.SCHEDULED, "threshold": None, "amount": WEI}
    b.desk.add_rule(a_rule(schedule="0 * * * *", **plain), who="anna", at=NOON)
    hour = NOON - NOON % HOUR + HOUR

    def tick(at: float) -> int:
        b.at = at
        return len(b.desk.apply_rule(rules(b)[0], holding(50 * WEI), at))

    assert tick(hour - 1) == 0
    assert tick(hour) == 1
    [started] = b.desk.dispatch.due(hour + 600)
    b.at = hour + 600
    b.paid(started)
    assert tick(hour + 700) == 0
    # Three hours nobody looked: the newest is made up for, and no other.
    assert tick(hour + 3 * HOUR + 5) == 1
    assert tick(hour + 3 * HOUR + 6) == 0


# --- emergencies ---------------------------------------------------------------------------


def sweep(b: Bench, proof: str | None = None, **balances: int) -> Any:
    given = sweep_digest(Book.LIVE, SAFE)[:8] if proof is None else proof
    holdings = Holdings({ETHER: 500 * WEI, USDC: 7, DARK: 9} | balances, WEI)  # type: ignore[arg-type]
    return b.desk.sweep(holdings, who="anna", at=b.at, proof=given)


@check()
def a_sweep_takes_everything_to_the_safe_address(b: Bench) -> None:
    asked = b.request()
    signed = b.advance(b.cooled(), S.SIGNED)
    swept = sweep(b)
    assert {each.asset: each.amount for each in swept} == {
        ETHER: 500 * WEI - WEI - 5 * WEI,
        USDC: 7,
        DARK: 9,
    }
    assert {each.destination for each in swept} == {SAFE}
    assert b.withdrawal(asked.id).state is S.CANCELLED
    assert b.withdrawal(signed.id).state is S.SIGNED
    for each in swept:
        assert each in b.desk.dispatch.due(b.at)
        assert b.advance(each, S.SIGNED).state is S.SIGNED
    refused(WithdrawalRefused, "under way", lambda: sweep(b))
    # What of unknown worth is under way is no zero in the day's sum.
    refused(UnknownWorth, "unknown worth", b.request)
    rule = b.desk.add_rule(a_rule(), who="anna", at=b.at)
    assert b.desk.apply_rule(rule, holding(900 * WEI), b.at) == ()


@check()
def a_sweep_is_confirmed(b: Bench) -> None:
    for proof in ("", "00000000", sweep_digest(Book.REHEARSAL, SAFE)[:8]):
        refused(ApprovalRefused, "second factor", lambda proof=proof: sweep(b, proof))


@check()
def a_sweep_needs_an_aged_safe_address(b: Bench) -> None:
    b.desk.remove_destination(SAFE, who="anna", at=b.at)
    refused(DestinationRefused, "no safe address", lambda: sweep(b))
    b.desk.add_destination(SAFE, "safe", who="anna", at=b.at, purpose=Purpose.SAFE)
    refused(DestinationRefused, "too recently", lambda: sweep(b))


@check()
def a_sweep_is_not_redirected(b: Bench) -> None:
    swept = sweep(b)[0]
    payment = Payment(ETHER, WEI, SAVINGS)
    refused(
        IllegalWithdrawalMove,
        "part of a sweep",
        lambda: b.desk.edit(swept.id, payment, who="anna", at=b.at),
    )
    with b.desk.store.writing() as work:
        work.change_destination(SAFE, {"purpose": "payments"})
    refused(IllegalWithdrawalMove, "not the safe", lambda: b.advance(swept, S.SIGNED))


# --- commands ------------------------------------------------------------------------------


def request_body(amount: str = "2", **changes: str) -> dict[str, str]:
    return {"amount": amount, "destination": SAVINGS} | changes


def served(b: Bench, control: ControlStore) -> Service:
    return Service(b.desk, control.commands, Automatic())


def with_control(story: Callable[[Bench, ControlStore], None]) -> Callable[[Bench], None]:
    def tell(b: Bench) -> None:
        with (
            tempfile.TemporaryDirectory() as folder,
            ControlStore.open(database_url(Path(folder) / "control.db")) as control,
        ):
            story(b, control)

    tell.__name__ = story.__name__
    return tell


@check()
@with_control
def a_command_is_carried_out_and_answered(b: Bench, control: ControlStore) -> None:
    number = control.commands.ask(
        "withdrawal.request", request_body(), "anna", NOON, book=Book.LIVE
    )
    tended = asyncio.run(served(b, control).tend(NOON))
    assert tended.answered == (number,)
    done = control.commands.find(number)
    assert done is not None
    assert (done.state, "waits for 1 approval" in done.answer) == (CommandState.DONE, True)


@check()
@with_control
def a_crash_applies_no_command_twice(b: Bench, control: ControlStore) -> None:
    number = control.commands.ask(
        "withdrawal.request", request_body(), "anna", NOON, book=Book.LIVE
    )
    service = served(b, control)
    answers: list[Any] = []

    class Crash(Exception):
        pass

    def crash(*arguments: Any) -> None:
        answers.append(arguments)
        raise Crash

    service._commands.answer = crash  # type: ignore[method-assign]
    with contextlib.suppress(Crash):
        asyncio.run(service.tend(NOON))
    with b.desk.store.reading() as treasury:
        assert len(treasury.newest()) == 1
    asyncio.run(served(b, control).tend(NOON + 1))
    with b.desk.store.reading() as treasury:
        assert len(treasury.newest()) == 1
    done = control.commands.find(number)
    assert done is not None
    assert (done.state, done.answer) == (CommandState.DONE, answers[0][2])
    assert len([action for action in b.audit.actions if action == "withdrawal.request"]) == 1


@check()
@with_control
def a_refusal_stays_refused(b: Bench, control: ControlStore) -> None:
    number = control.commands.ask(
        "withdrawal.request", request_body("1000"), "anna", NOON, book=Book.LIVE
    )
    asyncio.run(served(b, control).tend(NOON))
    done = control.commands.find(number)
    assert done is not None
    assert (done.state, "the most" in done.answer) == (CommandState.REFUSED, True)


@check()
@with_control
def a_command_is_for_one_book_and_one_day(b: Bench, control: ControlStore) -> None:
    ask = control.commands.ask
    other = ask("withdrawal.request", request_body(), "anna", NOON, book=Book.REHEARSAL)
    old = ask("withdrawal.request", request_body(), "anna", NOON - DAY - 1, book=Book.LIVE)
    part = ask("withdrawal.request", request_body(), "The Settings", NOON, book=Book.LIVE)
    asyncio.run(served(b, control).tend(NOON))
    for number, words in (
        (other, "keeps the live book"),
        (old, "24.0 hours ago"),
        (part, "a part of AINEON"),
    ):
        found = control.commands.find(number)
        assert found is not None
        assert (found.state, words in found.answer) == (CommandState.REFUSED, True), found.answer
    with b.desk.store.reading() as treasury:
        assert treasury.newest() == ()


@check()
@with_control
def a_form_that_is_sent_twice_is_one(b: Bench, control: ControlStore) -> None:
    numbers = {
        control.commands.ask(
            "withdrawal.request", request_body(), "anna", at, book=Book.LIVE, token="form-1"
        )
        for at in (NOON, NOON + 1)
    }
    assert len(numbers) == 1
    payment = Payment(ETHER, 2 * WEI, SAVINGS)
    first = b.desk.request(payment, who="anna", at=NOON, token="t")
    assert b.desk.request(payment, who="anna", at=NOON + 9, token="t") == first
    for changed, who in ((Payment(ETHER, 3 * WEI, SAVINGS), "anna"), (payment, "bert")):
        refused(
            InvalidWithdrawal,
            "a changed form",
            lambda changed=changed, who=who: b.desk.request(changed, who=who, at=NOON, token="t"),
        )


@check(free_up_to_wei=100 * WEI)
@with_control
def the_settings_rule_waits_for_its_destination(b: Bench, control: ControlStore) -> None:
    where = "0x" + "ab12cd34" * 5
    service = Service(b.desk, control.commands, Automatic(where, 10 * WEI, WEI))  # type: ignore[arg-type]
    tended = asyncio.run(service.tend(NOON, holding(12 * WEI)))
    assert tended.started == ()
    assert "too recently" in tended.waiting["settings"]
    [started] = asyncio.run(service.tend(NOON + DAY, holding(12 * WEI))).started
    assert (started.amount, started.destination) == (11 * WEI, where)
    assert asyncio.run(service.tend(NOON + DAY + 1, holding(12 * WEI))).started == ()
    b.desk.remove_destination(where, who="anna", at=NOON + DAY + 2)
    asyncio.run(service.tend(NOON + 3 * DAY, holding(12 * WEI)))
    with b.desk.store.reading() as treasury:
        assert all(each.address != where for each in treasury.destinations())


@check()
@with_control
def an_address_of_the_settings_that_is_refused_stops_nothing_else(
    b: Bench, control: ControlStore
) -> None:
    number = control.commands.ask(
        "withdrawal.request", request_body(), "anna", NOON, book=Book.LIVE
    )
    service = Service(b.desk, control.commands, Automatic(EXECUTOR))
    tended = asyncio.run(service.tend(NOON))
    assert tended.answered == (number,)
    assert "the executor contract" in "".join(tended.waiting.values())


@check()
@with_control
def a_draft_is_written_and_then_asked_for(b: Bench, control: ControlStore) -> None:
    ask, service = control.commands.ask, served(b, control)
    ask("withdrawal.draft", request_body("90"), "anna", NOON, book=Book.LIVE)
    asyncio.run(service.tend(NOON))
    with b.desk.store.reading() as treasury:
        [draft] = treasury.newest()
        assert treasury.used(NOON).count == 0
    assert (draft.state, draft.worth_wei) == (S.DRAFT, None)
    ask("withdrawal.submit", {"id": draft.id}, "bert", NOON, book=Book.LIVE)
    asyncio.run(service.tend(NOON))
    assert b.withdrawal(draft.id).state is S.PENDING_APPROVAL
    refused(IllegalWithdrawalMove, "no draft", lambda: b.desk.submit(draft.id, who="x", at=NOON))


@check()
def a_clock_that_the_chain_denies_is_not_believed(b: Bench) -> None:
    head = Block(1, timestamp=int(NOON))
    assert doubt_of_time(head, NOON + 300, 300.0) == doubt_of_time(head, NOON - 300, 300.0) == ""
    assert "ahead of block 1" in doubt_of_time(head, NOON + 301, 300.0)
    assert "behind block 1" in doubt_of_time(head, NOON - 301, 300.0)
    assert "does not say" in doubt_of_time(replace(head, timestamp=None), NOON, 300.0)
    assert doubt_of_time(head, NOON + DAY, None) == ""


# --- batches -------------------------------------------------------------------------------


@check()
def batches_are_of_one_kind_and_cheaper(b: Bench) -> None:
    gas = BatchGas(alone=21_000, base=20_000, each=10_000, most=3)
    one, two, three, four = (b.request(WEI) for _ in range(4))
    token = b.request(4000 * 10**6, asset=USDC)
    groups = select_batches([token, one, two, three, four], gas)
    assert [len(group) for group in groups] == [3]
    assert {each.asset for group in groups for each in group} == {ETHER}
    assert select_batches([one, token], gas) == ()
    assert select_batches([one, two], BatchGas(21_000, 22_000, 10_000, 3)) == ()
    swept = sweep(b)
    assert select_batches(swept, gas) == ()
