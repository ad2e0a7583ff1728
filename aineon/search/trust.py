"""Trust: the confidences of opportunities, each worked out when it is asked for.

Of the hundred cycles that are sized in a block few are attempted, and what an opportunity's
figures are worth takes as long to find out as its size. So an engine asks when the opportunity's
turn comes, and of most when the best one has been handed over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from aineon.market import Market
from aineon.search.confidence import ConfidenceFactors, age_factor, factors_of, pool_ages
from aineon.search.opportunity import Opportunity
from aineon.search.route import Route


class _Known(NamedTuple):
    """What was found out about amounts on a route; they are kept, so that their identity is."""

    route: Route
    amounts: tuple[int, ...]
    factors: ConfidenceFactors


class Trust:
    """Finds confidences, and remembers what depends on the states of a route's pools alone.

    A scanner hands out the very same route and amounts as long as the pools of a cycle do not
    change: then only their age is to be looked up.
    """

    def __init__(self) -> None:
        self._known: dict[int, _Known] = {}
        self._before: dict[int, _Known] = {}

    def turn(self) -> None:
        """Begin with another state of the market; what the last one did not ask is forgotten."""
        self._known, self._before = {}, self._known

    def rated(self, opportunity: Opportunity, market: Market) -> Opportunity:
        """Return the opportunity with its confidence; one that has it already as it is."""
        if opportunity.confidence is not None:
            return opportunity
        factors = self._factors(opportunity)
        age = age_factor(pool_ages(opportunity.route, market))
        return replace(opportunity, confidence=replace(factors, age=age).confidence)

    def _factors(self, opportunity: Opportunity) -> ConfidenceFactors:
        route, amounts = opportunity.route, opportunity.amounts
        name = id(route)
        known = self._known.get(name) or self._before.get(name)
        if known is None or known.route is not route or known.amounts is not amounts:
            known = _Known(route, amounts, factors_of(route, amounts, 1.0))
        self._known[name] = known
        return known.factors
