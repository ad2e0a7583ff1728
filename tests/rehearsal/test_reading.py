"""What AINEON's own reader finds on the rehearsal's chain is all that was put there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from aineon.chain.client import ChainClient, Endpoint
from aineon.chain.snapshot import discover, lender_terms, read_pools
from aineon.rehearsal.blocks import BlockMaker
from aineon.rehearsal.protocols.aave_v3 import FLASH_PREMIUM_BPS
from aineon.rehearsal.world import World


@pytest.fixture
async def client(world: World) -> AsyncIterator[ChainClient]:
    # A client reads no node whose head is old.
    await BlockMaker(world).next_block()
    found = await ChainClient.connect([Endpoint("node-1", world.anvil.url)], world.addresses)
    yield found
    await found.aclose()


async def test_every_pool_is_found_in_the_state_it_is_in(world: World, client: ChainClient) -> None:
    maker = BlockMaker(world)
    for _ in range(3):
        await maker.next_block()
    seeds = await discover(client, world.addresses)
    found = await read_pools(client, seeds)
    assert found.refused == {}
    expected = {pool.address: pool for pool in world.read_pools()}
    assert {pool.address: pool for pool in found.pools} == expected


async def test_lenders_say_their_terms(world: World, client: ChainClient) -> None:
    terms = await lender_terms(client, world.addresses)
    assert terms.aave is not None
    assert terms.balancer is not None
    assert (terms.aave.premium_bps, terms.balancer.fee_percentage) == (FLASH_PREMIUM_BPS, 0)
    for token in world.tokens.values():
        assert terms.aave.available[token.address] > 0
        assert terms.balancer.available[token.address] > 0
