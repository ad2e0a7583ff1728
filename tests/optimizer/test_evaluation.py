"""Money, calibration and resampling of an evaluation, against figures known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from aineon.optimizer.arms import ARMS, Channel
from aineon.optimizer.evaluation import policies
from aineon.optimizer.evaluation.bands import BandWatch, Forecast, banded
from aineon.optimizer.evaluation.calibration import (
    area,
    brier,
    calibration_error,
    curve,
    skill,
    skill_of_ceiling,
)
from aineon.optimizer.evaluation.measuring import accuracy, calibrated, captured, redrawn
from aineon.optimizer.evaluation.money import (
    at_shares,
    best_bids,
    clairvoyant,
    costs,
    greedy,
    landed,
    redraw,
    scored,
    truth,
    worth,
)
from aineon.optimizer.evaluation.resampling import Figure, Hours, mean_of_seeds
from aineon.optimizer.evaluation.walking import sample_of
from aineon.optimizer.sampled import row_of
from aineon.optimizer.tape import Tape
from aineon.optimizer.telling import BandTold
from tests.optimizer.synthetic import synthetic_tape

SHARES = np.array(ARMS)


@pytest.fixture(scope="module")
def tape() -> Tape:
    return synthetic_tape(201, 4000)


# --- the synthetic market itself -----------------------------------------------------------


@pytest.mark.parametrize(
    "drift", [None, "three_times_as_many", "reach_halves", "pairs_begin_to_fail"]
)
def test_the_synthetic_chances_are_those_of_its_outcomes(drift: str | None) -> None:
    drawn = synthetic_tape(202, 4000, drift)  # type: ignore[arg-type]
    assert drawn.chances is not None
    gap = landed(drawn) - drawn.chances
    spread = np.sqrt((drawn.chances * (1 - drawn.chances)).sum(axis=0))
    assert (np.abs(gap.sum(axis=0)) < 4 * spread).all()
    # What a change does is seen in the second half alone.
    calm = synthetic_tape(202, 4000)
    assert calm.chances is not None
    assert np.array_equal(calm.chances[:2000], drawn.chances[:2000])
    assert drift is None or not np.array_equal(calm.chances[2000:], drawn.chances[2000:])


def test_the_same_seed_gives_the_same_tape() -> None:
    one, other = synthetic_tape(5, 50), synthetic_tape(5, 50)
    assert np.array_equal(one.features, other.features, equal_nan=True)
    assert not np.array_equal(one.net, synthetic_tape(6, 50).net)


# --- money ---------------------------------------------------------------------------------


def test_a_bid_is_worth_its_expectation_over_the_dice(tape: Tape) -> None:
    bids = np.where(np.arange(len(tape)) % 3 == 0, np.nan, 0.5)
    expected = worth(tape, bids, Channel.PUBLIC)
    dice = np.random.default_rng(1)
    drawn = [worth(redraw(tape, dice), bids, Channel.PUBLIC) for _ in range(300)]
    assert np.mean(drawn, axis=0).sum() == pytest.approx(expected.sum(), rel=0.03)
    assert (expected[::3] == 0).all()


def test_only_a_public_miss_costs_gas(tape: Tape) -> None:
    lost = replace(tape, needed=np.full(len(tape), np.inf), chances=None)
    bids = policies.always(lost)
    assert (worth(lost, bids, Channel.PRIVATE) == 0).all()
    assert np.array_equal(worth(lost, bids, Channel.PUBLIC), -lost.gas)


@pytest.mark.parametrize("channel", list(Channel))
def test_nobody_beats_the_best_but_who_knows_the_dice(tape: Tape, channel: Channel) -> None:
    best = worth(tape, best_bids(tape, channel), channel)
    rivals = [policies.fixed(tape, channel), policies.threshold(tape, channel)]
    for bids in rivals:
        assert (worth(tape, bids, channel) <= best + 1e-12).all()
    assert clairvoyant(tape).sum() > best.sum()
    assert worth(tape, rivals[1], channel).sum() >= worth(tape, rivals[0], channel).sum()


def test_the_greedy_bid_does_not_bid_where_nothing_is_to_be_won(tape: Tape) -> None:
    hopeless = np.full((len(tape), len(ARMS)), 1e-6)
    assert np.isnan(greedy(hopeless, tape.net, costs(tape, Channel.PUBLIC))).all()
    # Where a miss costs nothing there is nothing to lose.
    assert not np.isnan(greedy(hopeless, tape.net, costs(tape, Channel.PRIVATE))).any()


def test_chances_between_two_arms_lie_between_theirs_and_below_the_first_there_are_none() -> None:
    curves = np.tile(SHARES, (4, 1))
    told = at_shares(curves, np.array([0.01, 0.02, 0.45, 1.0]))
    assert told == pytest.approx([0.0, 0.02, 0.45, 0.99])


def test_clairvoyant_gets_what_a_bid_that_just_lands_leaves() -> None:
    tape = synthetic_tape(3, 300)
    known = replace(tape, chances=None)
    least = np.searchsorted(SHARES, tape.needed)
    left = [tape.net[n] * (1 - ARMS[at]) if at < 16 else 0.0 for n, at in enumerate(least)]
    assert clairvoyant(known) == pytest.approx(left)


def test_rows_with_a_bound_alone_are_scored_only_by_chances(tape: Tape) -> None:
    bounded = replace(tape, censored=np.arange(len(tape)) < 10)
    assert scored(bounded).all()
    assert scored(replace(bounded, chances=None)).sum() == len(tape) - 10


# --- resampling ----------------------------------------------------------------------------


def test_a_share_has_the_error_of_hours_and_not_of_rows() -> None:
    dice = np.random.default_rng(7)
    times = np.sort(dice.uniform(0, 48 * 3600, 4000))
    hour_luck = dice.normal(0, 0.3, 49)[(times // 3600).astype(int)]
    part, whole = 0.8 + hour_luck, np.ones(4000)
    figure = Hours(times, 1).share(part, whole)
    assert figure is not None
    assert figure.error is not None
    # 0.3 / sqrt(48) = 0.043; rows drawn one by one would say 0.3 / sqrt(4000) = 0.005.
    assert 0.02 < figure.error < 0.08
    assert figure == Hours(times, 1).share(part, whole)


def test_what_is_paired_has_no_error_where_nothing_differs(tape: Tape) -> None:
    gains = worth(tape, policies.always(tape), Channel.PRIVATE)
    figure = Hours(tape.times, 1).share(gains - gains, gains)
    assert figure == Figure(0.0, 0.0)


def test_shares_of_nothing_are_not_known() -> None:
    nothing = np.zeros(5)
    assert Hours(np.arange(5.0), 1).share(nothing, nothing) is None
    assert Hours(np.empty(0), 1).share(np.empty(0), np.empty(0)) is None
    assert Hours(np.arange(5.0), 1).share(np.ones(5), np.ones(5)) == Figure(1.0, None)


def test_the_mean_of_seeds_takes_its_error_from_how_they_differ() -> None:
    mean = mean_of_seeds([Figure(0.9, 0.5), Figure(1.0, 0.5)])
    assert mean == Figure(pytest.approx(0.95), pytest.approx(0.05))
    assert mean_of_seeds([Figure(0.9, 0.5)]) == Figure(0.9, 0.5)
    assert mean_of_seeds([]) is None


# --- calibration ---------------------------------------------------------------------------


def test_the_truth_is_calibrated_and_has_all_of_the_ceilings_skill(tape: Tape) -> None:
    was = truth(tape)
    assert calibration_error(was, was) == pytest.approx(0)
    assert skill_of_ceiling(was, was) == pytest.approx(1)
    base = np.full_like(was, was.mean())
    assert skill(base, was) == pytest.approx(0)
    assert calibration_error(base, was) == pytest.approx(0)


def test_a_shift_is_its_own_calibration_error(tape: Tape) -> None:
    was = 0.2 + 0.5 * truth(tape)
    assert calibration_error(was + 0.1, was) == pytest.approx(0.1)
    assert sum(each.count for each in curve(was, was)) == was.size


def test_brier_of_chances_is_that_of_many_outcomes(tape: Tape) -> None:
    said, was = np.clip(truth(tape) + 0.1, 0, 1), truth(tape)
    dice = np.random.default_rng(2)
    scores = [((said - (dice.random(was.shape) < was)) ** 2).mean() for _ in range(20)]
    assert brier(said, was) == pytest.approx(np.mean(scores), rel=0.01)


def test_the_area_counts_ties_half_and_needs_both_classes() -> None:
    landed_ = np.array([False, False, True, True])
    assert area(np.array([1.0, 2.0, 3.0, 4.0]), landed_) == 1
    assert area(np.array([4.0, 3.0, 2.0, 1.0]), landed_) == 0
    assert area(np.ones(4), landed_) == 0.5
    assert area(np.ones(4), np.ones(4, dtype=bool)) is None


def test_nothing_predicted_is_nothing_measured() -> None:
    tape = synthetic_tape(4, 100)
    nothing = np.full((100, 16), np.nan)
    found = calibrated(tape, nothing)
    assert (found.error, found.skill, found.of_ceiling, found.folds) == (None, None, None, ())
    assert accuracy(tape, policies.always(tape), nothing) is None


def test_accuracy_stands_beside_base_rate_and_always_failing(tape: Tape) -> None:
    found = accuracy(tape, policies.always(tape, 0.02), truth(tape))
    assert found is not None
    assert found.base_rate + found.always_fail == pytest.approx(1)
    assert found.base_rate == pytest.approx(landed(tape)[:, 0].mean())
    assert found.area is not None
    assert found.area > 0.6


# --- put together --------------------------------------------------------------------------


def test_who_knows_the_chances_captures_everything(tape: Tape) -> None:
    best = best_bids(tape, Channel.PUBLIC)
    half = np.where(np.arange(len(tape)) % 2 == 0, best, np.nan)
    lines = captured(tape, {policies.OPTIMIZER: best, policies.FIXED: half}, Channel.PUBLIC, seed=1)
    own, other, dice_known = lines
    assert own.share is not None
    assert own.share.value == pytest.approx(1)
    assert own.ahead is None
    assert other.ahead is not None
    assert other.share is not None
    assert other.ahead.value == pytest.approx(1 - other.share.value)
    assert dice_known.share is not None
    assert dice_known.share.value > 1
    again = redrawn(tape, best, Channel.PUBLIC, seed=1)
    assert again is not None
    assert again.value == pytest.approx(1)
    assert redrawn(replace(tape, chances=None), best, Channel.PUBLIC, seed=1) is None


def test_a_row_survives_the_journal(tape: Tape) -> None:
    row = row_of(sample_of(tape, 17))
    assert row.pair == tape.pair_names[tape.pairs[17]]
    assert np.array_equal(row.vector, tape.features[17], equal_nan=True)
    assert (row.time, row.known_at) == (tape.times[17], tape.known_at[17])
    assert row.net == pytest.approx(tape.net[17])
    needed = [row_of(sample_of(tape, n)).needed for n in range(200)]
    assert np.isinf(needed).any()
    assert needed == pytest.approx(tape.needed[:200], abs=1e-9)


def test_bounds_and_the_unknown_survive_it_too() -> None:
    tape = synthetic_tape(8, 4)
    offered = np.array([0.5, 0.5, np.nan, np.nan])
    needed = np.array([0.5, np.nextafter(0.5, 1), np.nan, np.inf])
    marked = replace(
        tape, needed=needed, offered=offered, censored=np.array([True, True, False, False])
    )
    won, lost, unknown, out_of_reach = (sample_of(marked, n) for n in range(4))
    assert (won.won, won.censored, won.offered_bps) == (True, True, 5000)
    assert (lost.won, lost.censored) == (False, True)
    assert (unknown.won, unknown.needed_payment_wei, unknown.reachable) == (None, None, None)
    assert (out_of_reach.needed_payment_wei, out_of_reach.reachable) == (None, False)


# --- forecasts -----------------------------------------------------------------------------


def test_forecasts_are_taken_one_span_after_the_other() -> None:
    watch = BandWatch()
    told = BandTold(900, 0, 10**18, 2 * 10**18, None, None, 0)
    unknown = BandTold(3600, None, None, None, None, None, 0)
    for now in range(0, 2000, 100):
        if watch.is_due(now):
            watch.take(now, (told, unknown))
    assert [each.at for each in watch.taken] == [0, 900, 1800]
    assert watch.taken[0] == Forecast(0, 900, 0.0, 1.0, 2.0)


def test_a_forecast_is_held_against_what_the_bids_of_its_span_came_to(tape: Tape) -> None:
    bids = policies.always(tape, 0.9)
    start = float(tape.times[0])
    spans = [start + 900 * n for n in range(60)]
    happened = worth(replace(tape, chances=None), bids, Channel.PRIVATE)
    exact = [float(happened[(tape.times >= at) & (tape.times < at + 900)].sum()) for at in spans]
    good = [Forecast(at, 900, net, net, net) for at, net in zip(spans, exact, strict=True)]
    (found,) = banded(tape, bids, Channel.PRIVATE, good, since=spans[10])
    assert (found.spans, found.coverage) == (50, 1.0)
    assert found.forecast == pytest.approx(found.came)
    high = [replace(each, low=each.low + 1, expected=2 * each.expected) for each in good]
    (found,) = banded(tape, bids, Channel.PRIVATE, high, since=spans[10])
    assert found.coverage == 0
    assert found.forecast == pytest.approx(2 * found.came)
