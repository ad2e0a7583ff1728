"""Walking: the optimizer along a tape, row by row, as an engine would drive it.

Before each decision it learns the outcomes that were known by then, and no other. Every so often
models are trained on what was known by then, compete with those in use, and are adopted where they
win, all by the code that an engine and its training process run. The tape's chances are never
shown to anything that decides.
"""

from __future__ import annotations

import math
import time as clock
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from aineon.ledger.samples import Sample
from aineon.optimizer.arms import Channel
from aineon.optimizer.drift.alarm import Alarm
from aineon.optimizer.evaluation.bands import BandWatch, Forecast
from aineon.optimizer.evaluation.coaching import Coach
from aineon.optimizer.evaluation.figures import Trained
from aineon.optimizer.evaluation.policies import USUAL_BID
from aineon.optimizer.evaluation.resampling import HOUR
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.models.labels import labels
from aineon.optimizer.models.live import Live
from aineon.optimizer.models.mixing import curves_of
from aineon.optimizer.optimizer import Optimizer, feature_set
from aineon.optimizer.tape import Tape
from aineon.primitives import Provenance
from aineon.primitives.units import BPS, ETHER

RETRAIN_MINUTES: Final = 240
ARMS_COUNT: Final = 16

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Steps:
    """How a walk goes.

    Attributes:
        channels: the ways in which attempts travel, each with an optimizer of its own.
        retrain_minutes: the market's time between two trainings; an alarm may ask for one sooner.
        seed: of the bandit's dice.
    """

    channels: tuple[Channel, ...] = (Channel.PRIVATE, Channel.PUBLIC)
    retrain_minutes: float = RETRAIN_MINUTES
    seed: int = 0


