"""Bench: one cycle of training, from the samples of a book to a model that may be used."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from aineon.errors import LedgerNotFound, ModelRefused, OptimizerError
from aineon.ledger.control import ControlStore
from aineon.ledger.samples import SampleTable
from aineon.optimizer.drift.alarm import ANSWERS, Alarm
from aineon.optimizer.models.registry import Registry
from aineon.optimizer.models.storing import save
from aineon.primitives.private_files import replace_private
from aineon.runtime.learning import channel_of
from aineon.runtime.model_places import models_folder
from aineon.runtime.settings import Settings

if TYPE_CHECKING:
    from aineon.optimizer.competing import Verdict
    from aineon.optimizer.models.curves import Floats
    from aineon.optimizer.models.ensemble import Ensemble
    from aineon.optimizer.tape import Tape

_LOG: Final = logging.getLogger(__name__)

REPORT: Final = "training.json"
"""Beside the models: how the last cycle went."""

_MOST_COMPETED_ON: Final = 10_000
_HOUR: Final = 3_600.0
_LEAST_JUDGED: Final = 4 * _HOUR
_MOST_JUDGED: Final = 12 * _HOUR
_SHARE_JUDGED: Final = 0.2
_HELD: Final = 0.5
"""The least share of draws in which a champion leaves more than the table, to be confirmed."""


@dataclass(frozen=True, slots=True)
class CycleTold:
    """How a cycle went.

    Attributes:
        at: when it ended, in seconds since the epoch; `seconds` is how long it took.
        known_at: the market's time of the newest outcome.
        rows: opportunities that were trained on, and `judged` on which it competed.
        promoted: whether the challenger became the champion.
        champion: the version in use now; None where there is none.
        words: one sentence.
        confirmed: whether the champion was compared with the live table in the newest hours, and
            left at least as much.
    """

    at: float
    seconds: float
    known_at: float
    rows: int
    judged: int
    promoted: bool
    champion: str | None
    words: str
    confirmed: bool = False


def last_cycle(folder: Path) -> CycleTold | None:
    """Return how the last cycle beside these models went; None where none is told of."""
    try:
        return CycleTold(**json.loads((folder / REPORT).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


class Bench:
    """Trains from a book, and names the champion.

    A challenger is trained on all but the newest hours, and competes in them with the live table
    and with the champion, neither of which knew them beforehand. What was promoted goes on with
    what the live table learns, so the hours that it was not trained on are not lost to it.

    Args:
        settings: where book and models are.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._newest = 0
        self._answered: Alarm | None = None

    def is_wanted(self) -> bool:
        """Whether the engine's optimizer noticed something since that asks for a training.

        Raises:
            LedgerError: the control database cannot be read.
        """
        alarm = self._alarm()
        return alarm is not None and alarm != self._answered and alarm.answer.retrain

    def cycle(self) -> str:
        """Train and compete; returns what came of it, in a sentence.

        Raises:
            AineonError: the book cannot be read, or there is too little to train on.
        """
        from aineon.optimizer.features.catalogue import FEATURE_SET, NAMES
        from aineon.optimizer.sampled import tape_of_samples
        from aineon.optimizer.training import MOST_ROWS

        started = time.monotonic()
        self._answered = self._alarm()
        with SampleTable.open(self._settings.book_url) as samples:
            market = samples.market()
            new, newest = samples.count(self._newest)
            if market is None or not new:
                return "nothing was learned since the last cycle"
            read = samples.newest(market, FEATURE_SET, MOST_ROWS + _MOST_COMPETED_ON)
            tape = tape_of_samples(NAMES, read)
        self._newest = newest
        folder = models_folder(self._settings, market)
        if not len(tape):
            return "nothing was learned with the present set of features"
        told = self._train(tape, folder)
        report = replace(told, at=time.time(), seconds=time.monotonic() - started)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_private(folder / REPORT, json.dumps(asdict(report)).encode())
        except OSError as error:
            raise OptimizerError(f"{folder} cannot be written: {error.strerror}") from error
        return report.words

    def _train(self, tape: Tape, folder: Path) -> CycleTold:
        """Train a challenger on all but the newest hours, and let it compete in those."""
        from aineon.optimizer.training import LEAST_ROWS, fit
        from aineon.optimizer.training.drifting import unchanged
        from aineon.optimizer.training.material import told_along

        told, _ = told_along(tape)
        # What was learned before the needed bids changed misleads.
        window = min(self._window(tape), unchanged(tape, told).errors)
        begins = judged_from(tape, window)
        rows = int((tape.known_at <= begins).sum())
        judged = int((tape.times > begins).sum())
        registry = Registry(folder)
        champion = _champion(registry, float(tape.known_at[-1]))
        plain = CycleTold(
            at=0.0,
            seconds=0.0,
            known_at=float(tape.known_at[-1]),
            rows=rows,
            judged=judged,
            promoted=False,
            champion=None if champion is None else registry.champion(),
            words="",
        )
        if rows < LEAST_ROWS:
            words = (
                f"{rows} outcomes from before the last {_hours(tape, begins):.0f} hours are too "
                f"few to train on; {LEAST_ROWS} are needed"
            )
            return replace(plain, words=words)
        trained_on = tape.until(begins)
        least = max(LEAST_ROWS, int(window * len(trained_on)))
        challenger = fit(trained_on.rows(slice(-least, None)), begins)
        verdict, confirmed = self._compete(challenger, champion, tape, told, begins)
        if not verdict.promoted:
            return replace(plain, words=verdict.words, confirmed=confirmed)
        version = save(challenger, folder)
        registry.promote(version, time.time(), verdict.words)
        registry.prune()
        return replace(plain, promoted=True, champion=version, words=verdict.words, confirmed=True)

    def _alarm(self) -> Alarm | None:
        """The newest alarm that the engine tells of; None where it tells of none."""
        try:
            with ControlStore.open_reader(self._settings.control_url) as control:
                heartbeat = control.heartbeat()
        except LedgerNotFound:
            return None
        return None if heartbeat is None else _newest_alarm(heartbeat.optimizer)

    def _window(self, tape: Tape) -> float:
        """The share of past outcomes that is looked at: less than all while an alarm holds."""
        alarm = self._answered
        if alarm is None or tape.known_at[-1] - alarm.at > alarm.answer.seconds:
            return 1.0
        return alarm.answer.window

    def _compete(
        self,
        challenger: Ensemble,
        champion: Ensemble | None,
        tape: Tape,
        told: Floats,
        begins: float,
    ) -> tuple[Verdict, bool]:
        """Return the verdict on the challenger, and whether the champion held against the table."""
        from aineon.optimizer.competing import compare, compete, money

        newest = tape.times > begins
        rows, told = tape.rows(newest), told[newest]
        channel = channel_of(self._settings)
        left = money(as_used(challenger, rows, told), rows, channel)
        table = money(told, rows, channel)
        before, held = None, None
        if champion is not None:
            before = money(as_used(champion, rows, told), rows, channel)
            # What it was trained on says nothing about it.
            before[rows.times <= champion.trained_at] = np.nan
            held = compare(before, table, rows.times).better
        return compete(left, before, table, rows.times), held is not None and held >= _HELD


