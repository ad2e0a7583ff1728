"""The indicators: what each is called, what it is made of, and when it is first known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator.

    Attributes:
        name: as in `Bank.names` and among the features.
        unit: "price" (the bars' unit), "%", "volume", or "1" for a bare number.
        formula: in words; all figures count bars.
        source: the function of TA-Lib that gives the same.
        first: how many bars a pair needs for the first value.
    """

    name: str
    unit: str
    formula: str
    source: str
    first: int


def _of(name: str, unit: str, first: int, source: str, formula: str) -> Indicator:
    return Indicator(name, unit, formula, source, first)


_TRIPLE = "exponential average (15) of one of one"

INDICATORS: Final = (
    _of("ema_12", "price", 12, "EMA(12)", "exponential average with weight 2/13"),
    _of("ema_26", "price", 26, "EMA(26)", "exponential average with weight 2/27"),
    _of("ema_50", "price", 50, "EMA(50)", "exponential average with weight 2/51"),
    _of("macd", "price", 34, "MACD(12, 26, 9)", "fast minus slow average of the close"),
    _of("macd_signal", "price", 34, "MACD(12, 26, 9)", "exponential average (9) of macd"),
    _of("macd_histogram", "price", 34, "MACD(12, 26, 9)", "macd minus macd_signal"),
    _of("trix", "%", 44, "TRIX(15)", f"change since the last bar of the {_TRIPLE}"),
    _of("rsi", "%", 15, "RSI(14)", "Wilder's average gain in gain plus loss; 0 without moves"),
    _of("atr", "price", 15, "ATR(14)", "Wilder's average of the true range"),
    _of("natr", "%", 15, "NATR(14)", "atr in percent of the close"),
    _of("plus_di", "%", 15, "PLUS_DI(14)", "upward movement in percent of the true range"),
    _of("minus_di", "%", 15, "MINUS_DI(14)", "downward movement in percent of the true range"),
    _of("adx", "%", 28, "ADX(14)", "Wilder's average of |plus_di − minus_di| in their sum"),
    _of("sma_20", "price", 20, "SMA(20)", "mean of the close; the middle Bollinger band"),
    _of("bollinger_upper", "price", 20, "BBANDS(20, 2, 2)", "sma_20 plus two deviations"),
    _of("bollinger_lower", "price", 20, "BBANDS(20, 2, 2)", "sma_20 minus two deviations"),
    _of("cci", "1", 20, "CCI(20)", "typical price minus its mean, in 0.015 mean deviations"),
    _of("stochastic_k", "%", 18, "STOCH(14, 3, 3)", "mean of 3 places in the range of 14"),
    _of("stochastic_d", "%", 18, "STOCH(14, 3, 3)", "mean of 3 of stochastic_k"),
    _of(
        "williams_r", "%", 14, "WILLR(14)", "close below the highest high, in the range: −100 to 0"
    ),
    _of("aroon", "%", 15, "AROONOSC(14)", "how much newer the highest high is than the lowest low"),
    _of("roc", "%", 11, "ROC(10)", "change of the close over 10 bars"),
    _of("obv", "volume", 1, "OBV", "volume, added where the close rose, subtracted where it fell"),
)
"""All indicators, in the order of `Bank.values`."""

NAMES: Final = tuple(indicator.name for indicator in INDICATORS)
"""Their names, in the same order."""
