"""Regimes: how probable each character of the market is, told forward only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import nan
from typing import Final

from aineon.amm import Pool
from aineon.optimizer.features.feature import Feature, Group
from aineon.optimizer.regimes.filtering import RegimeFilter
from aineon.optimizer.regimes.regime import REGIMES, Regime, RegimeReading
from aineon.optimizer.regimes.watching import MarketWatcher
from aineon.primitives import Address, Token

_NAMES: Final = {regime: f"regime_{regime.value.replace(' ', '_')}" for regime in Regime}

FEATURES: Final = tuple(
    Feature(
        _NAMES[regime],
        "1",
        f"probability that the market is {regime.value}, from this block and those before",
        "mid price of the deepest pool of the native token and a dollar; how many pools changed",
        Group.REGIME,
    )
    for regime in REGIMES
)


class Regimes:
    """Follows the native token's market; without one there is nothing to follow."""

    def __init__(self, native: Token | None) -> None:
        self._watcher = None if native is None else MarketWatcher(native)
        self._filter = RegimeFilter()

    @property
    def reading(self) -> RegimeReading:
        """What is thought of the market after the newest block."""
        return self._filter.reading

    def observe(
        self, now: int, pools: Mapping[Address, Pool], changed: Collection[Address]
    ) -> None:
        """Block `now` has ended."""
        if self._watcher is not None:
            self._filter.update(self._watcher.observe(now, pools, changed))

    def values(self) -> dict[str, float]:
        """The features of this moment."""
        probabilities = self.reading.probabilities or (nan,) * len(REGIMES)
        return {
            _NAMES[regime]: chance for regime, chance in zip(REGIMES, probabilities, strict=True)
        }
