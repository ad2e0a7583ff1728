"""The regime filter: learned from the past alone, hesitant, and unmoved by bad input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from math import exp, inf, nan

import numpy as np
import pytest

from aineon.errors import OptimizerError
from aineon.feeds.sandbox import SandboxFeed
from aineon.feeds.sandbox.prices import REGIMES as HIDDEN
from aineon.feeds.sandbox.prices import OutsidePrices
from aineon.feeds.sandbox.universe import WETH, build_universe
from aineon.market import Market
from aineon.optimizer.regimes import (
    REGIMES,
    LabelRule,
    Observation,
    Regime,
    RegimeFilter,
    RegimeReading,
)
from aineon.optimizer.regimes.ceiling import exact_chances, law_of, told_chances
from aineon.optimizer.regimes.figures import (
    LEARNING_BLOCKS,
    balanced_accuracy,
    delay_minutes,
    foresight_of_direction,
    foresight_of_unrest,
    regime_figures,
    switches_an_hour,
)
from aineon.optimizer.regimes.filtering import FIRST_LOOK
from aineon.optimizer.regimes.labelling import Labeller
from aineon.optimizer.regimes.transitions import TransitionCounter
from aineon.optimizer.regimes.watching import MarketWatcher
from aineon.runtime.regimes import watched

UP, DOWN = Regime.TRENDING_UP, Regime.TRENDING_DOWN
RANGING, VOLATILE, QUIET = Regime.RANGING, Regime.VOLATILE, Regime.QUIET

LOOKS = {
    UP: (0.6, 3.5, 9.0),
    DOWN: (-0.6, 3.5, 9.0),
    RANGING: (0.0, 3.0, 8.0),
    VOLATILE: (0.0, 8.0, 11.0),
    QUIET: (0.0, 1.3, 6.0),
}
"""Drift and deviation of a block's move in basis points, and pools moved, as in the sandbox."""

STRETCHES = (
    (RANGING, 500), (QUIET, 400), (RANGING, 300), (UP, 300), (VOLATILE, 150),
    (RANGING, 300), (DOWN, 300), (QUIET, 300), (RANGING, 250),
)  # fmt: skip


LATER = ((RANGING, 300), (UP, 300), (QUIET, 300), (DOWN, 300))


@dataclass(frozen=True)
class Stretch:
    """Observations, and the regimes and outside prices behind them."""

    observations: tuple[Observation, ...]
    truth: tuple[Regime, ...]
    outside: tuple[float, ...]


def stretch(
    seed: int, parts: Sequence[tuple[Regime, int]] = STRETCHES, busy: float = 1.0
) -> Stretch:
    """A market as it is thought of, without pools that lag behind and without surprises."""
    dice = np.random.default_rng(seed)
    log_price, observations, truth, outside = 0.0, [], [], []
    for regime, blocks in parts:
        drift, deviation, activity = LOOKS[regime]
        for _ in range(blocks):
            log_price += (drift + deviation * dice.normal()) / 1e4
            moved = max(round(activity * busy + 2.1 * dice.normal()), 0)
            observations.append(Observation(len(truth), 3000 * exp(log_price), moved))
            truth.append(regime)
            outside.append(log_price)
    return Stretch(tuple(observations), tuple(truth), tuple(outside))


def readings(observations: Sequence[Observation]) -> list[RegimeReading]:
    follower = RegimeFilter()
    return [follower.update(observation) for observation in observations]


# --- the filter ----------------------------------------------------------------------------


@cache
def usual() -> tuple[Stretch, list[RegimeReading]]:
    """A market that several tests look at, and what the filter said of it."""
    seen = stretch(1)
    return seen, readings(seen.observations)


def test_regimes_are_told_soon_and_kept() -> None:
    seen, told = usual()
    labels = [reading.regime for reading in told][LEARNING_BLOCKS:]
    right = seen.truth[LEARNING_BLOCKS:]
    assert balanced_accuracy(labels, right) > 0.7
    assert (delay_minutes(labels, right) or inf) < 12
    assert switches_an_hour(labels) < 1.2


@pytest.mark.parametrize("first", [QUIET, VOLATILE])
def test_what_the_first_hour_was_is_found_out_later(first: Regime) -> None:
    parts = ((first, 400), (RANGING, 300), (QUIET, 300), (RANGING, 200), (VOLATILE, 150), *LATER)
    seen = stretch(2, parts)
    labels = [reading.regime for reading in readings(seen.observations)]
    later = sum(blocks for _, blocks in parts[:5])
    assert balanced_accuracy(labels[later:], seen.truth[later:]) > 0.7


