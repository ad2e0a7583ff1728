"""A live executor on a chain with the real protocols, a relay, and blocks that tests make."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aineon.chain.client import ChainClient, ClientOptions, Endpoint
from aineon.engine.booking import Booking, RunInfo
from aineon.engine.events import StepProcessed
from aineon.engine.translating import attempt_of_plan
from aineon.execution.executor import NotSubmitted, PreflightResult
from aineon.execution.live.executor import LiveExecutor, LiveRules
from aineon.execution.live.gas import GasStrategy
from aineon.execution.live.journal import Journal
from aineon.execution.live.readiness import Expectations
from aineon.execution.live.verification import Witness
from aineon.execution.plan import ExecutionPlan
from aineon.execution.preflight import ChainPreflight
from aineon.execution.settlement import Attempt, OnchainSettlement
from aineon.ledger.records import AttemptRecord, RunRecord
from aineon.ledger.store import BookStore
from aineon.market import Market
from aineon.primitives import Address, Block, Provenance, RehearsalMoney, SystemClock
from aineon.primitives.units import GWEI
from aineon.rehearsal.anvil import CHAIN_ID
from aineon.rehearsal.blocks import COINBASE
from aineon.rehearsal.bundles import Builder, Fate, NextBlock, Verdict
from aineon.rehearsal.calls import call_data
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.relay import Relay
from aineon.safety import Stop, StopFile, StopReporter
from aineon.search import CostModel
from aineon.search.lenders import FLASH_SWAP
from aineon.sending.keys import parse_private_key
from aineon.sending.relays import BundleRelay, RelayIdentity
from aineon.sending.sender import Sender
from aineon.sending.signer import LocalSigner
from tests.contracts.routes.scenes import Profit, Scene
from tests.sending.engines import open_book

KINDS = ("uniswap_v3 PoolSite", "uniswap_v2 PairSite")
UNTIL_FINAL = 70


@dataclass(frozen=True)
class Identity:
    """A test chain: its genesis differs each time."""

    chain_id: int = CHAIN_ID
    genesis_hash: str | None = None


async def client_of(url: str) -> ChainClient:
    options = ClientOptions(stale_after_s=None)
    return await ChainClient.connect([Endpoint("node-1", url)], Identity(), options=options)


@dataclass
class Rig:
    """Everything of one engine's life; `settled` is all that it settled, all of it booked."""

    scene: Scene
    reader: ChainClient
    relay: Relay
    store: BookStore
    stop: Stop
    sender: Sender
    executor: LiveExecutor
    booking: Booking
    settled: list[OnchainSettlement]

    # --- the market ------------------------------------------------------------------------

    def profit(self, money: str = FLASH_SWAP, base: str = "WETH") -> Profit:
        """A profit that stands open, and the plan for the next two blocks that takes it."""
        while True:
            before = self.scene.ask("evm_snapshot")
            found = self.automined(lambda: self.scene.profit(money, KINDS))
            if found.plan.base_token.symbol == base:
                return replace_plan(found, found.plan)
            self.scene.ask("evm_revert", before)

    def automined(self, work: Any) -> Any:
        """Let the node make a block for each transaction meanwhile."""
        self.scene.ask("evm_setAutomine", True)
        try:
            return work()
        finally:
            self.scene.ask("evm_setAutomine", False)

    async def newest(self) -> Block:
        block = await self.reader.block("latest")
        assert block is not None
        return block

    async def market(self) -> Market:
        pools = await asyncio.to_thread(self.scene.world.read_pools)
        return Market(pools, block=await self.newest())

    # --- the executor ----------------------------------------------------------------------

    async def look(self) -> list[OnchainSettlement]:
        """Tell the executor of the newest block, and book what it says."""
        market = await self.market()
        assert market.block is not None
        found = list(await self.executor.settle(market, market.block, frozenset()))
        self.settled += found
        self.book(market.block, found)
        return found

    def book(self, block: Block, settlements: Sequence[OnchainSettlement]) -> None:
        """Book a step as the engine does."""
        stand_in: Any = SimpleNamespace(market=Market(), executor=self.executor)
        step = StepProcessed(block=block, step=0, pools_changed=0, entries=(), counts={})
        self.booking._write_step(step, [], settlements, stand_in)

    def record_of(self, attempt: Attempt) -> AttemptRecord:
        """What the book keeps of an attempt of which nothing but its plan is known."""
        run = self.booking.run
        return attempt_of_plan(attempt, run.run_id, run.provenance)

    async def submit(
        self, plan: ExecutionPlan, preflight: PreflightResult | None = None
    ) -> Attempt | NotSubmitted:
        """Submit `plan` at the newest block."""
        market = await self.market()
        assert market.block is not None
        if preflight is None:
            scene = self.scene
            checker = ChainPreflight(self.reader, scene.executor, scene.operator, scene.native)
            preflight = await checker.check(plan, market)
            assert preflight.passed, preflight.failure
        return await self.executor.submit(plan, market.block, 0, preflight)

    async def attempt(self, plan: ExecutionPlan) -> Attempt:
        """Submit `plan`, which must work."""
        await self.look()
        attempt = await self.submit(plan)
        assert isinstance(attempt, Attempt), attempt
        return attempt

    async def until_settled(self, attempt_id: str) -> OnchainSettlement:
        """Make all that is there final, and return the attempt's settlement."""
        for _ in range(40):
            self.mine(UNTIL_FINAL)
            await self.look()
            for settlement in self.settled:
                if settlement.attempt.attempt_id == attempt_id:
                    return settlement
        raise AssertionError(f"{attempt_id} is not settled: {self.settled}")

    # --- blocks ----------------------------------------------------------------------------

    def mine(self, count: int = 1) -> None:
        self.scene.ask("anvil_mine", hex(count))

    async def block(self) -> list[Verdict]:
        """Make the next block of the bundles that wait for it, as a builder does."""
        return await asyncio.to_thread(self._block)

    def _block(self) -> list[Verdict]:
        head = self.scene.ask("eth_getBlockByNumber", "latest", False)
        number = int(head["number"], 16) + 1
        time = int(head["timestamp"], 16) + 12
        fee = int(self.scene.ask("eth_getBlockByNumber", "pending", False)["baseFeePerGas"], 16)
        due = self.relay.take(number)
        builder = Builder(self.scene.world.anvil.rpc)
        verdicts = builder.choose(due, NextBlock(number, time, fee, COINBASE)) if due else []
        for verdict in verdicts:
            if verdict.fate is Fate.INCLUDED:
                for each in verdict.bundle.transactions:
                    self.scene.ask("eth_sendRawTransaction", each.raw)
        self.scene.ask("anvil_setCoinbase", COINBASE)
        self.scene.ask("evm_setNextBlockTimestamp", time)
        self.scene.ask("evm_mine")
        return verdicts

    def force(self, raw: bytes, *, gas: str = "0x0") -> None:
        """Have a node mine a transaction that no builder would take."""
        self.scene.ask("eth_sendRawTransaction", f"0x{raw.hex()}")

    def compete(self, plan: ExecutionPlan) -> None:
        """Somebody else takes the last hop of `plan`, and far more, in a block of their own."""
        to, data = self._last_hop(plan)
        trader = Deployer(self.scene.world.anvil.rpc, self.scene.world.accounts.traders[1])
        self.automined(lambda: trader.transact(to, data))

    def compete_in_the_next_block(self, plan: ExecutionPlan) -> None:
        """The same, waiting in the open before what comes after it."""
        to, data = self._last_hop(plan)
        trader = self.scene.world.accounts.traders[1]
        request = {"from": trader, "to": to, "data": f"0x{data.hex()}", "gas": hex(1_000_000)}
        self.scene.ask("eth_sendTransaction", request)

    def _last_hop(self, plan: ExecutionPlan) -> tuple[Address, bytes]:
        step = plan.steps[-1]
        (site,) = (each for each in self.scene.world.sites if each.address == step.pool)
        trader = self.scene.world.accounts.traders[1]
        return site.spender, site.swap(trader, step.token_in, step.token_out, 50 * step.amount_in)

    async def retargeted(self, plan: ExecutionPlan) -> ExecutionPlan:
        """The same plan for the next two blocks from now."""
        newest = (await self.newest()).number
        return replace(plan, target_block=newest + 1, deadline_block=newest + 2)

    def raw_of(self, attempt: Attempt) -> bytes:
        """The signed bytes of an attempt."""
        (version,) = self.sender.outbox.versions(attempt.attempt_id)
        return version.raw

    def as_role(self, role: Address, signature: str, *arguments: Any) -> None:
        """Call our contract as one of its roles."""
        self.scene.ask("anvil_impersonateAccount", role)
        caller = Deployer(self.scene.world.anvil.rpc, role)
        self.automined(
            lambda: caller.transact(self.scene.executor, call_data(signature, *arguments))
        )


