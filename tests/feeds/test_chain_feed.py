"""A feed of a real chain: its market is what a fresh read of the chain says, bit for bit."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from aineon.chain.client import ChainClient
from aineon.chain.snapshot import lender_terms
from aineon.errors import BlockOutOfOrder, FeedError
from aineon.feeds.base import FeedPaused, FeedStep, Rewind
from aineon.feeds.chain import ChainFeed, Upkeep
from aineon.feeds.replay import Header, Recorder, ReplayFeed
from aineon.market import Market
from aineon.primitives import Provenance
from aineon.rehearsal.world import World
from tests.feeds.following import (
    following,
    make,
    maker_of,
    tokens_of,
    truth,
)


async def test_it_follows_every_block(world: World, reader: ChainClient) -> None:
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        first = dict(follower.market.pools)
        assert first == await truth(world)
        assert len(first) == len(world.listings)
        made = await make(maker, 8)
        await follower.at_head(world)
        assert follower.market.pools == await truth(world)
        assert follower.market.pools != first
        assert follower.blocks[1:] == made
        assert all(step.droppable for step in follower.steps[1:])
        assert follower.counts == {}
    feed = follower.feed
    assert (feed.name, feed.complete) == ("chain", True)
    assert feed.base_tokens == tokens_of(world)
    assert feed.native_token == world.wrapped_ether


@pytest.mark.parametrize("depth", range(1, 6))
async def test_a_reorg_is_rewound(world: World, reader: ChainClient, depth: int) -> None:
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        (ancestor,) = await make(maker, 1)
        before = world.anvil.ask("evm_snapshot")
        await make(maker, depth)
        await follower.at_head(world)
        old = follower.market.block
        world.anvil.ask("evm_revert", before)
        await make(maker, depth + 1)
        await follower.at_head(world)
        assert follower.rewinds == [ancestor]
        assert follower.market.pools == await truth(world)
        # Without the rewind the new branch does not fit.
        market = Market()
        kept = follower.steps
        with pytest.raises(BlockOutOfOrder):
            deque(map(market.apply, (step.update for step in kept)), maxlen=0)
        assert market.block == old
        assert Rewind(ancestor) in follower.items


# --- what else a feed keeps an eye on ----------------------------------------------------------


async def test_it_says_how_far_the_first_read_has_come(world: World, reader: ChainClient) -> None:
    async with following(world, reader) as follower:
        assert follower.pauses[0].startswith("looking for pools")
        assert any(words.startswith("reading all pools") for words in follower.pauses)
        assert isinstance(follower.items[-1], FeedStep)


async def test_new_pools_are_found(world: World, reader: ChainClient) -> None:
    usdc, dai = world.tokens["USDC"], world.tokens["DAI"]
    factory = world.venues.uniswap_v2.factory
    async with following(world, reader, Upkeep(discover_every=1)) as follower:
        number = len(follower.market)
        world.deployer.send(factory, "createPair(address,address)", usdc.address, dai.address)
        pair = world.deployer.call_address(
            factory, "getPair(address,address)", usdc.address, dai.address
        )
        for token in (usdc, dai):
            amount = 10 ** (token.decimals or 0)
            world.deployer.send(token.address, "transfer(address,uint256)", pair, amount)
        world.deployer.send(pair, "sync()")
        world.anvil.ask("evm_mine")
        await follower.at_head(world)
        world.anvil.ask("evm_mine")
        await follower.at_head(world)
        assert pair in follower.market
        assert len(follower.market) == number + 1
        assert follower.market.pools == await truth(world)


@pytest.mark.parametrize("lender", ["aave", "balancer"])
async def test_a_feed_ends_when_loans_cost_something_else(
    world: World, reader: ChainClient, lender: str
) -> None:
    terms = await lender_terms(reader, world.addresses, base_tokens=tokens_of(world))
    assert terms.aave is not None
    assert terms.balancer is not None
    known = {
        "aave": replace(terms, aave=replace(terms.aave, premium_bps=7)),
        "balancer": replace(terms, balancer=None),
    }
    upkeep = Upkeep(terms_every=1)
    async with following(world, reader, upkeep, terms=known[lender]) as follower:
        world.anvil.ask("evm_mine")
        await follower.until(lambda: follower.failure is not None)
        assert isinstance(follower.failure, FeedError)
        assert "what loans cost has changed" in str(follower.failure)
        assert str(follower.failure).count(lender) == 1


async def test_control_a_feed_goes_on_while_loans_cost_the_same(
    world: World, reader: ChainClient
) -> None:
    terms = await lender_terms(reader, world.addresses, base_tokens=tokens_of(world))
    async with following(world, reader, Upkeep(terms_every=1), terms=terms) as follower:
        for _ in range(3):
            world.anvil.ask("evm_mine")
            await follower.at_head(world)
        assert follower.failure is None


async def test_a_chain_without_pools_is_refused(world: World, reader: ChainClient) -> None:
    feed = ChainFeed(reader, world.addresses, [world.wrapped_ether])
    with pytest.raises(FeedError, match="no pool of any two of WETH"):
        await anext(item async for item in feed.steps() if isinstance(item, FeedStep))


# --- recording -------------------------------------------------------------------------------


async def test_what_was_recorded_plays_back_to_the_same_market(
    world: World, reader: ChainClient, tmp_path: Path
) -> None:
    maker = await maker_of(world)
    async with following(world, reader) as follower:
        await make(maker, 2)
        await follower.at_head(world)
        before = world.anvil.ask("evm_snapshot")
        await make(maker, 1)
        await follower.at_head(world)
        world.anvil.ask("evm_revert", before)
        await make(maker, 3)
        await follower.at_head(world)
    path = tmp_path / "blocks.jsonl.gz"
    with Recorder(path, Header.of(follower.feed, "a test", world.addresses.chain_id)) as recorder:
        for item in follower.items:
            if not isinstance(item, FeedPaused):
                recorder.write(item)
    played = Market()
    replay = ReplayFeed(path)
    async for item in replay.steps():
        if isinstance(item, Rewind):
            played.rewind(item.to_block)
        elif isinstance(item, FeedStep):
            played.apply(item.update)
    assert played.pools == follower.market.pools
    assert played.block == follower.market.block
    assert replay.complete
    assert replay.provenance is Provenance.REPLAYED
    assert [token.symbol for token in replay.base_tokens] == list(world.tokens)
