"""Base fees to come: exact for the next block, held by the protocol, and covered as promised."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.chain.fee_forecast import (
    COVERED,
    LEAST_MISSES,
    MOST_BLOCKS,
    BlockFee,
    FeeForecast,
)
from aineon.chain.fees import next_base_fee_wei
from aineon.errors import InvalidHeader
from aineon.feeds.sandbox.gas import GAS_LIMIT, GasMarket
from aineon.primitives import Block

GWEI = 10**9
LIMIT = 30_000_000


def chain(used: list[int], fee: int = 8 * GWEI, first: int = 100) -> list[Block]:
    """Blocks that follow from each other, with the gas that each of them used."""
    blocks = []
    for number, gas in enumerate(used, start=first):
        blocks.append(Block(number, fee, gas_used=gas, gas_limit=LIMIT))
        fee = next_base_fee_wei(fee, gas, LIMIT)
    return blocks


def after(blocks: list[Block]) -> FeeForecast:
    forecast = FeeForecast()
    for block in blocks:
        forecast.observe_block(block)
    return forecast


def sandbox(seed: int, blocks: int) -> list[Block]:
    market, made = GasMarket(seed), []
    for number in range(blocks):
        market.advance(0.0008)
        gas = Block(number, market.base_fee_wei, gas_used=market.gas_used, gas_limit=GAS_LIMIT)
        made.append(gas)
    return made


# --- what the protocol says -------------------------------------------------------------------


@settings(max_examples=60)
@given(st.integers(0, 10**30), st.lists(st.integers(0, LIMIT), min_size=1, max_size=80))
def test_the_next_block_is_exact_and_no_later_one_moves_by_more_than_an_eighth_a_block(
    fee: int, used: list[int]
) -> None:
    blocks = chain(used, fee)
    last = blocks[-1]
    told = after(blocks).ahead()
    following = next_base_fee_wei(last.base_fee_wei or 0, used[-1], LIMIT)
    assert told[0] == BlockFee(last.number + 1, following, following, following)
    least = most = following
    for fee_told in told[1:]:
        least -= least // 8
        most += max(most // 8, 1)
        assert least <= fee_told.low_wei <= fee_told.likely_wei <= fee_told.high_wei <= most
        assert all(type(x) is int for x in (fee_told.low_wei, fee_told.high_wei))


def test_what_blocks_really_do_lies_within_what_is_told_before_anything_is_known() -> None:
    forecast = after(chain([LIMIT // 2]))
    full, empty = chain([LIMIT // 2] + [LIMIT] * 10), chain([LIMIT // 2] + [0] * 10)
    for told, dear, cheap in zip(forecast.ahead(), full[1:], empty[1:], strict=True):
        assert told.number == dear.number
        # The first fee follows from the block that was seen; the rest may go either way.
        assert (told.low_wei, told.high_wei) == (cheap.base_fee_wei, dear.base_fee_wei)
    assert [told.is_told for told in forecast.ahead()] == [True] + [False] * 9


# --- how well it does -------------------------------------------------------------------------


class Watched(NamedTuple):
    """A sandbox's gas market, what was foretold after each of its blocks, and by whom."""

    seen: list[tuple[Block, tuple[BlockFee, ...]]]
    forecast: FeeForecast


@pytest.fixture(scope="module")
def watched() -> Watched:
    forecast, seen = FeeForecast(), []
    for block in sandbox(7, 1_500):
        forecast.observe_block(block)
        seen.append((block, forecast.ahead()))
    return Watched(seen, forecast)


@pytest.mark.parametrize("ahead", [2, 3, 5, 10])
def test_nine_in_ten_base_fees_lie_in_their_band(watched: Watched, ahead: int) -> None:
    came = [block.base_fee_wei or 0 for block, _ in watched.seen]
    due = [
        (told[ahead - 1], came[place + ahead])
        for place, (_, told) in enumerate(watched.seen[:-ahead])
        if told[ahead - 1].is_told
    ]
    held = sum(told.low_wei <= fee <= told.high_wei for told, fee in due) / len(due)
    below = sum(fee < told.likely_wei for told, fee in due) / len(due)
    assert len(due) > 1_400
    assert 0.85 <= held <= 0.95
    assert 0.40 <= below <= 0.60
    # A band that holds everything that can happen would hold as well, and say nothing.
    widest = sum((9 / 8) ** (ahead - 1) - (7 / 8) ** (ahead - 1) for _ in due)
    told_width = sum((told.high_wei - told.low_wei) / told.likely_wei for told, _ in due)
    assert told_width < 0.75 * widest


