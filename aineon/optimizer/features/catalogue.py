"""The catalogue: every feature there is, in the order of a vector."""

from __future__ import annotations

import hashlib
from typing import Final

from aineon.optimizer.features import (
    alternatives,
    competition,
    flow,
    gas,
    liquidity,
    moment,
    regimes,
    rivals,
    sizes,
    spread,
    technical,
)
from aineon.optimizer.features.feature import Feature, Group

CATALOGUE: Final[tuple[Feature, ...]] = (
    *sizes.FEATURES,
    *alternatives.FEATURES,
    *spread.FEATURES,
    *liquidity.FEATURES,
    *flow.FEATURES,
    *gas.FEATURES,
    *competition.FEATURES,
    *rivals.FEATURES,
    *moment.FEATURES,
    *technical.FEATURES,
    *regimes.FEATURES,
)
"""All features."""

NAMES: Final = tuple(feature.name for feature in CATALOGUE)
"""Their names, in the same order."""

FEATURE_SET: Final = hashlib.sha256("\n".join(NAMES).encode()).hexdigest()[:16]
"""Stands for names and order: vectors and models of another set do not go together."""


def names_of(group: Group) -> tuple[str, ...]:
    """The names of one group's features."""
    return tuple(feature.name for feature in CATALOGUE if feature.group is group)


__all__ = ["CATALOGUE", "FEATURE_SET", "NAMES", "Feature", "Group", "names_of"]
