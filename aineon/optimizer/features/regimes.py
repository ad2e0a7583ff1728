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


_UNREST: Final = {
    Regime.TRENDING_UP: 0.5,
    Regime.TRENDING_DOWN: 0.5,
    Regime.RANGING: 0.0,
    Regime.VOLATILE: 1.5,
    Regime.QUIET: -0.5,
}


class Regimes:
    """Follows the native token's market; without one there is nothing to follow."""

    def __init__(self, native: Token | None) -> None:
        self._watcher = None if native is None else MarketWatcher(native)
        self._filter = RegimeFilter()

    @property
    def reading(self) -> RegimeReading:
        """What is thought of the market after the newest block."""
        return self._filter.reading

    @property
    def unrest(self) -> float:
        """How restless the market is thought to be: 0 as usual, 1.5 where it is volatile."""
        chances = zip(REGIMES, self.reading.probabilities, strict=False)
        return sum(_UNREST[regime] * chance for regime, chance in chances)

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
