"""Joins the sandbox and the optimizer's regimes: how well is a market's regime told?"""

from __future__ import annotations

from dataclasses import dataclass

from aineon.feeds.sandbox import SandboxFeed
from aineon.feeds.sandbox.prices import REGIMES as HIDDEN
from aineon.feeds.sandbox.rivals import mix_named
from aineon.market import Market
from aineon.optimizer.regimes import Observation, Regime
from aineon.optimizer.regimes.figures import BLOCKS_AN_HOUR, RegimeFigures, regime_figures
from aineon.optimizer.regimes.watching import MarketWatcher

_NAMED = {
    "quiet": Regime.QUIET,
    "ranging": Regime.RANGING,
    "volatile": Regime.VOLATILE,
}


@dataclass(frozen=True, slots=True)
class Watched:
    """A stretch of a sandbox, block by block.

    Attributes:
        observations: what it shows.
        truth: the regime that it hides.
        outside: the logarithm of the native token's worth elsewhere, which it hides too.
    """

    observations: tuple[Observation, ...]
    truth: tuple[Regime, ...]
    outside: tuple[float, ...]


def watched(seed: int, blocks: int, mix: str | None = None) -> Watched:
    """Return a stretch of a sandbox.

    Args:
        seed: of the market.
        blocks: how many.
        mix: of the rivals; None for a market without them.

    Raises:
        ConfigurationError: there is no such mix.
    """
    rivals = None if mix is None else mix_named(mix)
    feed = SandboxFeed(seed, warm_up=0, rivals=rivals)
    simulation = feed.simulation()
    market = Market()
    market.apply(simulation.genesis())
    watcher = MarketWatcher(feed.native_token)
    observations, truth, outside = [], [], []
    for number in range(1, blocks + 1):
        changed = market.apply(simulation.advance().update)
        observations.append(watcher.observe(number, market.pools, changed))
        prices = simulation.outside
        trend = Regime.TRENDING_UP if prices.direction > 0 else Regime.TRENDING_DOWN
        truth.append(_NAMED.get(prices.regime.name, trend))
        outside.append(prices.log)
    return Watched(tuple(observations), tuple(truth), tuple(outside))


def regimes_of_market(seed: int, hours: float, mix: str | None = None) -> RegimeFigures:
    """Return how well the regimes of a sandbox are told.

    Args:
        seed: of the market.
        hours: how long; the first two are for learning.
        mix: of the rivals; None for a market without them.

    Raises:
        ConfigurationError: there is no such mix.
        OptimizerError: two hours or less are asked for.
    """
    seen = watched(seed, round(hours * BLOCKS_AN_HOUR), mix)
    return regime_figures(seen.observations, seen.truth, HIDDEN.values(), seen.outside)