@dataclass(frozen=True, slots=True)
class ChannelWalk:
    """What one optimizer did with each row.

    Attributes:
        bids: share of the net; nan where it did not attempt.
        said: the chances that it told for each arm; nan where the plain rule decided.
        decided_by: what each decision stood on.
        seconds: of processor time that each took, so that whatever else runs does not count.
        alarms: what its detectors noticed.
        forecasts: of the net of the next minutes, as they were told on the way.
    """

    channel: Channel
    bids: Floats
    said: Floats
    decided_by: tuple[str, ...]
    seconds: Floats
    alarms: tuple[Alarm, ...]
    forecasts: tuple[Forecast, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """What happened along a tape.

    Attributes:
        table: chances of a live table that learned the same outcomes.
        rivals: the table's, mixed with what the features tell of rivals where they do.
        ensemble: chances of the newest models, adopted or not; nan before there are any.
        mean: of the log-odds of these two.
    """

    channels: tuple[ChannelWalk, ...]
    table: Floats
    rivals: Floats
    ensemble: Floats
    mean: Floats
    trainings: tuple[Trained, ...]


def walk(tape: Tape, steps: Steps, coach: Coach, progress: Progress | None = None) -> Walk:
    """Walk along a tape; see the module."""
    return _Walker(tape, steps, coach, progress or _quiet).walk()


class _Lane:
    """One channel's optimizer and what it did."""

    def __init__(self, tape: Tape, channel: Channel, seed: int) -> None:
        self.channel = channel
        self.optimizer = Optimizer(round(USUAL_BID * BPS), tape.names, channel, seed)
        self._bands = BandWatch()
        self._bids = np.full(len(tape), np.nan)
        self._said = np.full((len(tape), ARMS_COUNT), np.nan)
        self._seconds = np.zeros(len(tape))
        self._decided_by: list[str] = []

    def decide(self, tape: Tape, row: int, now: float) -> None:
        """Decide about a row and take down what was said."""
        if self._bands.is_due(now):
            self._bands.take(now, self.optimizer.standing().bands)
        net, gas = _wei(tape.net[row]), _wei(tape.gas[row])
        pair, vector = tape.pair_names[tape.pairs[row]], tape.features[row]
        before = clock.thread_time()
        decision = self.optimizer.decide(None, net, gas, pair, vector, at=now)
        self._seconds[row] = clock.thread_time() - before
        if decision.attempt:
            self._bids[row] = decision.bid_bps / BPS
        said = self.optimizer.chances(pair, net, gas, vector, at=now)
        if said is not None:
            self._said[row] = said
        self._decided_by.append(decision.decided_by.value)

    def done(self) -> ChannelWalk:
        """Return what was done on all rows."""
        return ChannelWalk(
            self.channel,
            self._bids,
            self._said,
            tuple(self._decided_by),
            self._seconds,
            self.optimizer.alarms,
            self._bands.taken,
        )


class _Walker:
    def __init__(self, tape: Tape, steps: Steps, coach: Coach, progress: Progress) -> None:
        self._tape = tape
        self._steps = steps
        self._coach = coach
        self._progress = progress
        self._lanes = [_Lane(tape, channel, steps.seed) for channel in steps.channels]
        self._live = Live(tape.names)
        self._order = np.argsort(tape.known_at, kind="stable")
        self._labels = labels(tape)
        self._learned = 0
        self._newest: Ensemble | None = None
        self._trained_at = -math.inf
        self._trainings: list[Trained] = []

    def walk(self) -> Walk:
        tape = self._tape
        table = np.full((len(tape), ARMS_COUNT), np.nan)
        rivals, ensemble = table.copy(), table.copy()
        start = float(tape.times[0]) if len(tape) else 0.0
        every = self._steps.retrain_minutes * 60
        due = start + every
        for row in range(len(tape)):
            now = float(tape.times[row])
            self._learn_until(now)
            if now >= due or self._is_wanted():
                due = now + every
                self._train(now, start)
            for lane in self._lanes:
                lane.decide(tape, row, now)
            pair, net = tape.pair_names[tape.pairs[row]], float(tape.net[row])
            vector = tape.features[row]
            told = self._live.told(pair, net, vector)
            table[row], rivals[row] = told.table, told.curve
            if self._newest is not None:
                gas = float(tape.gas[row])
                ensemble[row] = self._newest.chances(vector, pair, net, gas, told.curve)
        return Walk(
            tuple(lane.done() for lane in self._lanes),
            table,
            rivals,
            ensemble,
            curves_of(rivals, ensemble).mean,
            tuple(self._trainings),
        )

    def _learn_until(self, now: float) -> None:
        tape = self._tape
        while self._learned < len(tape) and tape.known_at[self._order[self._learned]] <= now:
            sample = sample_of(tape, int(self._order[self._learned]))
            for lane in self._lanes:
                lane.optimizer.learn(sample)
            self._live.learn(next(self._labels))
            self._learned += 1

    def _is_wanted(self) -> bool:
        """Whether something was noticed since the last training that asks for another one."""
        return any(
            alarms and alarms[-1].answer.retrain and alarms[-1].at > self._trained_at
            for alarms in (lane.optimizer.alarms for lane in self._lanes)
        )

    def _train(self, now: float, start: float) -> None:
        hour = (now - start) / HOUR
        self._progress(f"hour {hour:.0f}: training on {self._learned} outcomes")
        before = clock.thread_time()
        window = min(lane.optimizer.answer.window for lane in self._lanes)
        known = self._tape.until(now)
        lesson = self._coach.train(known, now, window)
        seconds = clock.thread_time() - before
        self._trained_at = now
        self._newest = lesson.trained or self._newest
        for lane in self._lanes:
            verdict = lesson.verdicts.get(lane.channel)
            if verdict is None:
                continue
            if verdict.promoted and lesson.trained is not None:
                lane.optimizer.adopt(lesson.trained)
            # Whoever is champion now has competed on what is known now.
            lane.optimizer.confirm(float(known.known_at.max()))
        self._trainings.append(
            Trained(
                hour,
                self._learned,
                seconds,
                tuple(
                    channel.value
                    for channel, verdict in lesson.verdicts.items()
                    if verdict.promoted
                ),
                lesson.words
                or "; ".join(
                    f"{channel.value}: {verdict.words}"
                    for channel, verdict in lesson.verdicts.items()
                ),
            )
        )


def taught(tape: Tape, now: float, channel: Channel, progress: Progress) -> Optimizer:
    """Return an optimizer that has learned what was known by `now`, with models where possible."""
    from aineon.optimizer.training import LEAST_ROWS, fit

    optimizer = Optimizer(round(USUAL_BID * BPS), tape.names, channel)
    known = tape.until(now)
    progress(f"learning {len(known)} outcomes")
    for row in np.argsort(known.known_at, kind="stable"):
        optimizer.learn(sample_of(known, int(row)))
    if len(known) >= LEAST_ROWS:
        progress("training models on them")
        optimizer.adopt(fit(known, now))
    return optimizer


def sample_of(tape: Tape, row: int) -> Sample:
    """Return a row's outcome as an engine journals it."""
    net, needed = _wei(tape.net[row]), float(tape.needed[row])
    offered = float(tape.offered[row])
    bound = bool(tape.censored[row])
    known = math.isfinite(needed)
    return Sample(
        run_id=0,
        block_number=int(tape.blocks[row]),
        at=float(tape.times[row]),
        known_at=float(tape.known_at[row]),
        pair=tape.pair_names[tape.pairs[row]],
        vector=tape.features[row].astype("<f8").tobytes(),
        feature_set=feature_set(tape.names),
        net_wei=net,
        gas_wei=_wei(tape.gas[row]),
        needed_payment_wei=int(needed * net) if known else None,
        reachable=None if math.isnan(needed) else known,
        won=needed <= offered if bound or not math.isnan(offered) else None,
        offered_bps=None if math.isnan(offered) else round(offered * BPS),
        censored=bound,
        decided_by="",
        lands=None,
        provenance=Provenance.SIMULATED,
    )


def _wei(eth: float) -> int:
    return round(float(eth) * ETHER)


def _quiet(_: str) -> None:
    """Say nothing."""
