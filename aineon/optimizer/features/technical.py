"""Technical indicators of the route's most traded pair with the native token."""

from __future__ import annotations

from collections.abc import Collection
from math import exp, nan
from typing import Final

import numpy as np

from aineon.optimizer.features.feature import Feature, Group
from aineon.optimizer.features.pairs import PairTrack
from aineon.optimizer.indicators.bank import Bank
from aineon.optimizer.indicators.bars import Bars, Floats

BAR_BLOCKS: Final = 5
_MOST_PAIRS: Final = 256
_BPS: Final = 1e4
_BARS = f"bars of {BAR_BLOCKS} blocks of the mid price of the pair's deepest pool"


def _told(name: str, unit: str, formula: str) -> Feature:
    return Feature(name, unit, formula, _BARS, Group.TECHNICAL)


FEATURES: Final = (
    _told("rsi", "%", "relative strength index of 14 bars"),
    _told("macd", "bps", "MACD histogram of 12, 26 and 9 bars over the close"),
    _told("bollinger", "1", "close less its mean of 20 bars, in halves of the Bollinger band"),
    _told("natr", "%", "average true range of 14 bars over the close"),
    _told("adx", "%", "average directional index of 14 bars"),
    _told("ema_gap", "bps", "exponential average of 12 bars over that of 26, less 1"),
)
_UNKNOWN: Final = dict.fromkeys((each.name for each in FEATURES), nan)


class Technical:
    """Makes bars of the pairs with the native token, and keeps their indicators.

    A bar is closed by the first block after it, so it holds what was known before that block.
    Pairs that appear later have a bank of their own; beyond the first 256 there are none.
    """

    def __init__(self) -> None:
        self._groups: list[_Cohort] = []
        self._places: dict[int, tuple[_Cohort, int]] = {}
        self._bar: int | None = None

    def observe(self, now: int, touched: Collection[PairTrack]) -> None:
        """The pairs that changed in block `now` stand at their new prices."""
        bar = now // BAR_BLOCKS
        if self._bar is not None and bar != self._bar:
            for group in self._groups:
                group.close()
        self._bar = bar
        new = [track for track in touched if id(track) not in self._places]
        if new:
            self._begin(new[: max(_MOST_PAIRS - len(self._places), 0)])
        for track in touched:
            if (place := self._places.get(id(track))) is not None:
                place[0].price(place[1], track.mid)

    def values(self, track: PairTrack | None) -> dict[str, float]:
        """The features of a pair, as its last closed bar left them."""
        place = self._places.get(id(track))
        if place is None:
            return dict(_UNKNOWN)
        return place[0].values(place[1])

    def _begin(self, tracks: list[PairTrack]) -> None:
        if not tracks:
            return
        group = _Cohort(tracks)
        self._groups.append(group)
        self._places |= {id(track): (group, place) for place, track in enumerate(tracks)}


class _Cohort:
    """Pairs that are followed since the same block; it keeps them, so that they stay the same."""

    def __init__(self, tracks: list[PairTrack]) -> None:
        self._tracks = tracks
        self._bank = Bank([f"{track.base.address}/{track.quote.address}" for track in tracks])
        self._high: Floats = np.full(len(tracks), nan)
        self._low: Floats = np.full(len(tracks), nan)
        self._close: Floats = np.full(len(tracks), nan)
        self._last: Floats = self._close

    def price(self, place: int, log_price: float) -> None:
        price = exp(log_price)
        self._close[place] = price
        # fmax and fmin: the first price of a pair meets no other.
        self._high[place] = np.fmax(self._high[place], price)
        self._low[place] = np.fmin(self._low[place], price)

    def close(self) -> None:
        bars = Bars(self._high, self._low, self._close.copy(), np.full(len(self._tracks), nan))
        self._bank.update(bars)
        self._last = bars.close
        self._high, self._low = self._close.copy(), self._close.copy()

    def values(self, place: int) -> dict[str, float]:
        bank = dict(zip(Bank.names, self._bank.values[:, place].tolist(), strict=True))
        close = float(self._last[place])
        mean = bank["sma_20"]
        half = bank["bollinger_upper"] - mean
        return {
            "rsi": bank["rsi"],
            "macd": _BPS * bank["macd_histogram"] / close,
            "bollinger": (close - mean) / half if half > 0 else nan,
            "natr": bank["natr"],
            "adx": bank["adx"],
            "ema_gap": _BPS * (bank["ema_12"] / bank["ema_26"] - 1),
        }
