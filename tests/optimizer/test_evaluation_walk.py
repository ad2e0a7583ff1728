"""The walk along a tape: in the order of time, by the product's own code, and honestly compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from aineon.optimizer.arms import Channel
from aineon.optimizer.drift import Alarm
from aineon.optimizer.evaluation import policies
from aineon.optimizer.evaluation.ablating import ALL, NONE, ablation, without
from aineon.optimizer.evaluation.checking import behind, checks_of
from aineon.optimizer.evaluation.coaching import Lesson
from aineon.optimizer.evaluation.drifting import recovery, trained_after
from aineon.optimizer.evaluation.extras import (
    TrainingSpeed,
    drift_checks,
    honesty_checks,
    training_checks,
)
from aineon.optimizer.evaluation.figures import Check, SeedFigures
from aineon.optimizer.evaluation.honest import (
    PLANTED,
    Honesty,
    honesty,
    mean_area,
    shuffled,
    with_future,
)
from aineon.optimizer.evaluation.measuring import Stretch, figures_of
from aineon.optimizer.evaluation.money import landed, truth
from aineon.optimizer.evaluation.training_speed import repeated
from aineon.optimizer.evaluation.walking import ChannelWalk, Steps, Walk, taught, walk
from aineon.optimizer.tape import Tape
from tests.optimizer.synthetic import synthetic_tape

HOUR = 3600.0
BOTH = tuple(Channel)


class Absent:
    """A coach that trains nothing, and notes what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[Tape, float]] = []

    def train(self, known: Tape, now: float, window: float) -> Lesson:
        assert 0 < window <= 1
        self.shown.append((known, now))
        return Lesson(None, {}, "nothing was trained")


@pytest.fixture(scope="module")
def tape() -> Tape:
    return synthetic_tape(301, 260)


@pytest.fixture(scope="module")
def coach() -> Absent:
    return Absent()


@pytest.fixture(scope="module")
def walked(tape: Tape, coach: Absent) -> Walk:
    return walk(tape, Steps(BOTH, retrain_minutes=60), coach)


@pytest.fixture(scope="module")
def found(tape: Tape, walked: Walk) -> SeedFigures:
    return figures_of(tape, walked, Stretch(learning_hours=1), seed=301)


