"""Joins the sandbox, its taping and the optimizer's evaluation, one process for each tape."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, cast

from aineon.errors import ConfigurationError, OptimizerError
from aineon.optimizer.arms import Channel
from aineon.optimizer.evaluation.extras import Extra, SeedExtras, TrainingSpeed
from aineon.primitives.units import ETHER
from aineon.runtime.side_by_side import Say, run_here, run_side_by_side

if TYPE_CHECKING:
    from aineon.feeds.sandbox.rivals import ChangeKind
    from aineon.optimizer.decision import Decision
    from aineon.optimizer.evaluation.ablating import Ablated
    from aineon.optimizer.evaluation.drifting import Recovery
    from aineon.optimizer.evaluation.figures import SeedFigures
    from aineon.optimizer.evaluation.measuring import Stretch
    from aineon.optimizer.models.ensemble import Ensemble
    from aineon.optimizer.tape import Tape

BLOCKS_AN_HOUR: Final = 300
UNIVERSE: Final = "wide"
"""Where tapes are recorded: with so many opportunities a block as there are on a busy chain."""
QUIET_MIX: Final = "steady"
"""The mix in which nothing changes of itself, so that an alarm before a change is a false one."""
QUIET_HOURS: Final = 24.0
WATCHED_HOURS: Final = 14.0
FIRST_QUIET_HOURS: Final = 8.0
"""Hours in which the detectors get to know the quiet; an alarm in them counts for nothing."""
FEWEST_ROWS: Final = 100
WITH_A_TAPE: Final = frozenset({Extra.HONESTY, Extra.ABLATION, Extra.TRAINING})
"""What can be looked at on a tape alone, without the market that it was recorded of."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be evaluated.

    Attributes:
        seeds: of the markets.
        mix: of the rivals.
        hours: of each market, `learning_hours` of which do not count.
        channels: ways in which attempts travel.
        retrain_minutes: between two trainings.
        extras: what to look at beside money and calibration.
        data: a tape to walk along instead of markets; None for markets.
        processes: how many work at a time.
    """

    seeds: tuple[int, ...]
    mix: str
    hours: float
    learning_hours: float
    channels: tuple[Channel, ...]
    retrain_minutes: float
    extras: frozenset[Extra]
    data: Path | None = None
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """What came of it."""

    seeds: tuple[SeedFigures, ...]
    extras: tuple[SeedExtras, ...]
    recoveries: tuple[Recovery, ...]
    training: TrainingSpeed | None
    seconds: float


def tape_of_market(
    seed: int,
    mix: str,
    hours: float,
    change: tuple[float, str] | None = None,
    universe: str = UNIVERSE,
) -> Tape:
    """Return the tape of a sandbox with rivals.

    Args:
        seed: of the market.
        mix: of its rivals.
        hours: how long it is recorded.
        change: at which hour what changes in the competition; None for nothing.
        universe: the name of what there is to trade.

    Raises:
        ConfigurationError: there is no such mix, change or universe.
    """
    from aineon.engine.taping import tape_of
    from aineon.feeds.sandbox import SandboxFeed
    from aineon.feeds.sandbox.rivals import Change, mix_named
    from aineon.feeds.sandbox.universe import universe_named

    changes: tuple[Change, ...] = ()
    if change is not None:
        hour, kind = change
        # A change refuses what is none, in words.
        changes = (Change(round(hour * BLOCKS_AN_HOUR), cast("ChangeKind", kind)),)
    feed = SandboxFeed(
        seed,
        warm_up=0,
        rivals=mix_named(mix),
        changes=changes,
        universe=universe_named(universe, seed),
    )
    return tape_of(feed, round(hours * BLOCKS_AN_HOUR))


def tape_of_file(path: Path) -> Tape:
    """Return a tape that somebody saved.

    Raises:
        OptimizerError: it is not there, is no tape, or holds too little to learn from.
    """
    from aineon.optimizer.tape import Tape

    tape = Tape.load(path)
    if len(tape) < FEWEST_ROWS:
        raise OptimizerError(
            f"tape {path} holds {len(tape)} opportunities; allowed are {FEWEST_ROWS} or more"
        )
    return tape


def train_on(path: Path, folder: Path) -> tuple[str, Ensemble]:
    """Train models on all of a tape and keep them in `folder`; returns their version too.

    Raises:
        OptimizerError: the tape is none, or holds too little; or the models cannot be written.
    """
    from aineon.optimizer.models.storing import save
    from aineon.optimizer.training import fit

    tape = tape_of_file(path)
    ensemble = fit(tape, float(tape.known_at.max()))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OptimizerError(f"folder {folder} cannot be made: {error.strerror}") from error
    return save(ensemble, folder), ensemble


@dataclass(frozen=True, slots=True)
class Explained:
    """One decision about a row of a tape, with what it came to.

    Attributes:
        net: ETH before the bid.
        needed: see `Tape`.
    """

    row: int
    rows: int
    pair: str
    net: float
    needed: float
    decision: Decision


def explain_row(path: Path, row: int | None, channel: Channel, say: Say) -> Explained:
    """Decide about one row of a tape with what was known by then, and explain it.

    Raises:
        OptimizerError: the tape is none, or has no such row.
    """
    from aineon.optimizer.evaluation.walking import taught

    tape = tape_of_file(path)
    at = len(tape) - 1 if row is None else row
    if not 0 <= at < len(tape):
        raise OptimizerError(f"--row is {row}; allowed for {path} are 0 to {len(tape) - 1}")
    optimizer = taught(tape, float(tape.times[at]), channel, say)
    net, gas = (round(float(each[at]) * ETHER) for each in (tape.net, tape.gas))
    pair = tape.pair_names[tape.pairs[at]]
    decision = optimizer.decide(None, net, gas, pair, tape.features[at], at=float(tape.times[at]))
    return Explained(
        at,
        len(tape),
        pair,
        float(tape.net[at]),
        float(tape.needed[at]),
        optimizer.explained(decision),
    )


def evaluate(asked: Asked, say: Say) -> Found:
    """Walk along every tape that is asked for and return what was found.

    Raises:
        ConfigurationError, OptimizerError: what is asked for cannot be.
    """
    begun = time.monotonic()
    _check(asked)
    with TemporaryDirectory(prefix="aineon-") as folder:
        recorded = Path(folder) / "training.npz"
        jobs = _jobs(asked, recorded)
        alone = len(jobs) == 1
        results = run_here(jobs, say) if alone else run_side_by_side(jobs, asked.processes, say)
        training = _training(asked, recorded, say)
    walked = [each for each in results if isinstance(each, tuple)]
    return Found(
        seeds=tuple(figures for figures, _ in walked),
        extras=tuple(extras for _, extras in walked),
        recoveries=tuple(line for each in results if isinstance(each, list) for line in each),
        training=training,
        seconds=time.monotonic() - begun,
    )


def _check(asked: Asked) -> None:
    from aineon.feeds.sandbox.rivals import mix_named

    mix_named(asked.mix)
    if asked.data is None and asked.learning_hours >= asked.hours:
        raise ConfigurationError(
            f"all of the {asked.hours:g} hours are for learning ({asked.learning_hours:g}); "
            "allowed is less than that, so that some count"
        )
    if asked.data is not None:
        unfit = sorted(asked.extras - WITH_A_TAPE)
        if unfit:
            raise ConfigurationError(
                f"{', '.join(unfit)} cannot be looked at on a given tape; "
                f"allowed are {', '.join(sorted(WITH_A_TAPE))}"
            )
        tape_of_file(asked.data)


# --- jobs ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _WalkJob:
    asked: Asked
    seed: int | None

    @property
    def name(self) -> str:
        return "the given tape" if self.seed is None else f"seed {self.seed}"

    def run(self, say: Say) -> tuple[SeedFigures, SeedExtras]:
        from aineon.optimizer.evaluation.measuring import Stretch, figures_of
        from aineon.optimizer.evaluation.walking import Steps, walk
        from aineon.runtime.coach import TrainingCoach

        asked, seed = self.asked, self.seed
        if seed is None:
            assert asked.data is not None
            tape = tape_of_file(asked.data)
        else:
            say(f"recording {asked.hours:g} hours of the market")
            tape = tape_of_market(seed, asked.mix, asked.hours)
        stretch = Stretch(asked.learning_hours)
        steps = Steps(asked.channels, asked.retrain_minutes, seed or 0)
        if not stretch.counted(tape).any():
            raise OptimizerError(
                f"{self.name} has no opportunity with a known outcome after the first "
                f"{asked.learning_hours:g} hours, which are for learning; "
                "allowed is a smaller --learning-hours"
            )
        done = walk(tape, steps, TrainingCoach(asked.channels), say)
        figures = figures_of(tape, done, stretch, seed)
        return figures, self._extras(tape, stretch, say)

    def _extras(self, tape: Tape, stretch: Stretch, say: Say) -> SeedExtras:
        from aineon.optimizer.evaluation.ablating import ablation
        from aineon.optimizer.evaluation.honest import honesty
        from aineon.runtime.coach import TrainingCoach
        from aineon.runtime.regimes import regimes_of_market

        asked, seed, extras = self.asked, self.seed, self.asked.extras
        channels = asked.channels
        found = None
        if Extra.HONESTY in extras:
            say("walking with shuffled labels")
            cut = None if seed is None else cut_is_equal(seed, asked.mix)
            found = honesty(tape, TrainingCoach(channels[:1]), seed, cut, say)
        lines: tuple[Ablated, ...] = ()
        if Extra.ABLATION in extras:
            coaches = (TrainingCoach(channels) for _ in repeat(None))
            lines = ablation(tape, coaches, stretch, seed or 0, say)
        told = None
        if Extra.REGIMES in extras and seed is not None:
            say("following the regimes of the market")
            told = regimes_of_market(seed, asked.hours, asked.mix)
        return SeedExtras(seed, found, lines, told)


@dataclass(frozen=True, slots=True)
class _DriftJob:
    asked: Asked
    seed: int
    kind: str

    @property
    def name(self) -> str:
        return f"seed {self.seed}, {self.kind.replace('_', ' ')}"

    def run(self, say: Say) -> list[Recovery]:
        from aineon.optimizer.evaluation.drifting import recovery, trained_after
        from aineon.optimizer.evaluation.walking import Steps, walk
        from aineon.optimizer.training import fit
        from aineon.runtime.coach import TrainingCoach

        asked = self.asked
        hours = QUIET_HOURS + WATCHED_HOURS
        say(f"recording {hours:g} hours of the market")
        tape = tape_of_market(self.seed, QUIET_MIX, hours, (QUIET_HOURS, self.kind))
        steps = Steps(asked.channels, asked.retrain_minutes, self.seed)
        done = walk(tape, steps, TrainingCoach(asked.channels), say)
        # Decided at the end of one block, auctioned at the top of the next.
        change = time_of(tape, round(QUIET_HOURS * BLOCKS_AN_HOUR) - 1)
        quiet = time_of(tape, round(FIRST_QUIET_HOURS * BLOCKS_AN_HOUR))
        say("training models on the time after the change, to compare with")
        reference = trained_after(tape, change, fit)
        return [
            recovery(tape, each, reference, self.kind, self.seed, change, quiet)
            for each in done.channels
        ]


@dataclass(frozen=True, slots=True)
class _TapeJob:
    """Records what training is measured on, because a sandbox needs memory of its own."""

    seed: int
    mix: str
    path: Path

    name = "speed of training"

    def run(self, say: Say) -> None:
        from aineon.optimizer.evaluation.training_speed import SPEED_HOURS

        say(f"recording {SPEED_HOURS:g} hours of the market")
        tape_of_market(self.seed, self.mix, SPEED_HOURS).save(self.path)


@dataclass(frozen=True, slots=True)
class _TrainingJob:
    path: Path

    name = "speed of training"

    def run(self, say: Say) -> TrainingSpeed:
        from aineon.optimizer.evaluation.training_speed import measured

        return measured(tape_of_file(self.path), say)


_Job = _WalkJob | _DriftJob | _TapeJob


def _jobs(asked: Asked, recorded: Path) -> list[_Job]:
    from aineon.feeds.sandbox.rivals import ChangeKind

    seeds: Sequence[int | None] = asked.seeds if asked.data is None else (None,)
    jobs: list[_Job] = [_WalkJob(asked, seed) for seed in seeds]
    if Extra.DRIFT in asked.extras:
        jobs += [_DriftJob(asked, seed, kind.value) for seed in asked.seeds for kind in ChangeKind]
    if Extra.TRAINING in asked.extras and asked.data is None:
        jobs.append(_TapeJob(asked.seeds[0], asked.mix, recorded))
    return jobs


def _training(asked: Asked, recorded: Path, say: Say) -> TrainingSpeed | None:
    """What training takes where nothing else runs, in a process that did nothing before."""
    if Extra.TRAINING not in asked.extras:
        return None
    job = _TrainingJob(recorded if asked.data is None else asked.data)
    speed: TrainingSpeed = run_side_by_side([job], 1, say)[0]
    return speed


def cut_is_equal(seed: int, mix: str, hours: float = 1.0) -> bool:
    """Whether features of a market recorded for half the time equal those of the whole."""
    from aineon.optimizer.honesty import differences

    whole, half = (tape_of_market(seed, mix, part) for part in (hours, hours / 2))
    return len(half) > 0 and not differences(whole, half)


def time_of(tape: Tape, block: int) -> float:
    """Return the market's time of the first opportunity that was decided about at `block`."""
    row = min(int((tape.blocks < block).sum()), len(tape) - 1)
    return float(tape.times[row])
