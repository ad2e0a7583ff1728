"""Indicators and regimes on one core: `python dev.py bench`, or pytest with --benchmark-enable."""

from __future__ import annotations

import itertools

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.optimizer.indicators import Bank, Bars
from aineon.optimizer.regimes import Observation, RegimeFilter

PAIRS = 24
BARS = 400


def test_bar_of_24_pairs(benchmark: BenchmarkFixture) -> None:
    dice = np.random.default_rng(1)
    close = np.exp(np.cumsum(dice.normal(0.0, 0.003, (BARS, PAIRS)), axis=0))
    high, low = close * 1.002, close * 0.998
    bank = Bank([f"pair {place}" for place in range(PAIRS)])
    volume = np.ones(PAIRS)
    for place in range(60):
        bank.update(Bars(high[place], low[place], close[place], volume))
    places = itertools.cycle(range(BARS))

    def update() -> None:
        place = next(places)
        bank.update(Bars(high[place], low[place], close[place], volume))

    benchmark(update)
    assert np.isfinite(bank.values).all()


def test_block_of_the_regime_filter(benchmark: BenchmarkFixture) -> None:
    dice = np.random.default_rng(2)
    follower = RegimeFilter()
    blocks = itertools.count()
    prices = 3000 * np.exp(np.cumsum(dice.normal(0.0, 0.0003, 2_000)))
    moved = dice.poisson(8, 2_000).astype(float)

    def update() -> None:
        block = next(blocks)
        follower.update(Observation(block, float(prices[block % 2_000]), moved[block % 2_000]))

    for _ in range(320):
        update()
    benchmark(update)
    assert follower.reading.regime is not None