def test_how_many_pools_there_are_does_not_matter() -> None:
    """Levels are learned: the same market with three times as many pools reads alike."""
    observations = usual()[0].observations[:1200]
    more = [replace(each, activity=3 * each.activity) for each in observations]
    for one, other in zip(usual()[1][:1200], readings(more), strict=True):
        assert one.regime is other.regime
        assert one.probabilities == pytest.approx(other.probabilities, abs=0.05)


def test_nothing_is_said_before_an_hour_was_seen() -> None:
    seen = usual()[1]
    # The first block has no move yet, and the last one of the first look is only learned from.
    assert all(reading == RegimeReading() for reading in seen[: FIRST_LOOK + 1])
    assert seen[FIRST_LOOK + 1].regime is not None
    assert seen[FIRST_LOOK + 1].since_block == FIRST_LOOK + 1


def test_a_later_block_never_changes_an_earlier_reading() -> None:
    seen, whole = usual()
    for cut in (FIRST_LOOK, 500, 900):
        assert readings(seen.observations[:cut]) == whole[:cut]


def test_a_reading_says_since_when() -> None:
    seen = usual()[1]
    for before, after in pairwise(seen[FIRST_LOOK + 1 :]):
        assert sum(after.probabilities) == pytest.approx(1.0)
        assert after.since_block is not None
        if after.regime is before.regime:
            assert after.since_block == before.since_block
        else:
            assert after.since_block > (before.since_block or 0)


@pytest.mark.parametrize("price", [nan, inf, 0.0, -3000.0])
@pytest.mark.parametrize("activity", [nan, inf, -1.0])
def test_unknown_blocks_change_no_label(price: float, activity: float) -> None:
    seen = stretch(7, ((RANGING, 600),))
    follower = RegimeFilter()
    for observation in seen.observations:
        before = follower.update(observation)
    after = follower.update(Observation(600, price, activity))
    assert after.regime is before.regime
    assert sum(after.probabilities) == pytest.approx(1.0)


def test_one_absurd_block_is_no_new_regime() -> None:
    seen = stretch(8, ((QUIET, 800),))
    observations = list(seen.observations)
    observations[600] = replace(observations[600], price=1e-9, activity=1e9)
    with_it, without = readings(observations), readings(seen.observations)
    assert np.isfinite([reading.probabilities for reading in with_it[600:]]).all()
    assert with_it[-1].regime is without[-1].regime


def test_nothing_is_ever_said_where_activity_is_never_known() -> None:
    seen = stretch(9, ((RANGING, 400),))
    blind = [replace(observation, activity=nan) for observation in seen.observations]
    assert readings(blind)[-1] == RegimeReading()


def test_a_block_that_was_seen_before_changes_nothing() -> None:
    seen = stretch(10, ((RANGING, 400),))
    follower = RegimeFilter()
    for observation in seen.observations:
        follower.update(observation)
    reading = follower.reading
    assert follower.update(seen.observations[350]) is reading
    assert follower.update(seen.observations[-1]) is reading
    assert follower.reading is reading


def test_a_move_over_unseen_blocks_is_unknown() -> None:
    seen = stretch(11, ((QUIET, 500),))
    one, other = RegimeFilter(), RegimeFilter()
    for observation in seen.observations:
        one.update(observation)
        other.update(observation)
    price = seen.observations[-1].price
    leap = one.update(Observation(520, 1.05 * price, 6.0))
    calm = other.update(Observation(520, nan, 6.0))
    assert leap == calm
    # The control: the same leap within one block is seen.
    control = RegimeFilter()
    for observation in seen.observations:
        control.update(observation)
    assert control.update(Observation(500, 1.05 * price, 6.0)) != calm


# --- labels and their statistics -----------------------------------------------------------


def likely(regime: Regime, chance: float) -> np.ndarray:
    rest = (1 - chance) / (len(REGIMES) - 1)
    return np.array([chance if each is regime else rest for each in REGIMES])


def test_a_label_hesitates_and_a_rule_without_hesitation_does_not() -> None:
    hesitant = Labeller()
    hasty = Labeller(LabelRule(share=1.0, ahead=1.0, dearer=0.0, memory_blocks=1.0))
    for labeller in (hesitant, hasty):
        assert labeller.update(likely(QUIET, 0.9)) is QUIET
    assert hesitant.update(likely(RANGING, 0.9)) is QUIET
    assert hasty.update(likely(RANGING, 0.9)) is RANGING
    labels = [hesitant.update(likely(RANGING, 0.99)) for _ in range(40)]
    assert labels[-1] is RANGING