def replace_plan(found: Profit, plan: ExecutionPlan, **changes: Any) -> Profit:
    """A plan that is good for its target block and the one after it."""
    changes = {"deadline_block": plan.target_block + 1} | changes
    return found._replace(plan=replace(plan, **changes))


def booking_of(store: BookStore, costs: CostModel) -> Booking:
    """A booking of a new run; nobody watches its heart."""
    clock = SystemClock()
    feed, provenance = "rehearsal", Provenance.SIMULATED
    run_id = store.begin_run(RunRecord(feed, provenance, None, "", clock.now()))
    run = RunInfo(run_id, "rehearsal", feed, provenance, clock.now(), {})
    control: Any = SimpleNamespace()
    return Booking(store, control, run, costs, clock)


def expectations(scene: Scene) -> Expectations:
    return Expectations(
        executor=scene.executor,
        operator=scene.operator,
        native_token=scene.native,
        base_tokens=scene.bases,
    )


@asynccontextmanager
async def engine(
    scene: Scene,
    reader: ChainClient,
    relay: Relay,
    folder: Path,
    *,
    run: int = 1,
    witnesses: Sequence[Witness] = (),
    strategy: GasStrategy = GasStrategy.STANDARD,
    expected: Expectations | None = None,
    answer_seconds: float = 10.0,
    relay_url: str | None = None,
) -> AsyncIterator[Rig]:
    """One life of an engine; another one in the same folder finds what this one left."""
    accounts = scene.world.accounts
    signer = LocalSigner(parse_private_key(accounts.operator.key))
    identity = RelayIdentity(LocalSigner(parse_private_key(accounts.searcher.key)))
    pause = StopReporter("chain")
    stop = Stop([StopFile(folder / "STOP")], [pause])
    with open_book(folder) as store:
        carrier = BundleRelay("relay-1", relay_url or relay.url, identity, answer_seconds)
        sender = Sender(store, signer, reader, stop, relays=[carrier], holder=f"run {run}")
        costs = CostModel(
            lenders=tuple(scene.lenders.values()), priority_fee_wei=GWEI, native_token=scene.native
        )
        executor = LiveExecutor(
            sender,
            reader,
            Journal(store, CHAIN_ID, signer.address),
            stop,
            expected or expectations(scene),
            costs,
            RehearsalMoney,
            LiveRules(strategy, f"rehearsal-{run:04d}"),
            witnesses=witnesses,
            pause=pause,
        )
        try:
            booking = booking_of(store, costs)
            yield Rig(scene, reader, relay, store, stop, sender, executor, booking, [])
        finally:
            await executor.aclose()
