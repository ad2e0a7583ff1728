"""Scan: what a scanner found in one state of a market."""

from __future__ import annotations

from dataclasses import dataclass, field

from aineon.primitives import Block
from aineon.search.explanation import Evidence, Explanation
from aineon.search.opportunity import Opportunity
from aineon.search.route import Hop, Route

EXPLAINED = 100
CLOSEST = 20


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A cycle that does not gain, and by how little: the answer to "why not?".

    It has no size: where the rates multiply to 1 or less, every size loses. One a little above
    1 is here when the gain rounds away at every size.

    Attributes:
        route: the cycle through the pools as they were.
        rate: its marginal rates after fees multiplied; what the first unit would bring back.
    """

    route: Route
    rate: float

    @property
    def missing_bps(self) -> float:
        """By how many basis points the first unit falls short of breaking even."""
        return (1 - self.rate) * 10_000


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan of one state of the market found.

    Attributes:
        opportunities: every sized cycle with a gross profit that reaches the profit floor,
            best net first.
        near_misses: the cycles closest to one, best rate first.
        cycles_screened: complete cycles whose rates were multiplied. Cycles whose beginning
            already showed that they cannot come near a profit are not counted.
        cycles_promising: how many of them have rates above 1 and may reach the profit floor.
        cycles_sized: how many of these were sized.
        pools_refreshed: pools whose state differed from the scan before.
        block, step: of the market.
        evidence: what `explain` reads; it keeps the states of the pools alive.
    """

    opportunities: tuple[Opportunity, ...]
    near_misses: tuple[NearMiss, ...]
    cycles_screened: int
    cycles_promising: int
    cycles_sized: int
    pools_refreshed: int
    block: Block | None
    step: int
    evidence: Evidence = field(compare=False, repr=False)

    def explain(self, most: int | None = EXPLAINED) -> tuple[Explanation, ...]:
        """Say of each cycle what became of it and why, the best estimate first.

        Args:
            most: how many promising cycles; None for all. Behind them stand the near misses
                of every base token.
        """
        return tuple(self.evidence.explanations(most))

    def closest(self, count: int = CLOSEST) -> tuple[Explanation, ...]:
        """Return the cycles that came closest without becoming opportunities, best rate first.

        The same swaps that begin with another base token count once. Of promising cycles that
        were not sized those of the best estimate are looked at.
        """
        missed: dict[frozenset[Hop], Explanation] = {}
        for each in sorted(self.evidence.missed(count), key=lambda each: -each.rate):
            missed.setdefault(frozenset(each.route), each)
        return tuple(missed.values())[:count]
