"""What is thought of each bidder comes from auctions alone, and comes true."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.optimizer.arms import ARMS
from aineon.optimizer.features import bidders as module
from aineon.optimizer.features.bidders import Auctioned, Bidders, normal_below

SHARES = np.array(ARMS)
PAIRS = ("DAI/WETH", "USDC/WETH")
LARGE = 0.02


@dataclass
class Rival:
    """Somebody whose every trait is known."""

    level: float
    on: set[str] = field(default_factory=lambda: set(PAIRS))
    in_time: float = 0.8
    least: float = 0.0
    scatter: float = 1.0

    def is_after(self, auctioned: Auctioned) -> bool:
        return self.on.issuperset(auctioned.pairs) and auctioned.net >= self.least

    def beaten(self, auctioned: Auctioned) -> np.ndarray:
        if not self.is_after(auctioned):
            return np.ones(len(SHARES))
        place = (np.log(SHARES / (1 - SHARES)) - self.level) / self.scatter
        return 1 - self.in_time * (1 - normal_below(place))


@dataclass
class Crowd:
    rivals: dict[str, Rival]
    dice: np.random.Generator = field(default_factory=lambda: np.random.default_rng(3))

    def auctions(self, count: int) -> Iterator[tuple[Auctioned, str | None, float]]:
        """Yield what was auctioned, who took it and what share was paid."""
        for _ in range(count):
            pair = PAIRS[int(self.dice.integers(2))]
            auctioned = Auctioned((pair,), float(np.exp(self.dice.normal(-5.3, 1.2))), 0)
            bids = {
                name: self.dice.normal(each.level, each.scatter)
                for name, each in self.rivals.items()
                if each.is_after(auctioned) and self.dice.random() < each.in_time
            }
            best = max(bids, key=lambda name: bids[name], default=None)
            share = 0.0 if best is None else 1 / (1 + math.exp(-bids[best]))
            yield auctioned, best, share

    def beaten(self, auctioned: Auctioned) -> np.ndarray:
        return np.prod([each.beaten(auctioned) for each in self.rivals.values()], axis=0)


def crowd() -> Crowd:
    return Crowd(
        {
            "bold": Rival(1.4, on={"DAI/WETH"}),
            "usual": Rival(0.3),
            "picky": Rival(0.9, least=0.01),
        }
    )


def taught(these: Crowd, count: int) -> Bidders:
    known = Bidders()
    for number, auction in enumerate(these.auctions(count)):
        known.advance(number)
        known.learn(*auction)
    return known


def missed(known: Bidders, these: Crowd) -> float:
    """How far what is thought lies from the truth, over pairs, sizes and shares."""
    asked = [Auctioned((pair,), net, 0) for pair in PAIRS for net in (0.002, LARGE)]
    return float(
        np.mean([np.abs(known.beaten(each, SHARES) - these.beaten(each)) for each in asked])
    )


def test_of_nobody_nothing_is_feared() -> None:
    known = Bidders()
    known.advance(5)
    known.learn(Auctioned(("DAI/WETH",), LARGE, 0), None, 0.0)
    assert (known.beaten(Auctioned(("DAI/WETH",), LARGE, 0), SHARES) == 1).all()
    assert len(known) == 0


def test_traits_that_nobody_tells_are_found_out() -> None:
    these = crowd()
    few, many = (missed(taught(crowd(), count), these) for count in (20, 500))
    assert many < 0.04 < few


def test_who_stops_coming_is_noticed_and_who_comes_back_too() -> None:
    known = taught(crowd(), 300)
    asked = Auctioned(("DAI/WETH",), LARGE, 0)
    before = known.beaten(asked, SHARES)[4]
    for _ in range(8):
        known.learn(asked, None, 0.0)
    left = known.beaten(asked, SHARES)[4]
    assert before < 0.2
    assert left > 0.8
    known.learn(asked, "bold", 0.8)
    assert known.beaten(asked, SHARES)[4] < 0.5


def test_a_pair_that_was_left_says_little_of_another() -> None:
    known = taught(crowd(), 300)
    other = Auctioned(("USDC/WETH",), LARGE, 0)
    before = known.beaten(other, SHARES)[4]
    for _ in range(8):
        known.learn(Auctioned(("DAI/WETH",), LARGE, 0), None, 0.0)
    assert known.beaten(other, SHARES)[4] < before + 0.25


def test_what_is_too_small_for_somebody_is_known() -> None:
    picky = Crowd({"picky": Rival(0.9, least=0.01)})
    known = taught(picky, 200)
    small, large = (
        known.beaten(Auctioned(("USDC/WETH",), net, 0), SHARES)[4] for net in (0.001, LARGE)
    )
    assert small > 0.8
    assert large < 0.5


def test_time_makes_everything_less_sure() -> None:
    known = taught(crowd(), 300)
    asked = Auctioned(("DAI/WETH",), LARGE, 0)
    for _ in range(8):
        known.learn(asked, None, 0.0)
    now = known.beaten(asked, SHARES)[4]
    known.advance(10)
    known.advance(300 + 48 * 300)
    assert known.beaten(asked, SHARES)[4] < now - 0.3


def test_a_clock_that_goes_back_changes_nothing() -> None:
    known = taught(crowd(), 100)
    asked = Auctioned(("DAI/WETH",), LARGE, 0)
    before = known.beaten(asked, SHARES)
    known.advance(3)
    assert (known.beaten(asked, SHARES) == before).all()


def test_an_unknown_pair_is_as_likely_fought_over_as_any() -> None:
    known = taught(crowd(), 300)
    new = known.beaten(Auctioned(("WBTC/WETH",), LARGE, 0), SHARES)
    assert 0.0 < new[4] < 0.5


def test_who_bids_high_in_one_pair_is_expected_to_do_so_in_another() -> None:
    known, asked = Bidders(), Auctioned(("WBTC/WETH",), LARGE, 0)
    thought = []
    for share in (0.3, 0.9):
        known = Bidders()
        for number in range(30):
            known.advance(number)
            known.learn(Auctioned(("DAI/WETH",), LARGE, 0), "somebody", share)
        thought.append(known.beaten(asked, SHARES)[7])
    assert thought[1] < thought[0] - 0.2


def test_who_is_bolder_in_unrest_is_expected_to_be_so_again() -> None:
    known, asked = Bidders(), Auctioned(("DAI/WETH",), LARGE, 0)
    for number in range(400):
        restless = number // 50 % 2
        known.advance(number, 1.5 * restless)
        known.learn(asked, "somebody", (0.5, 0.85)[restless])
    told = []
    for unrest in (0.0, 1.5):
        known.advance(400, unrest)
        told.append(known.beaten(asked, SHARES)[8])
    assert told[1] < told[0] - 0.1


def test_who_never_comes_to_what_is_new_is_late() -> None:
    def thought(age: int | None) -> float:
        known = Bidders()
        for number in range(100):
            known.advance(number)
            known.learn(Auctioned(("DAI/WETH",), LARGE, 0), None, 0.0)
            known.learn(Auctioned(("DAI/WETH",), LARGE, age), "slow", 0.5)
        return float(known.beaten(Auctioned(("DAI/WETH",), LARGE, 0), SHARES)[0])

    assert thought(20) > thought(0) + 0.1
    assert thought(20) > 0.8


def test_whoever_was_not_seen_for_long_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BIDDERS", 3)
    monkeypatch.setattr(module, "MOST_PAIRS", 2)
    known = Bidders()
    for number in range(12):
        known.advance(number)
        known.learn(Auctioned((f"pair {number}",), LARGE, 0), f"somebody {number}", 0.5)
        beaten = known.beaten(Auctioned((f"pair {number}",), LARGE, 0), SHARES)
        assert np.isfinite(beaten).all()
    assert len(known) == 3


bids = st.floats(0.0, 3.0)
nets = st.floats(1e-9, 1e3)
auctions = st.tuples(
    st.sampled_from([("a",), ("b",), ("a", "b", "c")]),
    nets,
    st.integers(0, 9),
    st.sampled_from([None, "x", "y", "z"]),
    bids,
    st.integers(0, 2_000),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(auctions, min_size=1, max_size=25), nets)
def test_whatever_happens_chances_stay_chances_and_rise(
    told: list[tuple[tuple[str, ...], float, int, str | None, float, int]], net: float
) -> None:
    known, now = Bidders(), 0
    for pairs, size, age, winner, share, later in told:
        now += later
        known.advance(now)
        known.learn(Auctioned(pairs, size, age), winner, share)
    beaten = known.beaten(Auctioned(("a",), net, 0), SHARES)
    assert ((beaten >= 0) & (beaten <= 1)).all()
    assert (np.diff(beaten) >= -1e-9).all()


def test_the_normal_distribution() -> None:
    values = np.linspace(-8, 8, 161)
    exact = [0.5 * math.erfc(-each / math.sqrt(2)) for each in values]
    assert normal_below(values) == pytest.approx(exact, abs=1e-7)
