"""Bench: one cycle of training, from the samples of a book to a model that may be used."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aineon.errors import ChampionChanged, LedgerNotFound, ModelRefused, OptimizerError
from aineon.ledger.control import ControlStore
from aineon.ledger.samples import SampleTable
from aineon.optimizer.drift.alarm import ANSWERS, Alarm
from aineon.optimizer.models.registry import Registry
from aineon.optimizer.models.storing import load, save
from aineon.primitives.private_files import replace_private
from aineon.runtime.learning import channel_of
from aineon.runtime.model_places import models_folder
from aineon.runtime.settings import Settings

if TYPE_CHECKING:
    from aineon.optimizer.models.ensemble import Ensemble
    from aineon.optimizer.tape import Tape

_LOG: Final = logging.getLogger(__name__)

REPORT: Final = "training.json"
"""Beside the models: how the last cycle went."""

_MOST_COMPETED_ON: Final = 10_000


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

    A challenger competes with the live table and with the champion (`challenging`). What was
    promoted goes on with what the live table learns, so the hours that it was not trained on are
    not lost to it.

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
        """Train a challenger, and name it the champion where it wins."""
        from aineon.optimizer.training.challenging import challenge

        registry, known_at = Registry(folder), float(tape.known_at[-1])
        standing, channel = registry.standing(), channel_of(self._settings)
        champion = None if standing is None else _usable(folder, standing, known_at)
        lesson = challenge(tape, {channel: champion}, self._window(tape))
        told = CycleTold(
            at=0.0,
            seconds=0.0,
            known_at=known_at,
            rows=lesson.rows,
            judged=lesson.judged,
            promoted=False,
            champion=None if champion is None else standing,
            words=lesson.words,
        )
        verdict = lesson.verdicts.get(channel)
        if verdict is None or lesson.trained is None:
            return told
        told = replace(told, words=verdict.words, confirmed=verdict.confirmed)
        return self._named(lesson.trained, registry, standing, told) if verdict.promoted else told

    def _named(
        self, challenger: Ensemble, registry: Registry, over: str | None, told: CycleTold
    ) -> CycleTold:
        """Name a challenger that won the champion, unless another one was named meanwhile."""
        version = save(challenger, registry.folder)
        try:
            registry.promote(version, time.time(), told.words, over=over)
        except ChampionChanged as error:
            words = f"not promoted: {error}"
            _LOG.warning("the champion stays as it is: %s", words)
            # Who was promoted is confirmed by that alone, and nobody was.
            return replace(told, words=words, confirmed=False)
        registry.prune()
        return replace(told, promoted=True, champion=version)

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


def _newest_alarm(told: Any) -> Alarm | None:
    """The newest alarm in what an optimizer tells; None where none can be understood."""
    try:
        newest = told["alarms"][0]
        at, what, words = float(newest["at"]), newest["what"], str(newest["words"])
    except (LookupError, TypeError, ValueError):
        return None
    return Alarm(at, what, words) if isinstance(what, str) and what in ANSWERS else None


def _usable(folder: Path, version: str, now: float) -> Ensemble | None:
    """A model; None where it may not be used by `now`."""
    try:
        champion = load(folder, version)
    except ModelRefused as error:
        _LOG.warning("the champion cannot compete: %s", error)
        return None
    return None if champion.trained_at > now else champion
