"""All 35,963 mints and burns of a real V3 pool's first months, applied one by one."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from itertools import islice

from aineon.amm import ConcentratedPool
from aineon.amm.concentrated.tick_math import sqrt_ratio_at_tick
from tests.amm.making_pools import ADDRESS, DOWN, TOKEN0, TOKEN1, UP, columns, rebuilt
from tests.shared_data import path_of

# Where USDC/WETH traded in those months; the events alone do not say.
TICK = 195000
CHECKPOINTS = 30


def changes() -> Iterator[tuple[int, int, int]]:
    path = path_of("univ3_usdc_weth_0p3_liquidity_events.csv.gz")
    with gzip.open(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            sign = {"mint": 1, "burn": -1}[row["type"]]
            yield int(row["tick_lower"]), int(row["tick_upper"]), sign * int(row["liquidity"])


def empty_pool() -> ConcentratedPool:
    return ConcentratedPool(
        address=ADDRESS,
        token0=TOKEN0,
        token1=TOKEN1,
        fee_pips=3000,
        tick_spacing=60,
        sqrt_price_x96=sqrt_ratio_at_tick(TICK),
        tick=TICK,
        liquidity=0,
        ticks={},
    )


def test_applying_events_one_by_one_equals_building_the_pool_anew() -> None:
    events = list(changes())
    assert len(events) == 35_963
    pool = empty_pool()
    stride = len(events) // CHECKPOINTS
    remaining = iter(events)
    seen = 0
    while batch := list(islice(remaining, stride)):
        for change in batch:
            pool = pool.with_liquidity(*change)
        seen += len(batch)
        scratch = rebuilt(pool)
        assert pool == scratch
        assert columns(pool) == columns(scratch)
        assert min(pool._upward.liquidity) >= 0
        assert all(gross > 0 for gross, _ in pool.ticks.values())
    assert seen == len(events)
    assert len(pool.ticks) > 300
    for pair in (DOWN, UP):
        amount = pool.max_amount_in(*pair) // 3
        assert pool.quote_exact_input(*pair, amount).amount_out > 0