def test_the_forecast_keeps_its_own_score(watched: Watched) -> None:
    scores = watched.forecast.coverage()
    assert [each.blocks for each in scores] == list(range(2, MOST_BLOCKS + 1))
    for each in scores:
        assert each.forecasts > 1_400
        assert each.share == pytest.approx(COVERED, abs=0.05)
    assert {each.share for each in after(chain([LIMIT])).coverage()} == {None}


def test_a_calm_chain_gets_a_narrow_band_and_a_wild_one_a_wide_band() -> None:
    calm = after(chain([LIMIT // 2] * 200)).ahead()[5]
    wild = after(chain([0, LIMIT] * 100)).ahead()[5]
    assert (calm.low_wei, calm.high_wei) == (8 * GWEI, 8 * GWEI)
    assert wild.high_wei - wild.low_wei > wild.likely_wei // 20


def test_a_rush_is_foretold_to_go_on() -> None:
    forecast = after(chain([LIMIT // 2] * 150 + [LIMIT] * 6))
    assert forecast.ahead()[3].likely_wei > forecast.ahead()[0].likely_wei
    assert forecast.ahead()[3].high_wei > forecast.ahead()[0].likely_wei * 11 // 10


# --- what it is fed with ----------------------------------------------------------------------


def test_the_history_that_a_node_tells_says_the_same() -> None:
    blocks = sandbox(3, 120)
    fees = [block.base_fee_wei or 0 for block in blocks]
    last = blocks[-1]
    fees.append(next_base_fee_wei(fees[-1], last.gas_used or 0, GAS_LIMIT))
    full = [(block.gas_used or 0) / GAS_LIMIT for block in blocks]
    assert FeeForecast.of_history(0, fees, full).ahead() == after(blocks).ahead()
    with pytest.raises(InvalidHeader, match="121 base fees for 119 blocks"):
        FeeForecast.of_history(0, fees, full[:-1])


def test_no_block_no_forecast_and_unknown_blocks_are_passed_over() -> None:
    forecast = FeeForecast()
    assert forecast.ahead() == ()
    forecast.observe_block(Block(1, 8 * GWEI))
    forecast.observe_block(Block(1))
    assert forecast.ahead() == ()


def test_seen_twice_is_seen_once() -> None:
    blocks = sandbox(5, 80)
    assert after(blocks + [blocks[-1]] * 3).ahead() == after(blocks).ahead()


def test_after_a_gap_nothing_that_was_foretold_is_held_against_it() -> None:
    blocks = chain([LIMIT // 2] * 100)
    forecast = after(blocks)
    jumped = chain([LIMIT // 2] * 5, fee=80 * GWEI, first=5_000)
    for block in jumped:
        forecast.observe_block(block)
    told = forecast.ahead()
    assert told[0].number == 5_005
    assert told[0].likely_wei == 80 * GWEI
    # No miss of a factor of ten came into it: the band is as narrow as before.
    assert told[1].low_wei == told[1].high_wei == 80 * GWEI


def test_a_block_that_takes_others_back_is_followed() -> None:
    forecast = after(chain([LIMIT // 2] * 60))
    forecast.observe_block(Block(150, 9 * GWEI, gas_used=LIMIT, gas_limit=LIMIT))
    assert forecast.ahead()[0].number == 151
    assert forecast.ahead()[0].likely_wei == 9 * GWEI * 9 // 8


def test_a_band_is_told_as_soon_as_enough_came_due() -> None:
    enough = LEAST_MISSES + 1
    assert not after(chain([LIMIT // 2] * (enough - 1))).ahead()[1].is_told
    assert after(chain([LIMIT // 2] * enough)).ahead()[1].is_told


@pytest.mark.parametrize(
    "observed",
    [(-1, 1, 1, 0.5), (1, -1, 1, 0.5), (1, 1, -1, 0.5), (1, 1, 1, 1.01), (1, 1, 1, float("nan"))],
)
def test_what_no_block_has_is_refused(observed: tuple[int, int, int, float]) -> None:
    with pytest.raises(InvalidHeader, match="allowed are fees from 0 on"):
        FeeForecast().observe(*observed)


@pytest.mark.parametrize("blocks", [0, 11, True, 2.0])
def test_ten_blocks_are_foretold_at_most(blocks: int) -> None:
    with pytest.raises(InvalidHeader, match="allowed is an int from 1 to 10"):
        after(chain([0])).ahead(blocks)