def test_training_sees_what_was_known_and_nothing_else(
    tape: Tape, walked: Walk, coach: Absent
) -> None:
    assert len(coach.shown) == int(np.ptp(tape.times) // HOUR) == len(walked.trainings)
    for known, now in coach.shown:
        assert (known.known_at <= now).all()
        assert len(known) == (tape.known_at <= now).sum()


def test_decisions_depend_neither_on_what_comes_later_nor_on_the_true_chances(
    tape: Tape, walked: Walk
) -> None:
    # Nor on the true chances: they are taken away here.
    early = replace(tape.rows(slice(0, 100)), chances=None)
    part = walk(early, Steps(BOTH[1:], retrain_minutes=60), Absent()).channels[0]
    whole = walked.channels[1]
    assert np.array_equal(whole.bids[:100], part.bids, equal_nan=True)
    assert np.array_equal(whole.said[:100], part.said, equal_nan=True)


def test_without_models_the_table_decides_and_both_are_told_apart(walked: Walk) -> None:
    for done in walked.channels:
        assert done.decided_by[0] == "rule"
        assert done.decided_by[-1] == "table"
        assert not np.isnan(done.said[-1]).any()
    assert np.isnan(walked.ensemble).all()
    assert not np.isnan(walked.table).any()


def test_every_figure_is_there_and_differences_are_those_of_shares(
    tape: Tape, found: SeedFigures
) -> None:
    assert found.chances_known
    assert found.rows + found.learning_rows == len(tape)
    for channel in found.channels:
        lines = {line.policy: line for line in channel.captured}
        own, table = lines[policies.OPTIMIZER], lines[policies.TABLE]
        assert own.share is not None
        assert -0.5 < own.share.value < 1
        assert table.ahead is not None
        assert table.share is not None
        assert table.ahead.value == pytest.approx(own.share.value - table.share.value)
        best = behind(channel)
        assert best is not None
        assert best[0] in policies.RIVALS
        assert channel.calibrated.error is not None
        assert channel.accuracy is not None
        assert sum(channel.decided_by.values()) == found.rows


def test_checks_name_channel_target_and_whether_it_was_met(found: SeedFigures) -> None:
    checks = checks_of([found])
    assert len(checks) == 2 * len(checks_of([replace(found, channels=found.channels[:1])]))
    assert {check.what.split(":")[0] for check in checks} == {"private", "public"}
    # Some hundred rows cannot be good enough: a check that fails says so.
    assert any(check.met is False for check in checks)


def test_a_tape_that_nobody_knows_has_no_ceiling(tape: Tape, walked: Walk) -> None:
    unknown = replace(tape, chances=None)
    found = figures_of(unknown, walked, Stretch(1), seed=None)
    assert not found.chances_known
    for check in checks_of([found]):
        if "captured" in check.what or "Brier" in check.what:
            assert check.met is None
    share = found.channels[0].captured[0].share
    assert share is not None
    # Beside somebody who knows the dice, everybody looks small.
    assert share.value < 0.7


def test_taught_knows_the_past_alone(tape: Tape) -> None:
    said: list[str] = []
    optimizer = taught(tape, float(tape.times[80]), Channel.PRIVATE, said.append)
    assert optimizer.standing().labels == int((tape.known_at <= tape.times[80]).sum())
    assert said == [f"learning {optimizer.standing().labels} outcomes"]


# --- honesty -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def honest(tape: Tape) -> Honesty:
    return honesty(tape, Absent(), 1, True, lambda _: None)


def test_a_planted_future_column_is_caught_and_none_else(tape: Tape, honest: Honesty) -> None:
    assert honest.planted_caught
    assert honest.leaks == ()
    assert with_future(tape).names[-1] == PLANTED


def test_shuffled_labels_teach_nothing_and_who_looks_is_seen(tape: Tape, honest: Honesty) -> None:
    mixed = shuffled(tape, 3)
    assert sorted(mixed.needed) == sorted(tape.needed)
    assert honest.area == pytest.approx(0.5, abs=0.1)
    # The control: whoever knew the outcomes would rank without fault.
    assert mean_area(np.clip(landed(mixed) + 0.1, 0, 1), landed(mixed)) == 1


def test_honesty_checks_fail_where_something_leaks(honest: Honesty) -> None:
    good = replace(honest, area=0.5)
    bad = replace(honest, area=0.6, leaks=("x",), planted_caught=False, cut_equal=False)
    assert [check.met for check in honesty_checks([good])] == [True] * 4
    checks = list(honesty_checks([bad]))
    assert [check.met for check in checks] == [False] * 4
    assert checks[2].found == "no: x"


# --- drift ---------------------------------------------------------------------------------


class Oracle:
    """Models that know the truth, looked up by the vector's first feature."""

    def __init__(self, known: Tape, truth_of: dict[float, np.ndarray]) -> None:
        self.rows = known
        self._truth = truth_of

    def chances(self, vector: np.ndarray, *_: object) -> np.ndarray:
        return self._truth[float(vector[0])]


def drifted(said: np.ndarray, alarms: Sequence[Alarm] = ()) -> ChannelWalk:
    count = len(said)
    return ChannelWalk(
        Channel.PRIVATE,
        np.full(count, 0.5),
        said,
        ("table",) * count,
        np.zeros(count),
        tuple(alarms),
        (),
    )


def test_models_trained_after_a_change_never_saw_what_they_predict() -> None:
    tape = synthetic_tape(302, 600, "reach_halves")
    change = float(tape.times[300])
    truths = dict(zip(tape.features[:, 0].tolist(), truth(tape), strict=True))
    fits: list[Tape] = []

    def fit(rows: Tape, _: float) -> Oracle:
        fits.append(rows)
        return Oracle(rows, truths)

    said = trained_after(tape, change, fit)  # type: ignore[arg-type]
    assert np.isnan(said[:300]).all()
    assert np.array_equal(said[300:], truth(tape)[300:])
    for rows, stretch in zip(fits, np.array_split(np.arange(300, 600), 3), strict=True):
        assert (rows.times >= change).all()
        apart = (rows.known_at < tape.times[stretch[0]]) | (rows.times > tape.times[stretch[-1]])
        assert apart.all()


def test_who_knows_it_at_once_recovers_at_once_and_who_stays_behind_never() -> None:
    tape = synthetic_tape(303, 4000, "reach_halves")
    change = float(tape.times[2000])
    was = truth(tape)
    alarm = [
        Alarm(float(tape.times[50]), "dearer", ""),
        Alarm(float(tape.times[1000]), "dearer", ""),
        Alarm(change + 600, "dearer", ""),
    ]
    args = (was, "reach_halves", 1, change, float(tape.times[80]))
    knows = recovery(tape, drifted(was, alarm), *args)
    assert (knows.hours_to_error, knows.labels_to_brier, knows.minutes_to_alarm) == (2.0, 300, 10)
    assert knows.brier_ratio == pytest.approx(1)
    assert knows.false_alarms == 1
    stays = np.minimum(was * np.where(np.arange(4000) >= 2000, 2, 1)[:, None], 1)
    behind_ = recovery(tape, drifted(stays), *args)
    assert behind_.error_before == pytest.approx(0)
    assert behind_.error_later is not None
    assert behind_.error_later > 0.1
    assert (behind_.hours_to_error, behind_.labels_to_brier) == (None, None)
    assert behind_.minutes_to_alarm is None
    assert all(check.met for check in drift_checks([knows, knows]) if "alarms" not in check.what)
    failed = [check for check in drift_checks([behind_]) if "alarms" not in check.what]
    assert [check.met for check in failed] == [False] * 3
    assert failed[1].found == failed[2].found == "never"


# --- ablation and speed --------------------------------------------------------------------


def test_without_a_group_its_columns_say_nothing_and_the_rest_stays(tape: Tape) -> None:
    bare = without(tape, ("noise_a", "log_net"))
    assert (bare.column("noise_a") == 0).all()
    assert np.array_equal(bare.column("hops"), tape.column("hops"))
    short = tape.rows(slice(0, 70))
    lines = ablation(short, iter(Absent, None), Stretch(0), 1, lambda _: None)
    # `hops` alone of the synthetic features is one of the catalogue.
    assert [line.without for line in lines] == [ALL, "opportunity", NONE]
    assert [line.columns for line in lines] == [0, 1, len(tape.names)]
    assert set(lines[0].share) == {"private", "public"}


def test_a_long_tape_follows_on_itself(tape: Tape) -> None:
    long = repeated(tape, 900)
    assert len(long) == 900
    assert (np.diff(long.times) >= 0).all()
    assert np.array_equal(long.net[-260:], tape.net)


def test_training_checks() -> None:
    assert [each.met for each in training_checks(TrainingSpeed(80_000, 59, 299))] == [True, True]
    assert [each.met for each in training_checks(TrainingSpeed(80_000, 61, 301))] == [False, False]
    assert all(isinstance(each, Check) for each in training_checks(TrainingSpeed(1, 1, 1)))
