"""What becomes of attempts on a chain: included, missed, reverted, taken back, late."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from aineon.execution.encoding import builder_payment, decode_execute
from aineon.execution.executor import NotSubmitted, PreflightResult
from aineon.execution.live.journal import Journal
from aineon.execution.settlement import Attempt, Outcome, Verification
from aineon.ledger.records import SettlementRecord
from aineon.primitives import RehearsalMoney, SimulatedMoney
from aineon.primitives.units import GWEI
from aineon.rehearsal.anvil import CHAIN_ID
from aineon.rehearsal.bundles import Fate
from aineon.search import CostModel
from aineon.search.lenders import AAVE_V3, BALANCER_V2, FLASH_SWAP, OWN
from aineon.sending.signer import call_data_of
from tests.execution.live.rig import Rig
from tests.ledger import booked


@pytest.mark.parametrize("money", [OWN, FLASH_SWAP, BALANCER_V2, AAVE_V3])
async def test_an_included_attempt_earns_what_was_predicted_to_the_wei(
    rig: Rig, money: str
) -> None:
    plan = rig.profit(money).plan
    before = rig.scene._held(plan.base_token, rig.scene.treasury)
    attempt = await rig.attempt(plan)
    assert rig.executor.in_flight == (attempt,)
    (verdict,) = await rig.block()
    assert verdict.fate is Fate.INCLUDED
    assert await rig.look() == []
    assert rig.executor.in_flight == ()
    (seen,) = rig.executor.pending()
    assert (seen.outcome, seen.provenance) == (Outcome.INCLUDED, "pending")

    settlement = await rig.until_settled(attempt.attempt_id)
    assert rig.executor.pending() == ()
    payment = builder_payment(plan, rig.scene.native)
    received = rig.scene._held(plan.base_token, rig.scene.treasury) - before
    assert received == plan.expected_profit - payment
    assert settlement.outcome is Outcome.INCLUDED
    assert settlement.finalised
    assert settlement.gross_profit == plan.expected_out - plan.amount_in
    assert settlement.flash_fee == plan.flash_loan.fee
    assert settlement.builder_payment == RehearsalMoney(payment)
    receipt = await rig.reader.receipt(settlement.transaction_hash or "")
    assert receipt is not None
    assert settlement.gas_cost == RehearsalMoney(receipt.gas_used * receipt.gas_price_wei)
    assert settlement.net == RehearsalMoney(received) - settlement.gas_cost
    assert seen.net == settlement.net
    assert settlement.verification is Verification.UNVERIFIED
    assert len(rig.settled) == 1


@pytest.mark.parametrize("base", ["WETH", "USDC"])
async def test_a_signed_trade_reverts_before_it_leaves_less_than_its_gas_can_cost(
    rig: Rig, base: str
) -> None:
    """The builder gets the tip whatever the trade leaves, and can make it leave less."""
    plan = replace(rig.profit(base=base).plan, builder_payment_bps=9_000)
    await rig.look()
    gas_used = 250_000
    attempt = await rig.submit(plan, PreflightResult("", gas_used=gas_used))
    assert isinstance(attempt, Attempt)
    (version,) = rig.sender.outbox.versions(attempt.attempt_id)
    least = decode_execute(call_data_of(version.raw))[3]
    costs = CostModel(
        lenders=tuple(rig.scene.lenders.values()),
        priority_fee_wei=GWEI,
        native_token=rig.scene.native,
    )
    worth = costs.native_value(least, plan.base_token, await rig.market())
    assert worth is not None
    dearest = version.fees.max_fee_wei * gas_used
    # The worth of tokens is a float, good to 15 digits; and rounded to their smallest unit.
    assert worth >= dearest * 999_999 // 10**6
    # Control: the plan's own least profit is not enough.
    own = costs.native_value(plan.min_profit, plan.base_token, await rig.market())
    assert own is not None
    assert own < dearest
    # What is expected still passes.
    assert least <= plan.expected_profit - builder_payment(plan, rig.scene.native)


async def test_what_is_missed_costs_nothing(rig: Rig) -> None:
    found = rig.profit()
    attempt = await rig.attempt(found.plan)
    purse = await rig.reader.balance(rig.scene.operator)
    rig.relay.take(10**9)
    for _ in range(3):
        await rig.block()
        await rig.look()
    # Its blocks have passed, and could still be taken back.
    assert rig.executor.in_flight == ()
    assert rig.settled == []
    settlement = await rig.until_settled(attempt.attempt_id)
    assert settlement.outcome is Outcome.MISSED
    assert settlement.net == settlement.gas_cost == RehearsalMoney(0)
    assert settlement.settled_block == found.plan.deadline_block
    assert "no builder took it up" in settlement.reason
    assert await rig.reader.balance(rig.scene.operator) == purse


async def test_a_stale_trade_is_dropped_by_the_builder_and_missed(rig: Rig) -> None:
    plan = rig.profit().plan
    attempt = await rig.attempt(plan)
    rig.compete(plan)
    (verdict,) = await rig.block()
    assert verdict.fate is Fate.REVERTED
    settlement = await rig.until_settled(attempt.attempt_id)
    assert settlement.outcome is Outcome.MISSED


async def test_who_was_faster_in_a_block_before_is_told_from_a_fault(rig: Rig) -> None:
    plan = rig.profit().plan
    attempt = await rig.attempt(plan)
    rig.compete(plan)
    rig.force(rig.raw_of(attempt))
    settlement = await rig.until_settled(attempt.attempt_id)
    assert settlement.outcome is Outcome.REVERTED
    assert "somebody was faster: too little" in settlement.reason
    assert settlement.gas_cost is not None
    assert settlement.gas_cost.wei > 0
    assert settlement.net == -settlement.gas_cost
    assert settlement.builder_payment == RehearsalMoney(0)


async def test_who_was_faster_in_the_very_block_is_told_too(rig: Rig) -> None:
    plan = rig.profit().plan
    attempt = await rig.attempt(plan)
    rig.compete_in_the_next_block(plan)
    rig.force(rig.raw_of(attempt))
    settlement = await rig.until_settled(attempt.attempt_id)
    assert settlement.outcome is Outcome.REVERTED
    assert "faster in its own block" in settlement.reason
    assert not rig.stop.state().is_set


async def test_three_faults_of_ours_in_a_row_latch_the_stop(rig: Rig) -> None:
    plan = rig.profit().plan
    owner = rig.scene.world.accounts.owner.address
    await rig.look()
    rig.as_role(owner, "remove_base(address)", plan.base_token.address)
    for number in range(3):
        assert not rig.stop.state().is_set
        await rig.look()
        newest = (await rig.newest()).number
        fresh = replace(plan, target_block=newest + 1, deadline_block=newest + 2)
        attempt = await rig.submit(fresh, PreflightResult("", gas_used=300_000 + number))
        assert isinstance(attempt, Attempt)
        rig.force(rig.raw_of(attempt))
        rig.mine()
        await rig.look()
    state = rig.stop.state()
    assert "3 trades in a row reverted by faults of ours" in str(state)
    assert "not a base" in str(state)
    assert "emergency stop is set" in rig.executor.trouble
    refused = await rig.submit(plan, PreflightResult("", gas_used=300_000))
    assert isinstance(refused, NotSubmitted)


async def test_running_out_of_gas_is_a_fault(rig: Rig) -> None:
    plan = rig.profit().plan
    await rig.look()
    attempt = await rig.submit(plan, PreflightResult("", gas_used=60_000))
    assert isinstance(attempt, Attempt)
    rig.force(rig.raw_of(attempt))
    settlement = await rig.until_settled(attempt.attempt_id)
    assert "its gas limit of 84000 was too little" in settlement.reason


async def test_a_reorganisation_takes_an_included_attempt_back(rig: Rig) -> None:
    plan = rig.profit().plan
    rig.mine(3)
    plan = await rig.retargeted(plan)
    attempt = await rig.attempt(plan)
    await rig.block()
    await rig.look()
    (seen,) = rig.executor.pending()
    head = (await rig.newest()).number
    # anvil does not put what it drops back into its mempool.
    rig.scene.ask("anvil_reorg", 2, [])
    assert await rig.executor.give_up("reorganised", after_block=head - 2) == ()
    assert rig.executor.pending() == ()
    assert rig.executor.in_flight == (attempt,)
    await rig.look()
    assert rig.executor.pending() == ()
    assert rig.settled == []
    # The same bytes, mined in another block of the same height or later.
    rig.force(rig.raw_of(attempt))
    settlement = await rig.until_settled(attempt.attempt_id)
    assert settlement.outcome is Outcome.INCLUDED
    assert settlement.transaction_hash == seen.transaction_hash
    assert len(rig.settled) == 1


async def test_what_is_mined_after_it_was_missed_is_settled_beside(rig: Rig) -> None:
    plan = rig.profit().plan
    attempt = await rig.attempt(plan)
    raw = rig.raw_of(attempt)
    rig.relay.take(10**9)
    missed = await rig.until_settled(attempt.attempt_id)
    assert missed.outcome is Outcome.MISSED
    # An unfaithful relay has kept it; the contract refuses it, for gas.
    rig.force(raw)
    late = await rig.until_settled(f"{attempt.attempt_id}:late")
    assert late.outcome is Outcome.REVERTED
    assert late.reason.startswith("mined after it had been settled as missed: ")
    assert "too late" in late.reason
    assert late.net is not None
    assert late.net.wei < 0
    assert not rig.stop.state().is_set


async def test_a_fault_that_was_settled_late_counts_among_the_faults(rig: Rig) -> None:
    """It is booked beside the miss; counted by the missed attempt alone it would be forgotten."""
    attempt = await rig.attempt(rig.profit().plan)
    rig.relay.take(10**9)
    await rig.until_settled(attempt.attempt_id)
    journal = Journal(rig.store, CHAIN_ID, rig.scene.world.accounts.operator.address)
    assert journal.faults() == []

    def book(make: Callable[..., SettlementRecord], attempt_id: str, at_fault: bool) -> None:
        settled = make(attempt_id, at_fault=at_fault)
        money = {
            each.name: RehearsalMoney(getattr(settled, each.name).wei)
            for each in fields(settled)
            if isinstance(getattr(settled, each.name), SimulatedMoney)
        }
        booked.trade(rig.store, rig.booking.run.run_id, replace(settled, **money))

    book(booked.reverted, "of-another-sender:late", at_fault=True)
    assert journal.faults() == []
    book(booked.reverted, f"{attempt.attempt_id}:late", at_fault=True)
    [fault] = journal.faults()
    entry = journal.entry(fault)
    assert entry is not None
    assert entry.attempt.attempt_id == attempt.attempt_id


async def test_two_attempts_that_compete_for_a_nonce(rig: Rig) -> None:
    plan = rig.profit().plan
    one = await rig.attempt(plan)
    two = await rig.attempt(replace(plan, min_profit=plan.min_profit + 10**9))
    assert rig.executor.in_flight == (one, two)
    await rig.block()
    both = [await rig.until_settled(each.attempt_id) for each in (one, two)]
    assert {each.outcome for each in both} == {Outcome.INCLUDED, Outcome.MISSED}
    (missed,) = [each for each in both if each.outcome is Outcome.MISSED]
    assert "another transaction of ours took nonce 0" in missed.reason