def _newest_alarm(told: Any) -> Alarm | None:
    """The newest alarm in what an optimizer tells; None where none can be understood."""
    try:
        newest = told["alarms"][0]
        at, what, words = float(newest["at"]), newest["what"], str(newest["words"])
    except (LookupError, TypeError, ValueError):
        return None
    return Alarm(at, what, words) if isinstance(what, str) and what in ANSWERS else None


def as_used(ensemble: Ensemble, rows: Tape, told: Floats) -> Floats:
    """What decides until money says otherwise: the ensemble, told what the table said then."""
    said = [
        ensemble.chances(
            rows.features[row],
            rows.pair_names[rows.pairs[row]],
            float(rows.net[row]),
            float(rows.gas[row]),
            told[row],
        )
        for row in range(len(rows))
    ]
    curves: Floats = np.array(said).reshape(told.shape)
    return curves


def _champion(registry: Registry, now: float) -> Ensemble | None:
    """The models in use; None where there are none, or none that may be used by `now`."""
    try:
        champion = registry.load_champion()
    except ModelRefused as error:
        _LOG.warning("the champion cannot compete: %s", error)
        return None
    return None if champion is None or champion.trained_at > now else champion


def judged_from(tape: Tape, window: float = 1.0) -> float:
    """The time at which the hours begin that a challenger competes in."""
    span = window * float(tape.times[-1] - tape.times[0])
    judged = min(max(_SHARE_JUDGED * span, _LEAST_JUDGED), _MOST_JUDGED)
    return float(tape.times[-1]) - judged


def _hours(tape: Tape, begins: float) -> float:
    return (float(tape.times[-1]) - begins) / _HOUR
