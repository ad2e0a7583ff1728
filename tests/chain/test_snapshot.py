"""Snapshots of the real contracts: what is read is what they are, and logs keep it so."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from aineon.amm import ConcentratedPool, ConstantProductPool, Pool, StablePool
from aineon.amm.balancer.pool import BalancerPool
from aineon.amm.concentrated.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO
from aineon.chain.client import ChainClient, Endpoint
from aineon.chain.decoding import decode_logs
from aineon.chain.reader import BlockRef, Call
from aineon.chain.snapshot import (
    ConcentratedSeed,
    PairSeed,
    PoolsAtBlock,
    PoolSeed,
    VaultPoolKind,
    VaultSeed,
    discover,
    read_pools,
    refresh_unlogged,
)
from aineon.chain.snapshot.calls import ask
from aineon.chain.snapshot.pinned import FoundWord, PinnedChain, WordRange
from aineon.errors import CallReverted, NodeUnavailable, UnknownBlock
from aineon.market import Market, MarketUpdate
from aineon.market.events import PoolAppeared, PoolVanished
from aineon.primitives import Address
from tests.chain.answering import Burn, asked, put, words
from tests.chain.snapshot_world import KIND_NAMES, AnvilReader, SnapshotWorld, running_chain, undone
from tests.contracts.abi import encode, selector
from tests.contracts.balancer_kinds import CACHE_SECONDS, KINDS, ONE, Kind
from tests.contracts.uniswap_v3 import BURN, MINT, SWAP, random_world

RESERVES = (10**24, 3 * 10**12)
PAUSED = bytes.fromhex("16c38b3c")


@pytest.fixture(scope="module")
def deployed() -> Iterator[SnapshotWorld]:
    with running_chain() as chain:
        yield SnapshotWorld(chain)


@pytest.fixture
def world(deployed: SnapshotWorld) -> Iterator[SnapshotWorld]:
    """The chain as it was deployed, and as it was again afterwards."""
    with undone(deployed.chain):
        yield deployed


def found(world: SnapshotWorld, folder: Path, tokens: Sequence[str] = ()) -> tuple[PoolSeed, ...]:
    known = world.addresses(folder)
    wanted = [known.token(each) for each in tokens] or known.discovery_tokens
    return asyncio.run(discover(AnvilReader(world.chain), known, wanted))


def snapshot(
    world: SnapshotWorld, seeds: Sequence[PoolSeed], block: BlockRef = "latest"
) -> PoolsAtBlock:
    return asyncio.run(read_pools(AnvilReader(world.chain), seeds, block))


def only(read: PoolsAtBlock) -> Pool:
    assert not read.refused
    (pool,) = read.pools
    return pool


def open_v3(world: SnapshotWorld, name: str) -> ConcentratedPool:
    """Open a pool, trade in it on chain, and return it as AINEON reckons it to be."""
    made = random_world(name, random.Random(name))
    called = selector("run(uint24,int24,uint160,uint8,(int256,int256,int256,int256)[])")
    steps = [check.step for check in made.checks]
    world.chain.send(world.v3_bench, called + encode(*made.setting, steps))
    pool = made.checks[-1].pool
    assert isinstance(pool, ConcentratedPool)
    return pool


# --- each protocol -------------------------------------------------------------------------


def test_a_pair_is_read_as_it_is(world: SnapshotWorld, tmp_path: Path) -> None:
    address = world.create_pair(*RESERVES)
    pair = world.addresses(tmp_path).pairs[0]
    seeds = found(world, tmp_path)
    assert seeds == (PairSeed(Address(address), "uniswap_v2", pair, 3000),)
    pool = only(snapshot(world, seeds))
    assert pool == ConstantProductPool(address, *pair, *RESERVES, 3000, "uniswap_v2")


@pytest.mark.parametrize("name", ["1", "2", "3", "5", "8", "13"])
def test_ranges_are_read_with_all_their_ticks(
    world: SnapshotWorld, tmp_path: Path, name: str
) -> None:
    expected = open_v3(world, name)
    (seed,) = found(world, tmp_path)
    assert isinstance(seed, ConcentratedSeed)
    pool = only(snapshot(world, (seed,)))
    assert isinstance(pool, ConcentratedPool)
    assert (pool.fee_pips, pool.tick_spacing) == (expected.fee_pips, expected.tick_spacing)
    assert (pool.sqrt_price_x96, pool.tick) == (expected.sqrt_price_x96, expected.tick)
    assert (pool.liquidity, dict(pool.ticks)) == (expected.liquidity, dict(expected.ticks))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.replace(" ", "-"))
@pytest.mark.parametrize("name", ["1", "2"])
def test_a_vault_pool_is_read_as_its_generation_reckons(
    world: SnapshotWorld, tmp_path: Path, kind: Kind, name: str
) -> None:
    setting = kind.setting(random.Random(f"{kind.name} {name}"))
    tokens = world.create_vault_pool(kind, setting)
    (seed,) = found(world, tmp_path, tokens)
    assert isinstance(seed, VaultSeed)
    assert seed.kind is VaultPoolKind(KIND_NAMES[kind.name])
    pool = only(snapshot(world, (seed,)))
    model = kind.pool(setting)
    assert isinstance(pool, BalancerPool)
    assert type(pool) is type(model)
    # Where the pool's own token stands follows from addresses; the settings put it anywhere.
    kept = [place for place, token in enumerate(pool.tokens) if token.address != pool.address]
    others = [place for place, token in enumerate(model.tokens) if token.address != model.address]
    assert [pool.tokens[place].address for place in kept] == list(tokens)
    for values in ("balances", "scaling_factors"):
        read, expected = getattr(pool, values), getattr(model, values)
        assert [read[place] for place in kept] == [expected[place] for place in others]
    assert (len(kept) < len(pool.tokens)) == (setting.bpt_index is not None)
    assert pool.swap_fee == model.swap_fee
    for name_of_field in ("weights", "pow_up_shortcuts", "amp"):
        assert getattr(pool, name_of_field, None) == getattr(model, name_of_field, None)
    assert not pool.is_paused


# --- logs after a snapshot -----------------------------------------------------------------


def follow(world: SnapshotWorld, market: Market, first: int) -> None:
    """Bring a market up to the head by the logs alone."""
    logs = asyncio.run(AnvilReader(world.chain).logs(from_block=first))
    head = asyncio.run(AnvilReader(world.chain).block("latest"))
    assert head is not None
    decoded = decode_logs(logs, market.watched, Address(world.vault))
    market.apply(MarketUpdate(head, decoded.events))


def test_swaps_on_chain_and_their_logs_give_a_fresh_snapshot(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    pair = world.create_pair(*RESERVES)
    open_v3(world, "5")
    seeds = list(found(world, tmp_path))
    pools_of_vault = {}
    for kind in KINDS:
        setting = kind.setting(random.Random(f"logs of {kind.name}"))
        tokens = world.create_vault_pool(kind, setting)
        (seed,) = found(world, tmp_path, tokens)
        assert isinstance(seed, VaultSeed)
        pools_of_vault[seed.pool_id] = tokens
        seeds.append(seed)
    before = snapshot(world, seeds)
    assert not before.refused
    market = Market(before.pools, block=before.block)
    ranges = next(pool for pool in before.pools if isinstance(pool, ConcentratedPool))
    trade(world, pair, ranges)
    for pool_id, tokens in pools_of_vault.items():
        pool = market.pools[Address(pool_id[:42])]
        sold, bought = (token for token in pool.tokens if token.address in tokens[:2])
        most = pool.max_amount_in(sold, bought)
        world.swap_vault(pool_id, sold.address, bought.address, max(most // 1000, 1))
    follow(world, market, before.block.number + 1)
    after = snapshot(world, seeds)
    assert not after.refused
    moved = [pool for pool in after.pools if pool not in before.pools]
    assert len(moved) == len(seeds)
    for pool in after.pools:
        assert market.pools[pool.address] == pool


def trade(world: SnapshotWorld, pair: str, ranges: ConcentratedPool) -> None:
    world.swap_pair(pair, 10**20, 10**8)
    spacing, at = ranges.tick_spacing, ranges.address
    low = ranges.tick // spacing * spacing - 3 * spacing
    world.step_v3(at, MINT, low, low + 20 * spacing, 10**15)
    world.step_v3(at, SWAP, 1, 10**14, MIN_SQRT_RATIO + 1)
    world.step_v3(at, SWAP, 0, 10**13, MAX_SQRT_RATIO - 1)
    world.step_v3(at, BURN, low, low + 20 * spacing, 10**14)


# --- one block, and no other ---------------------------------------------------------------


class Meddling(AnvilReader):
    """Moves a pair after each request: whoever does not pin the block mixes states."""

    def __init__(self, world: SnapshotWorld, pair: str) -> None:
        super().__init__(world.chain)
        self._world, self._pair = world, pair

    async def call(self, call: Call, block: BlockRef = "latest") -> bytes:
        answer = await super().call(call, block)
        self._world.swap_pair(self._pair, 10**20, 10**8)
        return answer


def test_a_change_between_requests_does_not_leak_in(world: SnapshotWorld, tmp_path: Path) -> None:
    pair = world.create_pair(*RESERVES)
    open_v3(world, "5")
    seeds = found(world, tmp_path)
    head = asyncio.run(AnvilReader(world.chain).block("latest"))
    assert head is not None
    assert head.hash is not None
    meddling = Meddling(world, pair)
    read = asyncio.run(read_pools(meddling, seeds, "latest"))
    assert meddling.calls >= 3
    assert read.block == head
    assert read.pools == snapshot(world, seeds, head.hash).pools
    assert read.pools != snapshot(world, seeds).pools
    (moved,) = (pool for pool in read.pools if isinstance(pool, ConstantProductPool))
    assert (moved.reserve0, moved.reserve1) == RESERVES


def test_a_block_that_is_not_there_is_refused(world: SnapshotWorld) -> None:
    with pytest.raises(UnknownBlock, match="no block 123456"):
        snapshot(world, (), 123456)


def test_the_client_of_nodes_reads_the_same(world: SnapshotWorld, tmp_path: Path) -> None:
    world.create_pair(*RESERVES)
    open_v3(world, "9")
    genesis = world.chain.ask("eth_getBlockByNumber", "0x0", False)["hash"]
    known = replace(world.addresses(tmp_path), genesis_hash=genesis)

    async def go() -> PoolsAtBlock:
        node = Endpoint("anvil", world.chain.anvil.url)
        async with await ChainClient.connect([node], known) as client:
            return await read_pools(client, await discover(client, known))

    read, expected = asyncio.run(go()), snapshot(world, found(world, tmp_path))
    assert (read.pools, read.refused) == (expected.pools, {})
    assert read.block.hash == expected.block.hash


def test_many_reads_fill_few_requests_and_keep_their_order(world: SnapshotWorld) -> None:
    token, owners = Address(world.tokens[0]), range(1, 1501)
    for owner in (1, 702, 703, 1500):
        called = selector("set_balance(address,uint256)")
        world.chain.send(token, called + encode(owner, owner))
    reader = AnvilReader(world.chain)

    async def go() -> list[int]:
        chain = await PinnedChain.at(reader, "latest")
        reads = [ask(token, "balanceOf(address)", owner) for owner in owners]
        return [answer.word() for answer in await chain.read(reads, "balances")]

    balances = asyncio.run(go())
    assert {place: each for place, each in enumerate(balances, 1) if each} == {
        1: 1,
        702: 702,
        703: 703,
        1500: 1500,
    }
    assert reader.calls == 3


def test_bitmaps_of_many_words_are_cut_into_requests(world: SnapshotWorld, tmp_path: Path) -> None:
    expected = open_v3(world, "9")
    (seed,) = found(world, tmp_path)
    reader = AnvilReader(world.chain)

    async def go() -> list[FoundWord]:
        chain = await PinnedChain.at(reader, "latest")
        return await chain.bitmaps([WordRange(seed.address, -3466, 6932)] * 3, "bitmaps")

    words_found = asyncio.run(go())
    assert reader.calls == 3
    assert sum(each.bits.bit_count() for each in words_found) == 3 * len(expected.ticks)
    assert {each.word for each in words_found} == {tick // 256 for tick in expected.ticks}


# --- a node that grants less ---------------------------------------------------------------


@pytest.mark.parametrize("gas", [2_500_000, 8_000_000])
def test_requests_are_halved_until_the_node_grants_their_gas(
    world: SnapshotWorld, tmp_path: Path, gas: int
) -> None:
    expected = open_v3(world, "9")
    seeds = found(world, tmp_path)
    reader, stingy = AnvilReader(world.chain), AnvilReader(world.chain, gas)
    whole = asyncio.run(read_pools(reader, seeds))
    pool = only(asyncio.run(read_pools(stingy, seeds)))
    assert isinstance(pool, ConcentratedPool)
    assert (pool,) == whole.pools
    assert dict(pool.ticks) == dict(expected.ticks)
    assert stingy.calls > reader.calls == 3


def test_a_node_that_grants_next_to_nothing_is_no_node(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    world.create_pair(*RESERVES)
    seeds = found(world, tmp_path)
    with pytest.raises(CallReverted):
        asyncio.run(read_pools(AnvilReader(world.chain, 300_000), seeds))


class Deaf(AnvilReader):
    """Answers calls without a receiver as if there were nothing to run, or cuts answers short."""

    def __init__(self, world: SnapshotWorld, kept: int) -> None:
        super().__init__(world.chain)
        self._kept = kept

    async def call(self, call: Call, block: BlockRef = "latest") -> bytes:
        return (await super().call(call, block))[: self._kept]


@pytest.mark.parametrize("kept", [0, 1, 66])
def test_a_node_that_does_not_run_creation_code_is_told_apart(
    world: SnapshotWorld, tmp_path: Path, kept: int
) -> None:
    world.create_pair(*RESERVES)
    seeds = found(world, tmp_path)
    with pytest.raises(NodeUnavailable, match=f"1 reads with {kept} bytes that are no answer"):
        asyncio.run(read_pools(Deaf(world, kept), seeds))


# --- what is refused -----------------------------------------------------------------------


def test_what_cannot_be_quoted_is_refused_by_name(world: SnapshotWorld, tmp_path: Path) -> None:
    pair = world.addresses(tmp_path).pairs[0]
    nobody, token = Address("0x" + "12" * 20), Address(world.tokens[0])
    called = selector("createPool(address,address,uint24)")
    both = [int(each, 16) for each in world.tokens]
    world.chain.send(world.v3_factory, called + encode(*both, 3000))
    (unpriced,) = found(world, tmp_path)
    kind = next(kind for kind in KINDS if kind.name == "weighted 3")
    held = world.create_vault_pool(kind, kind.setting(random.Random("refused")))
    (pool,) = found(world, tmp_path, held)
    assert isinstance(pool, VaultSeed)
    stranger = VaultSeed(
        pool.address, pool.pool_id, pool.vault, pool.tokens, None, pool.rate_providers
    )
    liar = Address("0x" + "77" * 20)
    answers: dict[bytes, bytes | Burn] = {asked("slot0()"): words(1 << 96, 0)}
    answers[asked("liquidity()")] = words(5)
    put(world.chain, liar, answers)
    seeds: list[PoolSeed] = [
        PairSeed(nobody, "uniswap_v2", pair, 3000),
        ConcentratedSeed(token, "uniswap_v3", pair, 3000, 60),
        unpriced,
        stranger,
        ConcentratedSeed(liar, "uniswap_v3", pair, 3000, 60),
    ]
    read = snapshot(world, seeds)
    assert read.pools == ()
    assert "answers getReserves() with 0 bytes" in read.refused[nobody]
    assert "refuses slot0()" in read.refused[token]
    assert "is not initialised: it has no price yet" in read.refused[unpriced.address]
    assert "made by none of the Balancer factories" in read.refused[pool.address]
    assert "does not tell its tick bitmap" in read.refused[liar]
    assert set(read.refused) == {seed.address for seed in seeds}


def test_a_paused_vault_pauses_its_pools(world: SnapshotWorld, tmp_path: Path) -> None:
    kind = KINDS[2]
    tokens = world.create_vault_pool(kind, kind.setting(random.Random("paused")))
    seeds = found(world, tmp_path, tokens)
    authorizer = world.chain.call(world.vault, selector("getAuthorizer()"))[-20:].hex()
    action = world.chain.call(
        world.vault, selector("getActionId(bytes4)") + PAUSED.ljust(32, b"\0")
    )
    grant = encode(int.from_bytes(action, "big"), int(world.chain.ask("eth_accounts")[0], 16))
    world.chain.send("0x" + authorizer, selector("grantRole(bytes32,address)") + grant)
    assert not getattr(only(snapshot(world, seeds)), "is_paused")  # noqa: B009
    world.chain.send(world.vault, PAUSED + encode(1))
    assert getattr(only(snapshot(world, seeds)), "is_paused")  # noqa: B009


# --- what no log tells ---------------------------------------------------------------------


def test_a_rate_that_expired_is_read_from_its_provider(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    kind = next(kind for kind in KINDS if kind.name == "meta-stable")
    setting = kind.setting(random.Random("rates"))
    tokens = world.create_vault_pool(kind, setting)
    seeds = found(world, tmp_path, tokens)
    old = only(snapshot(world, seeds))
    for token, decimals in zip(tokens, setting.decimals, strict=True):
        state = encode(decimals, 3 * ONE)
        world.chain.send(token, selector("configure(uint8,uint256)") + state)
    pools = {old.address: old}
    reader = AnvilReader(world.chain)
    assert not asyncio.run(refresh_unlogged(reader, seeds, pools, "latest"))
    world.chain.ask("evm_increaseTime", CACHE_SECONDS + 1)
    world.chain.ask("anvil_mine")
    (event,) = asyncio.run(refresh_unlogged(reader, seeds, pools, "latest"))
    assert isinstance(event, PoolAppeared)
    assert isinstance(event.pool, StablePool)
    factors = [10 ** (18 - decimals) * 3 * ONE for decimals in setting.decimals]
    assert list(event.pool.scaling_factors) == factors
    # The contract agrees: a swap pays what the pool with the fresh rates quotes.
    sold, bought = event.pool.tokens
    amount = max(event.pool.max_amount_in(sold, bought) // 10**6, 1)
    seed = seeds[0]
    assert isinstance(seed, VaultSeed)
    world.swap_vault(seed.pool_id, sold.address, bought.address, amount)
    after = event.pool.quote_exact_input(sold, bought, amount).pool_after
    assert only(snapshot(world, seeds)) == after


def test_a_pool_that_cannot_be_read_any_more_vanishes(world: SnapshotWorld, tmp_path: Path) -> None:
    kind = next(kind for kind in KINDS if kind.name == "stable 2")
    tokens = world.create_vault_pool(kind, kind.setting(random.Random("gone")))
    seeds = found(world, tmp_path, tokens)
    pool = only(snapshot(world, seeds))
    world.chain.ask("anvil_setCode", pool.address, "0x")
    world.chain.ask("anvil_mine")
    refreshed = refresh_unlogged(AnvilReader(world.chain), seeds, {pool.address: pool}, "latest")
    (event,) = asyncio.run(refreshed)
    assert isinstance(event, PoolVanished)
    assert "getSwapFeePercentage" in event.reason


def test_pools_that_tell_all_by_their_logs_are_not_read_again(
    world: SnapshotWorld, tmp_path: Path
) -> None:
    world.create_pair(*RESERVES)
    seeds = found(world, tmp_path)
    reader = AnvilReader(world.chain)
    assert asyncio.run(refresh_unlogged(reader, seeds, {}, "latest")) == ()
    assert reader.calls == 0
