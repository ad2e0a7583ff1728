"""A node's word on a plan: the same profit to the unit, or a sentence that says what differs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from aineon.amm import ConstantProductPool
from aineon.chain.client import ChainClient, ClientOptions, Endpoint
from aineon.execution.contract import Deployment
from aineon.execution.executor import PreflightResult
from aineon.execution.preflight import ChainPreflight, LocalPreflight, gas_limit
from aineon.primitives import Address
from aineon.rehearsal.anvil import CHAIN_ID
from aineon.search.lenders import FLASH_SWAP, OWN
from tests.contracts.routes.scenes import MONIES, Profit, Scene
from tests.faults.proxy import FaultProxy, refuse

KINDS = ("uniswap_v3 PoolSite", "uniswap_v2 PairSite")
METHOD_NOT_FOUND = -32601


@dataclass(frozen=True)
class _Anvil:
    """A test chain: its genesis differs each time."""

    chain_id: int = CHAIN_ID
    genesis_hash: str | None = None


async def client_of(url: str) -> ChainClient:
    # Nothing makes blocks here while nothing is sent.
    options = ClientOptions(stale_after_s=None)
    return await ChainClient.connect([Endpoint("node-1", url)], _Anvil(), options=options)


@pytest.fixture
async def reader(scene: Scene) -> AsyncIterator[ChainClient]:
    client = await client_of(scene.world.anvil.url)
    yield client
    await client.aclose()


@pytest.fixture
async def old_reader(scene: Scene) -> AsyncIterator[ChainClient]:
    """Of a node that does not know eth_simulateV1."""
    async with FaultProxy(scene.world.anvil.url) as proxy:
        proxy.on("eth_simulateV1", refuse(METHOD_NOT_FOUND, "the method does not exist"))
        client = await client_of(proxy.url)
        yield client
        await client.aclose()


def preflight(
    scene: Scene, reader: ChainClient, executor: Address | Deployment | None = None, **more: Any
) -> ChainPreflight:
    return ChainPreflight(reader, executor or scene.executor, scene.operator, scene.native, **more)


def plain(scene: Scene) -> Profit:
    """Two hops, neither of them divided, that end in a pair."""
    while True:
        found = scene.profit(FLASH_SWAP, KINDS)
        if len(found.plan.steps) == 2:
            return found


async def checked(found: Profit, by: ChainPreflight) -> PreflightResult:
    return await by.check(found.plan, found.market)


@pytest.mark.parametrize("money", MONIES)
async def test_what_pays_passes_with_the_gas_it_uses(
    scene: Scene, reader: ChainClient, money: str
) -> None:
    with scene.undone():
        found = scene.profit(money, KINDS)
        result = await checked(found, preflight(scene, reader))
        assert result.passed, result.failure
        local = await LocalPreflight().check(found.plan, found.market)
        assert replace(result, gas_used=None) == local
        received, gas_used = scene.received(found.plan)
        assert received == scene.predicted(found.plan)
        assert result.gas_used is not None
        # The first write of a block to a pool's oracle costs up to 48,000 more in one of the two,
        # that to a pair's two price sums up to 44,200, and what it touches first some thousands.
        assert abs(result.gas_used - gas_used) < 100_000
        assert gas_limit(result.gas_used) > gas_used


@pytest.mark.parametrize("money", [FLASH_SWAP, "balancer_v2", "aave_v3"])
async def test_no_contract_and_no_key_are_needed(
    scene: Scene, reader: ChainClient, money: str
) -> None:
    with scene.undone():
        found = scene.profit(money, KINDS)
        result = await checked(found, preflight(scene, reader, scene.deployment))
        assert result.passed, result.failure
        assert result.gas_used is not None


async def test_own_money_needs_its_allowance(scene: Scene, reader: ChainClient) -> None:
    """Control: an executor that exists only in the simulation was allowed nothing."""
    with scene.undone():
        found = scene.profit(OWN, KINDS)
        assert (await checked(found, preflight(scene, reader))).passed
        result = await checked(found, preflight(scene, reader, scene.deployment))
        assert result.failure.startswith("on the chain it would revert")


async def test_a_market_that_is_off_is_told_with_both_figures(
    scene: Scene, reader: ChainClient
) -> None:
    with scene.undone():
        found = plain(scene)
        plan = replace(found.plan, min_profit=1, gas_units=10**12, builder_payment_bps=0)
        # A little more in the last pool than there is, so that it pays at least one unit more.
        last = plan.steps[-1]
        pool = found.market.pool(last.pool)
        assert isinstance(pool, ConstantProductPool)
        more = [reserve // 10**6 * (last.token_out == token) for reserve, token in
                ((pool.reserve0, pool.token0), (pool.reserve1, pool.token1))]  # fmt: skip
        nudged = pool.with_reserves(pool.reserve0 + more[0], pool.reserve1 + more[1])
        market = found.market.with_pools([nudged])
        result = await preflight(scene, reader).check(plan, market)
        assert result.failure.startswith("the chain's simulation leaves ")
        assert ", our own arithmetic " in result.failure
        assert not result.pools_after
        assert (await preflight(scene, reader).check(plan, found.market)).passed


async def test_what_fails_here_is_not_asked_there(scene: Scene, reader: ChainClient) -> None:
    with scene.undone():
        found = scene.profit(FLASH_SWAP, KINDS)
        greedy = replace(found.plan, min_profit=found.plan.expected_profit + 1)
        # Nobody answers at this contract; nobody has to.
        nowhere = preflight(scene, reader, Address("0x" + "77" * 20))
        result = await nowhere.check(greedy, found.market)
        assert "below the plan's minimum" in result.failure
        asked = await nowhere.check(found.plan, found.market)
        assert "tells of no trade" in asked.failure


async def test_a_stale_plan_is_told_in_the_contracts_words(
    scene: Scene, reader: ChainClient
) -> None:
    with scene.undone():
        found = plain(scene)
        scene.received(replace(found.plan, builder_payment_bps=0))
        # The market of the plan's own block still shows the gap; the latest state does not.
        assert (await checked(found, preflight(scene, reader))).passed
        result = await checked(found, preflight(scene, reader, state="latest"))
        assert result.failure.startswith("on the chain it would revert: too little out")


async def test_gas_that_eats_the_profit_is_told(scene: Scene, reader: ChainClient) -> None:
    with scene.undone():
        found = scene.profit(FLASH_SWAP, KINDS)
        # As dear as can be: the whole profit pays for as much gas as a tenth of what is used.
        dear = replace(
            found.plan,
            min_profit=found.plan.expected_profit,
            gas_units=found.plan.gas_units // 10,
            builder_payment_bps=0,
        )
        result = await preflight(scene, reader).check(dear, found.market)
        assert " gas, worth " in result.failure


class TestWithoutSimulation:
    async def test_two_calls_say_the_same(self, scene: Scene, old_reader: ChainClient) -> None:
        with scene.undone():
            found = scene.profit(FLASH_SWAP, KINDS)
            result = await checked(found, preflight(scene, old_reader, state="latest"))
            assert result.passed, result.failure
            assert result.gas_used is not None
            _, gas_used = scene.received(found.plan)
            # As above: what a block writes first.
            assert abs(result.gas_used - gas_used) < 100_000

    async def test_a_stale_plan(self, scene: Scene, old_reader: ChainClient) -> None:
        with scene.undone():
            found = plain(scene)
            scene.received(replace(found.plan, builder_payment_bps=0))
            result = await checked(found, preflight(scene, old_reader, state="latest"))
            assert result.failure.startswith("on the chain it would revert: too little out")

    async def test_more_than_predicted_is_no_match_either(
        self, scene: Scene, old_reader: ChainClient
    ) -> None:
        with scene.undone():
            found = scene.profit(FLASH_SWAP, KINDS)
            # Our own arithmetic believes in a dearer loan.
            loan = replace(found.plan.flash_loan, fee=1)
            plan = replace(found.plan, flash_loan=loan, min_profit=1)
            result = await preflight(scene, old_reader, state="latest").check(plan, found.market)
            assert "it would leave more than the predicted" in result.failure

    async def test_without_a_contract_there_is_no_way(
        self, scene: Scene, old_reader: ChainClient
    ) -> None:
        with scene.undone():
            found = scene.profit(FLASH_SWAP, KINDS)
            result = await checked(found, preflight(scene, old_reader, scene.deployment))
            assert result.failure.startswith("it could not be tried on the chain: ")
