"""Feature: one figure that is known when a decision is made, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Group(StrEnum):
    """What a feature tells of."""

    OPPORTUNITY = "opportunity"
    SPREAD = "spread"
    LIQUIDITY = "liquidity"
    FLOW = "flow"
    GAS = "gas"
    COMPETITION = "competition"
    TIME = "time"
    TECHNICAL = "technical"
    REGIME = "regime"


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of what is known; where it is not known, it is nan.

    Attributes:
        name: as tapes and models name it.
        unit: of the figure; `1` for a ratio or a share.
        formula: how it comes from what was seen, in words that can be checked.
        source: where what was seen comes from.
        group: what it tells of.
    """

    name: str
    unit: str
    formula: str
    source: str
    group: Group
