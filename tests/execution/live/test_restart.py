"""An engine that dies between handing out and the receipt; the next one settles once, and right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from aineon.chain.client import ChainClient
from aineon.chain.reader import BlockRef, Call
from aineon.engine.booking import settle_left_over
from aineon.errors import NodeRefused
from aineon.execution.executor import PreflightResult
from aineon.execution.live.following import MOST_FAULTS
from aineon.execution.plan import ExecutionPlan
from aineon.execution.settlement import Attempt, Outcome
from aineon.ledger.reading import BookReader
from aineon.primitives import Provenance, SystemClock
from aineon.rehearsal.relay import Relay
from tests.contracts.routes.scenes import Scene
from tests.execution.live.rig import Rig, engine

PASSED = PreflightResult("", gas_used=200_000)


def trades_of(rig: Rig) -> dict[str, str | None]:
    with BookReader.of(rig.store) as book:
        return {trade.attempt.attempt_id: trade.outcome for trade in book.trades()}


async def test_an_attempt_that_nobody_booked_is_booked_and_settled_once(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path
) -> None:
    async with engine(scene, reader, relay, tmp_path) as first:
        plan = first.profit().plan
        before = scene._held(plan.base_token, scene.treasury)
        attempt = await first.attempt(plan)
        # Nothing more is heard of it: neither the attempt nor an observation is booked.
        assert trades_of(first) == {}
    async with engine(scene, reader, relay, tmp_path, run=2) as second:
        assert settle_left_over(second.store, SystemClock()) == 0
        await second.block()
        await second.look()
        (seen,) = second.executor.pending()
        assert seen.attempt == attempt
        assert trades_of(second) == {attempt.attempt_id: None}
        with BookReader.of(second.store) as book:
            (pending,) = book.pending()
        assert pending.provenance is Provenance.PENDING
        assert pending.observation.net == seen.net
    async with engine(scene, reader, relay, tmp_path, run=3) as third:
        settlement = await third.until_settled(attempt.attempt_id)
        received = scene._held(plan.base_token, scene.treasury) - before
        assert settlement.outcome is Outcome.INCLUDED
        assert settlement.gas_cost is not None
        assert settlement.net is not None
        assert (settlement.net + settlement.gas_cost).wei == received
        with BookReader.of(third.store) as book:
            assert book.pending() == ()
    async with engine(scene, reader, relay, tmp_path, run=4) as fourth:
        fourth.mine(3)
        await fourth.look()
        assert fourth.settled == []
        assert trades_of(fourth) == {attempt.attempt_id: "included"}


async def test_a_booked_attempt_is_adopted_and_counts_as_in_flight(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path
) -> None:
    async with engine(scene, reader, relay, tmp_path) as first:
        attempt = await first.attempt(first.profit().plan)
        first.store.write(attempts=[first.record_of(attempt)])
    async with engine(scene, reader, relay, tmp_path, run=2) as second:
        # The chain tells what became of it, so it is not given up.
        assert settle_left_over(second.store, SystemClock()) == 0
        await second.executor.start()
        await second.look()
        assert second.executor.in_flight == (attempt,)
        relay.take(10**9)
        settlement = await second.until_settled(attempt.attempt_id)
        assert settlement.outcome is Outcome.MISSED
        assert trades_of(second) == {attempt.attempt_id: "missed"}


async def test_an_attempt_that_the_outbox_does_not_know_is_given_up(rig: Rig) -> None:
    attempt = await rig.attempt(rig.profit().plan)
    record = rig.record_of(attempt)
    stranger = Attempt("rehearsal-0000-000009", attempt.plan, 1, 0, 1.0)
    rig.store.write(attempts=[record, rig.record_of(stranger)])
    assert settle_left_over(rig.store, SystemClock()) == 1
    assert trades_of(rig) == {attempt.attempt_id: None, stranger.attempt_id: "unresolved"}


async def test_faults_in_a_row_are_counted_across_a_restart(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path
) -> None:
    async with engine(scene, reader, relay, tmp_path) as first:
        plan = first.profit().plan
        owner = scene.world.accounts.owner.address
        first.as_role(owner, "remove_base(address)", plan.base_token.address)
        for number in range(MOST_FAULTS - 1):
            attempt = await faulty(first, plan, number)
            settlement = await first.until_settled(attempt.attempt_id)
            assert settlement.at_fault
    for run in (2, 3):
        async with engine(scene, reader, relay, tmp_path, run=run) as later:
            await later.look()
            # Neither a restart nor what has stopped it is a fault.
            assert later.stop.state().is_set is (run == 3)
            if run == 2:
                await faulty(later, plan, MOST_FAULTS)
                await later.look()
                assert "3 trades in a row reverted by faults of ours" in str(later.stop.state())


async def faulty(rig: Rig, plan: ExecutionPlan, number: int) -> Attempt:
    """A trade that is mined although the contract refuses it."""
    await rig.block()
    await rig.look()
    passed = PreflightResult("", gas_used=300_000 + number)
    attempt = await rig.submit(await rig.retargeted(plan), passed)
    assert isinstance(attempt, Attempt)
    rig.force(rig.raw_of(attempt))
    rig.mine()
    return attempt


async def test_what_was_mined_late_while_nobody_looked_is_settled_beside(
    scene: Scene, reader: ChainClient, relay: Relay, tmp_path: Path
) -> None:
    async with engine(scene, reader, relay, tmp_path) as first:
        attempt = await first.attempt(first.profit().plan)
        raw = first.raw_of(attempt)
        relay.take(10**9)
        await first.until_settled(attempt.attempt_id)
    async with engine(scene, reader, relay, tmp_path, run=2) as second:
        second.force(raw)
        second.mine(80)
        # The outbox hears of it, and the engine dies before it is booked.
        await second.sender.start()
    for run in (3, 4):
        async with engine(scene, reader, relay, tmp_path, run=run) as later:
            later.mine(1)
            await later.look()
            late = f"{attempt.attempt_id}:late"
            assert trades_of(later) == {attempt.attempt_id: "missed", late: "reverted"}
            assert len(later.settled) == (run == 3)


async def test_an_attempt_whose_states_all_nodes_forgot_keeps_nobody_from_trading(
    scene: Scene,
    reader: ChainClient,
    relay: Relay,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with engine(scene, reader, relay, tmp_path) as first:
        attempt = await first.attempt(first.profit().plan)
        await first.block()
    calls = ChainClient.calls

    async def of_new_states(
        client: ChainClient, asked: Sequence[Call], block: BlockRef = "latest"
    ) -> list[bytes | None]:
        if isinstance(block, int):
            raise NodeRefused("node-1 refused eth_call: missing trie node", -32000, "", None)
        return await calls(client, asked, block)

    monkeypatch.setattr(ChainClient, "calls", of_new_states)
    async with engine(scene, reader, relay, tmp_path, run=2) as second:
        second.mine(80)
        await second.look()
        assert second.executor.trouble == ""
        settlement = await second.until_settled(attempt.attempt_id)
        # What is not known is said to be unknown; the gas is known.
        assert settlement.outcome is Outcome.INCLUDED
        assert settlement.net is None
        assert settlement.gas_cost is not None
        assert settlement.gas_cost.wei > 0
