"""What keeps plans from being sent: a sentence each, nothing signed, and over when it is over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aineon.chain.client import ChainClient
from aineon.errors import AuditUnwritable, StopLatched
from aineon.execution.executor import NotSubmitted, PreflightResult
from aineon.execution.live.audit_watch import AuditWatch
from aineon.execution.settlement import Attempt, Outcome
from aineon.market import Market
from aineon.primitives import Address
from aineon.primitives.units import ETHER, GWEI
from aineon.rehearsal.relay import Fault, Relay
from tests.contracts.routes.scenes import Scene
from tests.execution.live.rig import Rig, client_of, engine, expectations
from tests.faults.proxy import FaultProxy, drop

PASSED = PreflightResult("", gas_used=200_000)


def nothing_was_signed(rig: Rig) -> bool:
    return rig.sender.outbox.slots() == () and rig.relay.received == 0


async def refused(rig: Rig, gate: str) -> str:
    """The reason why a plan is not submitted, at `gate`."""
    plan = rig.profit().plan
    await rig.look()
    answer = await rig.submit(plan, PASSED)
    assert isinstance(answer, NotSubmitted)
    assert answer.gate == gate, answer
    return answer.reason


async def test_nothing_is_sent_before_the_chain_was_looked_at(rig: Rig) -> None:
    plan = rig.profit().plan
    answer = await rig.submit(plan, PASSED)
    assert isinstance(answer, NotSubmitted)
    assert "not looked at yet" in answer.reason
    assert nothing_was_signed(rig)


async def test_the_stop(rig: Rig) -> None:
    rig.stop.latch("somebody said so", "a test")
    assert "somebody said so" in await refused(rig, "not_ready")
    assert "emergency stop" in rig.executor.trouble
    assert nothing_was_signed(rig)
    rig.stop.clear("a test", rig.stop.state())
    rig.mine()
    await rig.look()
    assert rig.executor.trouble == ""


async def test_an_audit_that_cannot_be_written(rig: Rig) -> None:
    def broken() -> None:
        raise AuditUnwritable("the audit cannot be written: its disk is full")

    rig.executor._audit = AuditWatch(broken)
    assert "its disk is full" in await refused(rig, "not_ready")
    assert nothing_was_signed(rig)


async def test_a_stop_between_two_blocks(rig: Rig) -> None:
    plan = rig.profit().plan
    await rig.look()
    rig.stop.latch("somebody said so", "a test")
    answer = await rig.submit(plan, PASSED)
    assert isinstance(answer, NotSubmitted)
    assert answer.gate == "stop"
    assert "somebody said so" in rig.executor.trouble
    assert nothing_was_signed(rig)


async def test_a_key_that_was_used_elsewhere(rig: Rig) -> None:
    rig.scene.ask("anvil_setNonce", rig.scene.operator, hex(7))
    assert "its key was used elsewhere" in await refused(rig, "not_ready")
    assert rig.stop.state().is_set


async def test_no_gas_money(rig: Rig) -> None:
    rig.scene.ask("anvil_setBalance", rig.scene.operator, hex(10**9))
    reason = await refused(rig, "not_ready")
    assert rig.executor.trouble == reason
    assert f"{rig.scene.operator} has " in reason
    assert "and needs at least " in reason
    assert nothing_was_signed(rig)
    rig.scene.ask("anvil_setBalance", rig.scene.operator, hex(ETHER))
    rig.mine()
    await rig.look()
    assert rig.executor.trouble == ""


async def test_too_little_gas_money_for_this_plan(rig: Rig) -> None:
    plan = rig.profit().plan
    # Enough for small trades; the cap of this one times its limit is more.
    rig.scene.ask("anvil_setBalance", rig.scene.operator, hex(200_000 * GWEI))
    await rig.look()
    assert rig.executor.trouble == ""
    answer = await rig.submit(plan, PASSED)
    assert isinstance(answer, NotSubmitted)
    assert answer.gate == "gas_money"
    assert "280000 gas at up to " in answer.reason
    assert nothing_was_signed(rig)


async def test_no_contract_and_another_contract(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path
) -> None:
    elsewhere = {
        Address("0x" + "77" * 20): "there is no contract at 0x7777",
        scene.native.address: "is not the executor of this version",
    }
    for number, (address, words) in enumerate(elsewhere.items()):
        expected = replace(expectations(scene), executor=address)
        folder = tmp_path / str(number)
        folder.mkdir()
        async with engine(scene, reader, relay, folder, expected=expected) as rig:
            assert words in await refused(rig, "not_ready")
            assert words in rig.executor.trouble
            assert nothing_was_signed(rig)


async def test_a_paused_contract_and_the_end_of_the_pause(rig: Rig) -> None:
    accounts = rig.scene.world.accounts
    rig.as_role(accounts.guardian.address, "pause()")
    assert "paused until its owner unpauses it" in await refused(rig, "not_ready")
    # It is a place of the emergency stop: nothing else is signed or handed out either.
    [reason] = rig.stop.state().reasons
    assert reason.place == "chain"
    with pytest.raises(StopLatched, match="paused until its owner unpauses it"):
        rig.stop.check("signing")
    rig.as_role(accounts.owner.address, "unpause()")
    await rig.look()
    assert rig.executor.trouble == ""
    rig.stop.check("signing")


async def test_a_pause_that_nobody_looked_at_is_none_to_rely_on(rig: Rig) -> None:
    """Control: before the first look the stop is set, after it it is not."""
    with pytest.raises(StopLatched, match="was never looked at"):
        rig.stop.check("signing")
    await rig.look()
    rig.stop.check("signing")


async def test_another_operator(rig: Rig) -> None:
    somebody = rig.scene.world.accounts.searcher.address
    rig.as_role(rig.scene.world.accounts.owner.address, "set_operator(address)", somebody)
    assert f"the contract's operator is {somebody}" in await refused(rig, "not_ready")


async def test_a_stale_plan(rig: Rig) -> None:
    plan = rig.profit().plan
    rig.mine(2)
    await rig.look()
    answer = await rig.submit(plan, PASSED)
    assert isinstance(answer, NotSubmitted)
    assert answer.gate == "stale"
    assert f"good until block {plan.deadline_block}" in answer.reason
    assert nothing_was_signed(rig)


async def test_fees_above_the_plans_own_limit(rig: Rig) -> None:
    plan = rig.profit().plan
    await rig.look()
    answer = await rig.submit(replace(plan, max_fee_per_gas_wei=1), PASSED)
    assert isinstance(answer, NotSubmitted)
    assert answer.gate == "gas"
    assert "above the plan's" in answer.reason
    assert nothing_was_signed(rig)


async def test_more_gas_than_a_transaction_may_use(rig: Rig) -> None:
    plan = rig.profit().plan
    await rig.look()
    answer = await rig.submit(plan, PreflightResult("", gas_used=16_000_000))
    assert isinstance(answer, NotSubmitted)
    assert "a transaction may use 16777216" in answer.reason


@pytest.mark.parametrize("fault", [Fault.REFUSE])
async def test_a_relay_that_refuses_and_comes_to_its_senses(rig: Rig, fault: Fault) -> None:
    rig.relay.fault = fault
    reason = await refused(rig, "relays")
    assert "relay-1 refuses: the relay takes no bundles now" in reason
    assert rig.executor.trouble == reason
    assert rig.executor.in_flight == ()
    rig.relay.fault = Fault.NONE
    rig.mine()
    await rig.look()
    assert rig.executor.trouble == ""
    plan = await rig.retargeted(rig.profit().plan)
    await rig.attempt(plan)


async def test_a_relay_that_is_not_there(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path
) -> None:
    async with engine(scene, reader, relay, tmp_path, relay_url="http://127.0.0.1:9") as rig:
        assert "relay-1 could not be reached" in await refused(rig, "relays")


async def test_what_a_relay_refused_may_be_mined_and_is_booked_then(rig: Rig) -> None:
    rig.relay.fault = Fault.REFUSE
    await refused(rig, "relays")
    ((version,),) = (slot.versions for slot in rig.sender.outbox.slots())
    rig.force(version.raw)
    rig.mine()
    await rig.look()
    (seen,) = rig.executor.pending()
    settlement = await rig.until_settled(version.intent_id)
    assert settlement.attempt.attempt_id == seen.attempt.attempt_id
    assert settlement.net == seen.net


async def test_what_a_relay_refused_and_nobody_mined_is_not_spoken_of(rig: Rig) -> None:
    rig.relay.fault = Fault.REFUSE
    await refused(rig, "relays")
    rig.mine(80)
    await rig.look()
    assert rig.settled == []


@pytest.mark.parametrize("fault", [Fault.HANG, Fault.LOSE_ANSWER, Fault.SERVER_ERROR])
async def test_relays_that_say_nothing_leave_the_attempt_open(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path, fault: Fault
) -> None:
    async with engine(scene, reader, relay, tmp_path, answer_seconds=0.2) as rig:
        plan = rig.profit().plan
        await rig.look()
        relay.fault = fault
        attempt = await rig.submit(plan, PASSED)
        # The bytes may be out, whatever was answered.
        assert isinstance(attempt, Attempt)
        assert rig.executor.in_flight == (attempt,)
        assert "no relay took the bundle: relay-1 " in rig.executor.trouble
        relay.take(10**9)
        settlement = await rig.until_settled(attempt.attempt_id)
        assert settlement.outcome is Outcome.MISSED


async def test_no_node_answers_and_then_one_does(
    scene: Scene, relay: Relay, tmp_path: Path, reader: ChainClient
) -> None:
    async with FaultProxy(scene.world.anvil.url) as proxy:
        behind = await client_of(proxy.url)
        async with engine(scene, behind, relay, tmp_path) as rig:
            plan = rig.profit().plan
            await rig.look()
            rig.mine()
            head = await reader.block("latest")
            assert head is not None
            proxy.on("*", drop())
            assert await rig.executor.settle(Market(), head, frozenset()) == ()
            assert rig.executor.trouble
            answer = await rig.executor.submit(plan, head, 0, PASSED)
            assert isinstance(answer, NotSubmitted)
            assert answer.gate == "not_ready"
            proxy.clear()
            await behind.check()
            rig.mine()
            head = await reader.block("latest")
            assert head is not None
            await rig.executor.settle(Market(), head, frozenset())
            assert rig.executor.trouble == ""
        await behind.aclose()


async def test_another_engine_signs(
    rig: Rig, scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path
) -> None:
    await rig.look()
    async with engine(scene, reader, relay, tmp_path, run=2) as other:
        await other.look()
        assert "run 1 signs for " in other.executor.trouble
        await rig.executor.aclose()
        other.mine()
        await other.look()
        assert other.executor.trouble == ""
