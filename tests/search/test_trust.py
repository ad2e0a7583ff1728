"""Trust: confidences that are asked for one by one are those that a scan finds for all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aineon.market import Market, MarketUpdate
from aineon.search import Scanner, Trust, confidence_factors
from aineon.search import trust as trust_module
from tests.benchmarks.universe import WETH, Universe


@pytest.fixture(scope="module")
def universe() -> Universe:
    made = Universe(250, seed=2)
    made.market.apply(made.next_block())
    return made


def test_what_is_asked_later_is_what_a_scan_would_have_found(universe: Universe) -> None:
    known = Scanner([WETH], 3).scan(universe.market).opportunities
    asked = Scanner([WETH], 3, judge=None).scan(universe.market).opportunities
    assert len(known) > 3
    assert {each.confidence for each in asked} == {None}
    trust = Trust()
    assert [trust.rated(each, universe.market) for each in asked] == list(known)


def test_one_that_has_its_confidence_keeps_it(universe: Universe) -> None:
    [found, *_] = Scanner([WETH], 3).scan(universe.market).opportunities
    told = replace(found, confidence=0.125)
    assert Trust().rated(told, universe.market) is told


def test_while_a_route_stays_only_its_age_is_looked_up(
    universe: Universe, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanner = Scanner([WETH], 3, judge=None)
    market = Market(universe.market.pools.values(), universe.market.block)
    [found, *_] = scanner.scan(market).opportunities
    trust, asked = Trust(), []
    factors_of = trust_module.factors_of

    def counted(*arguments: object) -> object:
        asked.append(arguments)
        return factors_of(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(trust_module, "factors_of", counted)
    trust.rated(found, market)
    assert market.block is not None
    market.apply(MarketUpdate(replace(market.block, number=market.block.number + 9), ()))
    again = next(each for each in scanner.scan(market).opportunities if each.route == found.route)
    trust.turn()
    later = trust.rated(again, market)
    assert (
        later.confidence == confidence_factors(replace(again, confidence=None), market).confidence
    )
    assert len(asked) == 1
    # The control: a state that did not ask lets go of what was known.
    trust.turn()
    trust.turn()
    trust.rated(again, market)
    assert len(asked) == 2


def test_other_amounts_on_the_same_route_are_looked_at_anew(universe: Universe) -> None:
    [found, *_] = Scanner([WETH], 3, judge=None).scan(universe.market).opportunities
    trust = Trust()
    trust.rated(found, universe.market)
    wrong = replace(found, amounts=(*found.amounts[:-1], found.amounts[-1] + 1))
    assert trust.rated(wrong, universe.market).confidence == 0.0
