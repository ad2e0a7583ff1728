"""Ceilings: how well a filter could do that is told what others have to learn.

Two of them, because neither knows everything. One sees what `RegimeFilter` sees, and knows what
every regime looks like. The other sees the outside price itself, which nobody can, and knows
the exact law by which it moves. Both need the truth, so they are for evaluation alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from aineon.errors import OptimizerError
from aineon.optimizer.regimes.filtering import Moves
from aineon.optimizer.regimes.forward import Forward, evidence
from aineon.optimizer.regimes.learning import ordinary
from aineon.optimizer.regimes.parameters import (
    COUNT,
    Floats,
    Parameters,
    size_of,
    transitions,
)
from aineon.optimizer.regimes.regime import (
    DOWN,
    QUIET,
    RANGING,
    REGIMES,
    UP,
    VOLATILE,
    Observation,
    Regime,
)

_PLACES: Final[Mapping[str, tuple[int, ...]]] = {
    "quiet": (QUIET,),
    "ranging": (RANGING,),
    "trending": (UP, DOWN),
    "volatile": (VOLATILE,),
}
_BPS: Final = 1e4
_MOST_ORIGINS: Final = 700
_KEPT_ORIGINS: Final = 500


class HiddenRegime(Protocol):
    """The plain numbers of one regime of a generator, for one block.

    The logarithm of a price moves by a bell-shaped number of deviation `volatility`, by `drift`
    up or down, and with `jump_chance` by one more of deviation `jump_size`; then it comes back
    by the share `pull` of the way to where the stretch began. With `end_chance` the stretch ends,
    and one of the `followers` (name, weight) begins. Names: quiet, ranging, trending, volatile.
    """

    @property
    def name(self) -> str: ...
    @property
    def volatility(self) -> float: ...
    @property
    def drift(self) -> float: ...
    @property
    def pull(self) -> float: ...
    @property
    def jump_chance(self) -> float: ...
    @property
    def jump_size(self) -> float: ...
    @property
    def end_chance(self) -> float: ...
    @property
    def followers(self) -> Sequence[tuple[str, float]]: ...


@dataclass(frozen=True, slots=True, eq=False)
class TrueLaw:
    """A generator's parameters as arrays in the order of `REGIMES`; build it with `law_of`."""

    volatility: Floats
    drift: Floats
    pull: float
    jump_chance: Floats
    jump_size: Floats
    transitions: Floats


def law_of(hidden: Iterable[HiddenRegime]) -> TrueLaw:
    """Return the law of a generator with these four regimes; a trend goes up or down alike.

    Raises:
        OptimizerError: a regime is missing, unknown or comes twice, or another than the ranging
            one is pulled back.
    """
    named = {regime.name: regime for regime in hidden}
    if set(named) != set(_PLACES):
        raise OptimizerError(
            f"regimes are {', '.join(sorted(named))}; allowed are {', '.join(sorted(_PLACES))}"
        )
    if any(regime.pull for name, regime in named.items() if name != "ranging"):
        raise OptimizerError("a regime other than ranging is pulled back; allowed is ranging alone")
    figures = np.zeros((4, COUNT))
    stays, followers = np.zeros(COUNT), np.zeros((COUNT, COUNT))
    for name, regime in named.items():
        for place in _PLACES[name]:
            drift = -regime.drift if place == DOWN else regime.drift
            figures[:, place] = regime.volatility, drift, regime.jump_chance, regime.jump_size
            stays[place] = 1 / regime.end_chance
            for after, weight in regime.followers:
                for other in _PLACES[after]:
                    followers[place, other] = weight / len(_PLACES[after])
    volatility, drifts, jump_chance, jump_size = figures
    return TrueLaw(
        volatility, drifts, named["ranging"].pull, jump_chance, jump_size,
        transitions(stays, followers),
    )  # fmt: skip


def told_chances(
    observations: Sequence[Observation], truth: Sequence[Regime], law: TrueLaw
) -> Floats:
    """Chances by block of a filter that sees the same and knows what every regime looks like.

    Its parameters are measured on all blocks with their true regimes, the later ones too; the
    law gives drift and transitions.
    """
    moves = Moves()
    seen = [moves.take(observation) for observation in observations]
    parameters = _measured(seen, [REGIMES.index(regime) for regime in truth], law)
    forward = Forward(law.transitions, np.zeros(1))
    return np.array(
        [forward.update(evidence(parameters, move, activity)) for move, activity in seen]
    )


def _measured(
    seen: Sequence[tuple[float, float]], places: Sequence[int], law: TrueLaw
) -> Parameters:
    known = np.array([(*block, place) for block, place in zip(seen, places, strict=True)])
    known = known[~np.isnan(known).any(axis=1)]
    activities, moves = known[:, 1], known[:, 0]
    sizes = np.array([size_of(move) for move in moves])
    where = np.where(known[:, 2] == DOWN, UP, known[:, 2])
    # A regime that never was has no figures; it gets what is ordinary beside a ranging one.
    level, level_spread, size, size_spread = ordinary(activities, sizes)
    trend = moves[where == UP]
    for place in range(COUNT):
        own = where == (UP if place == DOWN else place)
        if own.sum() > 1:
            level[place], level_spread[place] = activities[own].mean(), activities[own].var()
            size[place], size_spread[place] = sizes[own].mean(), sizes[own].var()
    return Parameters(
        level[None], level_spread[None], size[None], size_spread[None],
        drift=np.array([_BPS * law.drift[UP]]),
        variance=np.array([np.var(trend if len(trend) > 1 else moves)]),
    )  # fmt: skip


def exact_chances(logarithms: Sequence[float], law: TrueLaw) -> Floats:
    """Chances by block of the exact filter on the outside price itself.

    A ranging stretch is pulled back to where it began, so there is one chance for each block in
    which it may have begun; the 500 likeliest are kept.

    Args:
        logarithms: of the outside price, by block; the one before the first is 0.
        law: by which it moves.
    """
    chances = np.full(COUNT, 1 / COUNT)
    origins, ranging = np.zeros(1), np.full(1, 1 / COUNT)
    told = np.zeros((len(logarithms), COUNT))
    before = 0.0
    for place, now in enumerate(logarithms):
        likelihood = _density(law, now - before, slice(None), law.drift)
        back = -law.pull * (before - origins)
        ranging = ranging * _density(law, now - before, RANGING, back, 1 - law.pull)
        chances = chances * likelihood
        chances[RANGING] = ranging.sum()
        total = chances.sum()
        chances, ranging = chances / total, ranging / total
        told[place] = chances
        entering = chances @ law.transitions - chances * np.diag(law.transitions)
        chances = chances * np.diag(law.transitions) + entering
        ranging = np.append(ranging * law.transitions[RANGING, RANGING], entering[RANGING])
        origins = np.append(origins, now)
        if len(origins) > _MOST_ORIGINS:
            kept = np.sort(np.argsort(ranging)[-_KEPT_ORIGINS:])
            origins, ranging = origins[kept], ranging[kept]
        before = now
    return told


def _density(
    law: TrueLaw, move: float, place: int | slice, mean: Floats, scale: float = 1.0
) -> Floats:
    """Density of a move that may hold a jump."""
    calm = law.volatility[place] * scale
    jumping = np.hypot(law.volatility[place], law.jump_size[place]) * scale
    chance = law.jump_chance[place]
    density: Floats = (1 - chance) * _bell(move - mean, calm) + chance * _bell(move - mean, jumping)
    return density


def _bell(apart: Floats, deviation: Floats) -> Floats:
    bell: Floats = np.exp(-0.5 * (apart / deviation) ** 2) / deviation
    return bell
