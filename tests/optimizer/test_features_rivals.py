"""What rivals would bid is told from what they took of what stood open, and from what they left."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from aineon.market import Market
from aineon.optimizer.arms import FIRST
from aineon.optimizer.features.seeing import TakingSeen, shared_tokens
from aineon.search import Opportunity, Scanner
from tests.optimizer.test_features import (
    CHEAP,
    COSTS,
    DAIS,
    DEAR,
    USDC,
    WETH,
    Watcher,
    block,
    pool,
    taking,
)

ETHER = 10**18


def first(watcher: Watcher) -> list[float]:
    told = watcher.told()
    return [told[name] for name in FIRST]


def fought(blocks: int, *takings: TakingSeen) -> Watcher:
    watcher = Watcher()
    for number in range(1, blocks + 1):
        watcher.told()
        watcher.block(number, takings=takings)
    return watcher


def test_of_nobody_nothing_is_told() -> None:
    assert all(isnan(each) for each in first(Watcher()))
    assert all(isnan(each) for each in first(fought(3)))


def test_whoever_took_it_will_be_there_again() -> None:
    once, often = (np.array(first(fought(count, taking()))) for count in (1, 20))
    assert (np.diff(often) >= 0).all()
    middle = FIRST.index("first_30")
    assert often[middle] < once[middle] < 0
    assert often[-1] > 1


def test_what_is_left_lying_is_feared_less() -> None:
    watcher = fought(10, taking())
    before = np.array(first(watcher))
    for number in range(11, 20):
        watcher.block(number)
        watcher.told()
    assert (np.array(first(watcher)) >= before).all()
    assert first(watcher)[0] > 2


@pytest.mark.parametrize("told", [taking(payment=None), taking(net=None), taking(net=-5)])
def test_a_taking_of_which_a_figure_is_unknown_teaches_nothing(told: TakingSeen) -> None:
    assert all(isnan(each) for each in first(fought(3, told)))


def test_what_was_taken_without_having_been_looked_at_counts_too() -> None:
    watcher = Watcher()
    watcher.block(1, takings=[taking()])
    assert first(watcher)[4] < 0


def test_a_better_gap_over_one_of_the_swaps_is_what_others_pay_for() -> None:
    watcher = fought(20, taking())
    third = pool(4, WETH, 800 * ETHER, USDC, 2_480_000 * 10**6)
    watcher.market = Market([CHEAP, DEAR, DAIS, third], block(20))
    watcher.builder.observe(block(21), {}, watcher.market, [third.address])

    def odds(chosen: Opportunity) -> np.ndarray:
        told = watcher.builder.vector(chosen, watcher.market)
        return np.array([told[watcher_names.index(name)] for name in FIRST])

    watcher_names = list(watcher.told())
    found = Scanner([WETH], 2, COSTS).scan(watcher.market).opportunities
    best = found[0]
    lesser = next(each for each in found if set(each.route.pools) == {CHEAP, third})
    assert (lesser.net_profit or 0) < 0.8 * (best.net_profit or 0)
    assert (odds(lesser)[:-2] < odds(best)[:-2]).all()


def test_the_pairs_of_what_was_taken() -> None:
    assert shared_tokens([CHEAP, DEAR]) == [CHEAP.tokens[:2], DEAR.tokens[:2]]
    assert shared_tokens([CHEAP, DAIS]) == []


def test_of_a_feed_that_looks_at_a_block_in_steps_nothing_is_told() -> None:
    watcher = fought(10, taking())
    assert not any(isnan(each) for each in first(watcher))
    watcher.builder.observe(block(10), watcher.market.pools, watcher.market, (), ())
    assert all(isnan(each) for each in first(watcher))


def test_after_a_block_was_replaced_rivals_are_followed_again() -> None:
    watcher = fought(10, taking())
    watcher.builder.observe(block(9), watcher.market.pools, watcher.market, (), ())
    assert all(isnan(each) for each in first(watcher))
    for number in range(11, 63):
        watcher.block(number, takings=[taking()])
        told = first(watcher)
    assert not any(isnan(each) for each in told)


def test_over_blocks_that_are_missing_nobody_is_taken_to_have_left() -> None:
    seen, missing = (fought(10, taking()) for _ in range(2))
    before = np.array(first(seen))
    first(missing)
    for number in range(11, 15):
        seen.block(number)
        first(seen)
    missing.block(14)
    assert (np.array(first(seen)) > before + 1)[:4].all()
    assert np.array(first(missing)) == pytest.approx(before, abs=0.2)


def test_whoever_pays_by_gas_price_is_not_taken_for_one_who_bids_nothing() -> None:
    watchers = [fought(10, taking()) for _ in range(2)]
    for watcher, payment in zip(watchers, (0, None), strict=True):
        watcher.told()
        watcher.block(11, takings=[taking(payment)])
    by_gas_price, unknown = map(first, watchers)
    assert by_gas_price == unknown
