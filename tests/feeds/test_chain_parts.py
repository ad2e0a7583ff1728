"""The parts of the chain's feed: bloom filters, branches, sifting, audits, news of long reads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.amm import ConstantProductPool
from aineon.chain.reader import ChainReader
from aineon.chain.snapshot import Progress
from aineon.chain.topics import TOPICS
from aineon.errors import ChainError, RangeTooWide, UnknownBlock
from aineon.feeds.base import FeedPaused
from aineon.feeds.chain.audit import Audit
from aineon.feeds.chain.block_logs import LogReader, bloom_bits
from aineon.feeds.chain.branch import Branch
from aineon.feeds.chain.sifting import sift
from aineon.feeds.chain.telling import Told
from aineon.market import Market, MarketUpdate, PoolAppeared, ReservesChanged
from aineon.market.market import REMEMBERED_BLOCKS
from aineon.primitives import Address, Block, Token
from tests.feeds.following import no_pause

TOKENS = [Token(f"0x{place:040x}", f"T{place}", 18) for place in (1, 2)]
POOLS = [
    ConstantProductPool(f"0x{place:040x}", TOKENS[0], TOKENS[1], 10**18, 10**18, 3000, "v2")
    for place in range(10, 20)
]


def block(number: int, branch: str = "a", parent: str | None = None) -> Block:
    return Block(number, hash=name(number, branch), parent_hash=name(number - 1, parent or branch))


def name(number: int, branch: str) -> str:
    return "0x" + branch * 4 + f"{number:060x}"


class Headers:
    """A reader that knows some blocks and their logs."""

    def __init__(self, *blocks: Block, logs: Sequence[Any] = ()) -> None:
        self.blocks = {each.hash: each for each in blocks}
        self.answers = list(logs)
        self.asked: list[str] = []

    async def block(self, block: str) -> Block | None:
        self.asked.append(block)
        return self.blocks.get(block)

    async def logs(self, *, block_hash: str) -> Sequence[Mapping[str, Any]]:
        self.asked.append(block_hash)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return cast("Sequence[Mapping[str, Any]]", answer)


def reader_of(headers: Headers) -> ChainReader:
    return cast("ChainReader", headers)


# --- logs and their filter ---------------------------------------------------------------------

EMITTER = Address("0x" + "ab" * 20)
SYNC = TOPICS["Sync(uint112,uint112)"]


def log(place: int, address: str = EMITTER, *topics: str) -> dict[str, Any]:
    return {"logIndex": hex(place), "address": address, "topics": list(topics), "data": "0x"}


def filter_of(*values: str) -> str:
    bits = 0
    for value in values:
        bits |= bloom_bits(value)
    return f"0x{bits:0512x}"


@given(st.binary(min_size=1, max_size=32))
def test_a_value_sets_at_most_three_bits_of_2048(value: bytes) -> None:
    bits = bloom_bits(value)
    assert 1 <= bits.bit_count() <= 3
    assert bits < 1 << 2048
    assert bits == bloom_bits("0x" + value.hex())


ONE = replace(block(5), logs_bloom=filter_of(EMITTER, SYNC))


@pytest.mark.parametrize(
    ("logs", "words"),
    [
        ([log(0, EMITTER, SYNC)], ""),
        ([log(0, EMITTER, SYNC), log(1)], ""),
        ([], "do not add up"),
        ([log(0)], "do not add up"),
        ([log(0, EMITTER, SYNC, "0x" + "77" * 32)], "do not add up"),
        ([log(0, "0xno")], "not in the form of a log"),
        ([{}], "not in the form of a log"),
        ([log(1, EMITTER, SYNC)], "log 0 of 1 or more is missing"),
        ([log(0, EMITTER, SYNC), log(2)], "log 1 of 2 or more is missing"),
        ([log(0, EMITTER, SYNC), log(0, EMITTER, SYNC)], "log 1 of 2 or more is missing"),
    ],
)
def test_logs_that_cannot_be_all_have_a_flaw(logs: list[Any], words: str) -> None:
    found = LogReader(reader_of(Headers())).flaw(logs, ONE)
    assert words in found
    assert bool(words) == bool(found)


def test_control_without_a_filter_the_last_log_can_be_missing() -> None:
    assert LogReader(reader_of(Headers())).flaw([], replace(ONE, logs_bloom=None)) == ""


async def test_logs_are_read_again_until_they_are_complete() -> None:
    whole = [log(0, EMITTER, SYNC)]
    headers = Headers(logs=[[], RangeTooWide("too many"), whole])
    found = await LogReader(reader_of(headers), no_pause).read(ONE)
    assert found == (whole, "")
    assert len(headers.asked) == 3


async def test_logs_that_stay_incomplete_are_told_with_the_reason() -> None:
    found = await LogReader(reader_of(Headers(logs=[[]])), no_pause).read(ONE)
    assert "do not add up" in found.flaw


async def test_a_pending_block_has_no_logs_to_read() -> None:
    with pytest.raises(UnknownBlock):
        await LogReader(reader_of(Headers())).read(Block(5))


# --- branches ----------------------------------------------------------------------------------


def branch_of(first: int, last: int) -> Branch:
    branch = Branch(block(first))
    for number in range(first + 1, last + 1):
        branch.extend(block(number))
    return branch


async def test_a_child_of_the_tip_follows_at_once() -> None:
    headers = Headers()
    path = await branch_of(1, 5).path_to(reader_of(headers), block(6))
    assert path == (block(5), (block(6),))
    assert headers.asked == []


async def test_blocks_between_are_looked_up_by_their_hashes() -> None:
    headers = Headers(block(6), block(7))
    path = await branch_of(1, 5).path_to(reader_of(headers), block(8))
    assert path == (block(5), (block(6), block(7), block(8)))


async def test_another_branch_is_traced_to_where_it_leaves_ours() -> None:
    headers = Headers(block(4, "b", parent="a"), block(5, "b"))
    path = await branch_of(1, 5).path_to(reader_of(headers), block(6, "b"))
    assert path.ancestor == block(3)
    assert [each.number for each in path.blocks] == [4, 5, 6]


async def test_a_branch_that_leaves_before_all_that_is_remembered_has_no_ancestor() -> None:
    headers = Headers(*(block(number, "b") for number in range(10)))
    path = await branch_of(3, 5).path_to(reader_of(headers), block(6, "b"))
    assert path.ancestor is None


async def test_a_parent_that_nobody_knows_is_said() -> None:
    with pytest.raises(UnknownBlock):
        await branch_of(1, 5).path_to(reader_of(Headers()), block(8))


def test_a_branch_remembers_as_far_as_a_market_rewinds() -> None:
    branch = branch_of(1, 200)
    assert branch.tip == block(200)
    assert branch.oldest == block(200 - REMEMBERED_BLOCKS)
    branch.rewind(block(150))
    assert branch.tip == block(150)
    assert branch.holds(block(140))
    assert not branch.holds(block(151))


# --- sifting -----------------------------------------------------------------------------------


@given(st.sets(st.sampled_from(range(len(POOLS)))))
def test_bad_events_are_told_from_good_ones(bad: set[int]) -> None:
    market = Market(POOLS, block(1))
    events = [
        ReservesChanged(pool.address, -1 if place in bad else 7, 8)
        for place, pool in enumerate(POOLS)
    ]
    sifted = sift(market, block(2), events)
    assert set(sifted.refused) == {POOLS[place].address for place in bad}
    assert market.pools == {pool.address: pool for pool in POOLS}
    market.apply(MarketUpdate(block(2), sifted.events))
    assert market.pools == {
        pool.address: pool.with_reserves(7, 8)
        for place, pool in enumerate(POOLS)
        if place not in bad
    }
    assert market.lost.keys() == sifted.refused.keys()


def test_a_pool_that_never_was_does_not_vanish() -> None:
    pool = PoolAppeared(cast("Any", "no pool"))
    with pytest.raises(AttributeError):
        sift(Market(), block(2), [pool])
    stranger = ReservesChanged(Address("0x" + "99" * 20), 7, 8)
    assert sift(Market(), block(2), [stranger]).events == ()


# --- audits ------------------------------------------------------------------------------------


def test_every_pool_has_its_turn() -> None:
    audit = Audit(reader_of(Headers()))
    pools = [pool.address for pool in POOLS]
    seen = [audit.next_in_turn(pools, 4) for _ in range(5)]
    assert [len(each) for each in seen] == [4] * 5
    assert [address for each in seen for address in each] == pools + pools
    assert audit.next_in_turn(pools[:2], 4) in ([pools[0], pools[1]], [pools[1], pools[0]])
    assert audit.next_in_turn([], 4) == []


# --- news of long reads ------------------------------------------------------------------------


async def test_a_long_read_is_told_of_while_it_lasts() -> None:
    goes_on = asyncio.Event()

    async def read(tell: Progress) -> int:
        tell(1_234, 10_000, "ticks")
        await goes_on.wait()
        return 7

    told = Told("reading all pools", read)
    news = told.news()
    assert await anext(news) == FeedPaused("reading all pools …")
    assert await anext(news) == FeedPaused("reading all pools: ticks, 1,234 of 10,000")
    goes_on.set()
    assert [item async for item in news] == []
    assert told.result == 7
    assert await told.silently() == 7


async def test_a_long_read_that_fails_says_so() -> None:
    async def read(_: Progress) -> int:
        raise ChainError("no node")

    with pytest.raises(ChainError, match="no node"):
        assert [item async for item in Told("reading", read).news()]


async def test_a_long_read_ends_with_whoever_wants_to_know() -> None:
    ended = asyncio.Event()

    async def read(_: Progress) -> int:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return 0

    news = Told("reading", read).news()
    await anext(news)
    await asyncio.sleep(0)
    await news.aclose()
    await asyncio.wait_for(ended.wait(), 5)