def test_every_change_makes_the_next_one_dearer_for_a_while() -> None:
    def blocks_until_changed(labeller: Labeller, regime: Regime) -> int:
        waited = 0
        while labeller.update(likely(regime, 0.999)) is not regime:
            waited += 1
        return waited

    labeller = Labeller()
    labeller.update(likely(QUIET, 0.999))
    first = blocks_until_changed(labeller, RANGING)
    second = blocks_until_changed(labeller, QUIET)
    for _ in range(8_000):
        labeller.update(likely(QUIET, 0.999))
    assert second > first
    assert blocks_until_changed(labeller, RANGING) < second


def test_transitions_are_counted() -> None:
    counter = TransitionCounter()
    for regime, blocks in ((QUIET, 30), (RANGING, 50), (QUIET, 10), (VOLATILE, 5)):
        for _ in range(blocks):
            counter.add(regime)
    told = counter.statistics()
    counter.add(QUIET)
    assert told.blocks == {QUIET: 40, RANGING: 50, VOLATILE: 5}
    assert told.changes == {(QUIET, RANGING): 1, (RANGING, QUIET): 1, (QUIET, VOLATILE): 1}
    assert told.expected_stay_blocks(QUIET) == 20.0
    assert told.expected_stay_blocks(VOLATILE) is None
    assert told.chance(QUIET, VOLATILE) == 0.5
    assert told.chance(QUIET, UP) == 0.0
    assert told.chance(UP, QUIET) is None


def test_a_filter_counts_its_own_labels() -> None:
    follower = RegimeFilter()
    seen = [follower.update(observation).regime for observation in stretch(12).observations]
    labels = [regime for regime in seen if regime is not None]
    assert sum(follower.statistics.blocks.values()) == len(labels)
    changes = sum(one is not other for one, other in pairwise(labels))
    assert sum(follower.statistics.changes.values()) == changes


# --- ceilings and figures ------------------------------------------------------------------


def test_the_law_of_the_sandbox() -> None:
    law = law_of(HIDDEN.values())
    assert law.transitions.sum(axis=1) == pytest.approx(np.ones(5))
    assert law.drift.tolist() == [0.00006, -0.00006, 0.0, 0.0, 0.0]
    up, down, volatile = (REGIMES.index(regime) for regime in (UP, DOWN, VOLATILE))
    assert law.transitions[volatile, volatile] == pytest.approx(1 - 1 / 80)
    assert law.transitions[up, down] == 0.0
    assert law.transitions[volatile, up] == pytest.approx(3 / 9 / 2 / 80)


def test_an_incomplete_law_is_refused() -> None:
    with pytest.raises(OptimizerError, match="regimes are quiet, ranging, trending; allowed are"):
        law_of(HIDDEN[name] for name in ("quiet", "ranging", "trending"))
    with pytest.raises(OptimizerError, match="allowed is ranging alone"):
        law_of(
            replace(regime, pull=0.004) if regime.name == "quiet" else regime
            for regime in HIDDEN.values()
        )


def test_the_exact_filter_knows_the_outside_price() -> None:
    law = law_of(HIDDEN.values())
    prices = OutsidePrices(build_universe(2, 201).assets, 201)
    logs, truth = [], []
    for _ in range(1500):
        prices.advance()
        logs.append(prices.log)
        trend = UP if prices.direction > 0 else DOWN
        truth.append(trend if prices.regime.name == "trending" else Regime(prices.regime.name))
    chances = exact_chances(logs, law)
    assert chances.sum(axis=1) == pytest.approx(np.ones(1500))
    labels = [REGIMES[place] for place in chances.argmax(axis=1)]
    assert np.mean([one is other for one, other in zip(labels, truth, strict=True)]) > 0.7
    # Forward only: what comes later changes nothing.
    np.testing.assert_array_equal(exact_chances(logs[:900], law), chances[:900])


def test_a_filter_that_is_told_the_truth_is_right() -> None:
    seen = usual()[0]
    chances = told_chances(seen.observations, seen.truth, law_of(HIDDEN.values()))
    labels = [REGIMES[place] for place in chances.argmax(axis=1)]
    assert balanced_accuracy(labels, seen.truth) > 0.8


