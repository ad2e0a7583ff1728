"""Indicators against TA-Lib, the other opinion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import talib
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from aineon.errors import OptimizerError
from aineon.optimizer.indicators import INDICATORS, NAMES, Bank, Bars

Floats = NDArray[np.float64]

RELATIVE = 1e-9
ROUNDING = 1e-11
"""Of the scale a value lives on (the price, or 100 %): values near zero are differences."""

SCALES = {"price": None, "volume": 1.0, "%": 100.0, "1": 100.0}


@dataclass(frozen=True)
class Series:
    """Bars of one pair, oldest first."""

    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.close)

    def bar(self, place: int) -> Bars:
        columns = (self.high, self.low, self.close, self.volume)
        return Bars(*(column[place : place + 1] for column in columns))

    def part(self, start: int, end: int) -> Series:
        columns = (self.high, self.low, self.close, self.volume)
        return Series(*(column[start:end].copy() for column in columns))


def walk(seed: int, bars: int, start: float = 100.0, deviation: float = 0.004) -> Series:
    dice = np.random.default_rng(seed)
    close = start * np.exp(np.cumsum(dice.normal(0.0, deviation, bars)))
    high = close * np.exp(np.abs(dice.normal(0.0, deviation, bars)))
    low = close * np.exp(-np.abs(dice.normal(0.0, deviation, bars)))
    return Series(high, low, close, dice.random(bars))


def constant(bars: int, price: float) -> Series:
    column = np.full(bars, price)
    return Series(column, column, column, np.ones(bars))


def by_talib(series: Series) -> dict[str, Floats]:
    high, low, close = series.high, series.low, series.close
    macd, signal, histogram = talib.MACD(close, 12, 26, 9)
    upper, middle, lower = talib.BBANDS(close, 20, 2, 2)
    fast, slow = talib.STOCH(high, low, close, 14, 3, 0, 3, 0)
    return {
        "ema_12": talib.EMA(close, 12),
        "ema_26": talib.EMA(close, 26),
        "ema_50": talib.EMA(close, 50),
        "macd": macd,
        "macd_signal": signal,
        "macd_histogram": histogram,
        "trix": talib.TRIX(close, 15),
        "rsi": talib.RSI(close, 14),
        "atr": talib.ATR(high, low, close, 14),
        "natr": talib.NATR(high, low, close, 14),
        "plus_di": talib.PLUS_DI(high, low, close, 14),
        "minus_di": talib.MINUS_DI(high, low, close, 14),
        "adx": talib.ADX(high, low, close, 14),
        "sma_20": middle,
        "bollinger_upper": upper,
        "bollinger_lower": lower,
        "cci": talib.CCI(high, low, close, 20),
        "stochastic_k": fast,
        "stochastic_d": slow,
        "williams_r": talib.WILLR(high, low, close, 14),
        "aroon": talib.AROONOSC(high, low, 14),
        "roc": talib.ROC(close, 10),
        "obv": talib.OBV(close, series.volume),
    }


def incremental(*series: Series) -> Floats:
    """Values by bar, indicator and pair."""
    bank = Bank([f"pair {place}" for place in range(len(series))])
    rows = []
    for place in range(len(series[0])):
        bars = [each.bar(place) for each in series]
        joined = (
            np.concatenate([getattr(bar, name) for bar in bars])
            for name in ("high", "low", "close", "volume")
        )
        rows.append(bank.update(Bars(*joined)))
    return np.array(rows)


def assert_equal(found: Floats, series: Series) -> None:
    """All indicators of one pair are TA-Lib's, with the same unknown bars at the start."""
    expected = by_talib(series)
    price = float(series.close.max())
    for place, indicator in enumerate(INDICATORS):
        scale = SCALES[indicator.unit] or price
        np.testing.assert_allclose(
            found[:, place],
            expected[indicator.name],
            rtol=RELATIVE,
            atol=ROUNDING * scale,
            equal_nan=True,
            err_msg=indicator.name,
        )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    bars=st.integers(1, 150),
    start=st.sampled_from([1e-4, 0.1, 1.0, 3127.37, 1e6]),
    deviation=st.sampled_from([1e-4, 0.003, 0.05]),
)
def test_random_walks(seed: int, bars: int, start: float, deviation: float) -> None:
    series = walk(seed, bars, start, deviation)
    assert_equal(incremental(series)[:, :, 0], series)


@settings(max_examples=25, deadline=None)
@given(
    moves=st.lists(st.sampled_from([-1, 0, 0, 1]), min_size=1, max_size=120),
    spread=st.integers(0, 1),
)
def test_walks_in_ticks_with_standstills_and_equal_extremes(moves: list[int], spread: int) -> None:
    close = 1000.0 + np.cumsum(np.array(moves, dtype=float))
    series = Series(close + spread, close - spread, close, np.ones(len(close)))
    assert_equal(incremental(series)[:, :, 0], series)


@pytest.mark.parametrize("price", [100.0, 0.1, 3127.37, 1e-9])
def test_a_price_that_does_not_move(price: float) -> None:
    series = constant(80, price)
    found = incremental(series)[:, :, 0]
    assert_equal(found, series)
    last = dict(zip(NAMES, found[-1], strict=True))
    assert last["rsi"] == last["cci"] == last["adx"] == last["atr"] == 0.0