def test_figures_of_a_market() -> None:
    seen = usual()[0]
    figures = regime_figures(seen.observations, seen.truth, HIDDEN.values(), seen.outside)
    assert figures.accuracy > 0.9 * figures.ceiling > 0.5
    assert figures.ceiling == figures.told_ceiling
    assert figures.exact_ceiling is not None
    assert figures.foresight_of_unrest is not None
    assert figures.true_switches_an_hour == pytest.approx(7 * 300 / (len(seen.truth) - 600))
    alone = regime_figures(seen.observations, seen.truth, HIDDEN.values())
    assert alone == replace(figures, exact_ceiling=None)


def test_figures_of_too_little_are_refused() -> None:
    seen = stretch(15, ((RANGING, LEARNING_BLOCKS),))
    with pytest.raises(OptimizerError, match="there are 600 blocks; allowed are 601 or more"):
        regime_figures(seen.observations, seen.truth, HIDDEN.values())
    with pytest.raises(OptimizerError, match="differ in length"):
        regime_figures(seen.observations, seen.truth[1:], HIDDEN.values())


def test_balanced_accuracy_counts_every_regime_alike() -> None:
    truth = [RANGING] * 8 + [QUIET] * 2
    assert balanced_accuracy([RANGING] * 10, truth) == 0.5
    assert balanced_accuracy([None] * 10, truth) == 0.0
    assert balanced_accuracy(truth, truth) == 1.0


def test_delays_count_what_was_missed() -> None:
    truth = [RANGING] * 10 + [QUIET] * 10 + [UP] * 10
    late = [RANGING] * 15 + [QUIET] * 10 + [UP] * 5
    assert delay_minutes(late, truth) == 1.0
    assert delay_minutes([RANGING] * 30, truth) is None
    assert delay_minutes([RANGING] * 10, [RANGING] * 10) is None


# --- watching a market ---------------------------------------------------------------------


def test_a_stretch_of_the_sandbox() -> None:
    seen = watched(203, 30, "mixed")
    assert [observation.block for observation in seen.observations] == list(range(1, 31))
    assert all(observation.activity > 0 for observation in seen.observations)
    assert set(seen.truth) == {RANGING}
    assert len(seen.outside) == 30


def test_a_watcher_follows_the_deepest_dollar_pool() -> None:
    simulation = SandboxFeed(seed=202, warm_up=0).simulation()
    market = Market()
    market.apply(simulation.genesis())
    watcher = MarketWatcher(WETH)
    seen = []
    for number in range(1, 6):
        changed = market.apply(simulation.advance().update)
        seen.append(watcher.observe(number, market.pools, changed))
        assert seen[-1].activity == len(changed)
    assert np.isnan(seen[0].price)
    prices = {
        pool.spot_price(WETH, other)
        for pool in market.pools.values()
        for other in pool.tokens
        if WETH in pool.tokens and other.symbol in {"USDC", "USDT", "DAI"}
    }
    assert seen[-1].price in prices


def test_another_pool_is_no_move() -> None:
    simulation = SandboxFeed(seed=202, warm_up=0).simulation()
    market = Market()
    market.apply(simulation.genesis())
    for _ in range(20):
        market.apply(simulation.advance().update)
    watcher = MarketWatcher(WETH)
    pools = dict(market.pools)
    watcher.observe(1, pools, ())
    price = watcher.observe(2, pools, ()).price
    gone = next(
        address
        for address, pool in pools.items()
        if WETH in pool.tokens
        and any(pool.spot_price(WETH, other) == price for other in pool.tokens if other != WETH)
    )
    del pools[gone]
    assert np.isnan(watcher.observe(3, pools, ()).price)
    assert watcher.observe(4, pools, ()).price > 0
    assert np.isnan(watcher.observe(5, {}, ()).price)


def test_foresight_is_of_the_next_hour() -> None:
    """A price that goes up while the label says so, and the control without a drift."""
    hours = 12
    labels = [UP if hour % 4 < 2 else DOWN for hour in range(hours) for _ in range(300)]
    steps = [1e-4 if label is UP else -1e-4 for label in labels]
    assert foresight_of_direction(labels, np.exp(np.cumsum(steps))) == pytest.approx(0.5, abs=0.2)
    assert foresight_of_direction(labels, np.ones(len(labels))) is None
    unrest = [QUIET if hour % 2 else VOLATILE for hour in range(hours) for _ in range(300)]
    shaking = np.cumsum([1e-3 * (-1) ** at * (one is VOLATILE) for at, one in enumerate(unrest)])
    assert (foresight_of_unrest(unrest, np.exp(shaking)) or 0) < 0