def test_a_walk_that_stops_for_a_while_and_goes_on() -> None:
    first, rest = walk(3, 60), walk(4, 60)
    pause = constant(60, float(first.close[-1]))
    series = Series(
        *(
            np.concatenate([getattr(part, name) for part in (first, pause, rest)])
            for name in ("high", "low", "close", "volume")
        )
    )
    assert_equal(incremental(series)[:, :, 0], series)


def test_pairs_do_not_see_each_other() -> None:
    many = [walk(seed, 90, 10.0**seed) for seed in range(5)]
    together = incremental(*many)
    for place, series in enumerate(many):
        assert_equal(together[:, :, place], series)


def test_the_catalogue_says_when_each_is_first_known() -> None:
    found = incremental(walk(1, 60))[:, :, 0]
    for place, indicator in enumerate(INDICATORS):
        known = ~np.isnan(found[:, place])
        assert known.argmax() == indicator.first - 1, indicator.name
        assert known[indicator.first - 1 :].all(), indicator.name


UNKNOWN = {
    "nan": (np.nan, np.nan, np.nan),
    "zero": (0.0, 0.0, 0.0),
    "negative": (-1.0, -1.0, -1.0),
    "infinite": (np.inf, 1.0, 1.0),
    "a close that is nan": (2.0, 1.0, np.nan),
    "a close above the high": (2.0, 1.0, 3.0),
    "a close below the low": (2.0, 1.0, 0.5),
}


@pytest.mark.parametrize("bar", UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_bar_is_a_new_beginning_for_its_pair_alone(
    bar: tuple[float, float, float],
) -> None:
    broken, whole = walk(5, 160), walk(6, 160)
    for column, value in zip((broken.high, broken.low, broken.close), bar, strict=True):
        column[70] = value
    found = incremental(broken, whole)
    assert np.isnan(found[70, :, 0]).all()
    assert_equal(found[:70, :, 0], broken.part(0, 70))
    assert_equal(found[71:, :, 0], broken.part(71, 160))
    assert_equal(found[:, :, 1], whole)


def test_an_unknown_volume_costs_the_volume_alone() -> None:
    series = walk(7, 60)
    series.volume[30] = np.nan
    found = incremental(series)[:, :, 0]
    volume = NAMES.index("obv")
    assert np.isnan(found[30, volume])
    assert found[31, volume] == series.volume[31]
    others = [place for place in range(len(NAMES)) if place != volume]
    np.testing.assert_array_equal(found[:, others], incremental(walk(7, 60))[:, others, 0])


def test_what_is_read_by_name_is_what_was_returned() -> None:
    series = walk(8, 50)
    bank = Bank(["USDC/WETH"])
    assert np.isnan(list(bank.of("USDC/WETH").values())).all()
    for place in range(len(series)):
        values = bank.update(series.bar(place))
    assert list(bank.of("USDC/WETH").values()) == values[:, 0].tolist()
    assert tuple(bank.of("USDC/WETH")) == bank.names == NAMES


def test_what_was_returned_does_not_change_later() -> None:
    series = walk(9, 60)
    bank = Bank(["USDC/WETH"])
    for place in range(59):
        values = bank.update(series.bar(place))
    kept = values.copy()
    bank.update(series.bar(59))
    np.testing.assert_array_equal(values, kept)


def test_a_bank_without_pairs() -> None:
    nothing = np.empty(0)
    assert Bank([]).update(Bars(nothing, nothing, nothing, nothing)).shape == (len(NAMES), 0)


def test_a_bar_over_blocks() -> None:
    bars = Bars.over([[3.0, 10.0], [1.0, np.nan], [2.0, 11.0]], [5.0, 6.0])
    assert bars.high[0] == 3.0
    assert bars.low[0] == 1.0
    assert bars.close[0] == 2.0
    assert bars.volume.tolist() == [5.0, 6.0]
    assert bars.known().tolist() == [True, False]


def test_bars_that_do_not_fit_are_refused() -> None:
    row = np.ones(2)
    with pytest.raises(OptimizerError, match="high has 1 entries and close 2"):
        Bars(np.ones(1), row, row, row)
    with pytest.raises(OptimizerError, match=r"low has the shape \(2, 1\)"):
        Bars(row, np.ones((2, 1)), row, row)
    with pytest.raises(OptimizerError, match="volume is 'much'; allowed are numbers"):
        Bars(row, row, row, "much")
    with pytest.raises(OptimizerError, match="at least one"):
        Bars.over(np.empty((0, 2)), row)
    with pytest.raises(OptimizerError, match="the bars are of 2 pairs; allowed are 1"):
        Bank(["USDC/WETH"]).update(Bars(row, row, row, row))


def test_pairs_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OptimizerError, match="allowed is every name once"):
        Bank(["USDC/WETH", "USDC/WETH"])
    with pytest.raises(OptimizerError, match="pair is 'WBTC/WETH'; allowed are USDC/WETH"):
        Bank(["USDC/WETH"]).of("WBTC/WETH")
