"""ModelDesk: brings models and the past to a running engine, beside its loop.

What takes long happens in threads; the engine's own thread is handed the result between two
blocks. A model that cannot be used is refused with a sentence, and the engine goes on as it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from aineon.engine.optimizing import Learning
from aineon.errors import AineonError, ModelRefused
from aineon.ledger.audit import note
from aineon.ledger.commands import Command, CommandState
from aineon.ledger.samples import MarketSeen, Sample, SampleTable
from aineon.optimizer.models.registry import Registry
from aineon.primitives import Clock
from aineon.runtime.auditing import audit_of
from aineon.runtime.books import Books
from aineon.runtime.model_places import ROLL_BACK, models_folder
from aineon.runtime.settings import Settings
from aineon.runtime.training import last_cycle
from aineon.runtime.ways import keep_ways

if TYPE_CHECKING:
    from aineon.engine.ways import WayChooser
    from aineon.market import Market
    from aineon.optimizer import Optimizer

MOST_RELEARNED: Final = 20_000

_LOOK_SECONDS: Final = 1.0
# Whoever asked for a roll-back longer ago may have thought better of it.
_HEARD_FOR_SECONDS: Final = 600.0
_MOST_TOLD: Final = 10
_PAUSE_SECONDS: Final = 0.001
_LOG: Final = logging.getLogger(__name__)


class ModelDesk:
    """Keeps one engine's optimizer up to date, and answers what operators ask of it.

    Args:
        settings: where the models are.
        learning: the optimizer's place in the engine.
        make: makes an optimizer that knows nothing yet.
        books: what was learned in the past, and the commands.
        clock: seconds since the epoch.
        ways: what learns how to send, where there is a choice.
    """

    def __init__(
        self,
        settings: Settings,
        learning: Learning,
        make: Callable[[], Optimizer],
        books: Books,
        clock: Clock,
        ways: WayChooser | None = None,
    ) -> None:
        self._ways = ways
        self._kept_ways = None if ways is None else ways.state()
        self._learning = learning
        self._make = make
        self._books = books
        self._clock = clock
        self._settings = settings
        self._registry = Registry(models_folder(settings, books.begun))
        self._stamp: int | None = None
        self._waits = (0, 0.0)
        self._refused = ""
        self._heard: tuple[object, ...] = (None, None, "")
        learning.expect_past()

    async def run(self, market: Market) -> None:
        """Work until it is cancelled; whatever fails here, the engine goes on."""
        # Beside the rest, because studying the past takes longer than a crash may cost.
        keeping = asyncio.create_task(self._go_on_keeping(), name="ways")
        try:
            await self._work()
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
            await self._guarded(self._keep)

    async def _go_on_keeping(self) -> None:
        while True:
            await self._guarded(self._keep)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _work(self) -> None:
        relearned = False
        while True:
            if not relearned and self._learning.began is not None:
                await self._guarded(self._relearn)
                relearned = True
            await self._guarded(self._answer_all)
            await self._guarded(self._pick_up)
            await self._guarded(self._hear)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _guarded(self, work: Callable[[], None]) -> None:
        """Work in a thread; a failure is logged and changes nothing."""
        try:
            await asyncio.to_thread(work)
        except AineonError as error:
            _LOG.warning("the optimizer's desk: %s", error)
        except Exception:  # noqa: BLE001 (whatever it is, the engine does not depend on it)
            _LOG.exception("the optimizer's desk failed; the engine goes on without it")

    # --- in threads ------------------------------------------------------------------------

    def _relearn(self) -> None:
        """Teach a new optimizer what the book knows of this market's past."""
        optimizer, count = self._make(), 0
        try:
            count = self._study(optimizer)
            # What the engine's own thread is left with is what came in the last moment.
            self._teach(optimizer, self._learning.missed())
        finally:
            # Whatever could be read, what happens from now on is not to be kept for ever.
            self._learning.hand_in(lambda learning: learning.go_on_with(optimizer))
        if count:
            _LOG.info("the optimizer learned again from %d samples of earlier runs", count)

    def _study(self, optimizer: Optimizer) -> int:
        now = self._learning.began
        if now is None:
            return 0
        past = MarketSeen.of(self._books.begun, now)
        with SampleTable.open(self._settings.book_url) as table:
            samples = table.newest(past, optimizer.feature_set, MOST_RELEARNED)
            return self._teach(optimizer, samples)

    def _teach(self, optimizer: Optimizer, samples: Iterator[Sample]) -> int:
        """Have an optimizer learn from samples one by one; returns how many those were."""
        count = 0
        for sample in samples:
            optimizer.learn(sample)
            count += 1
            # Learning takes about a millisecond, in which the engine's thread cannot work.
            time.sleep(_PAUSE_SECONDS)
        return count

    def _pick_up(self) -> None:
        """Load the champion where it is another one than before.

        A sandbox or a recording that begins anew shows the same blocks again, and models that were
        trained on them know what comes: they wait until the market's own time has caught up.
        """
        stamp, now = self._registry.stamp(), self._learning.now
        if stamp is None or now is None or stamp == self._stamp:
            return
        if stamp == self._waits[0] and now < self._waits[1]:
            return
        try:
            version = self._registry.champion()
            ensemble = self._registry.load_champion()
        except ModelRefused as error:
            self._stamp = stamp
            self._refuse(f"the models are refused ({error}), so the table decides")
            return
        if ensemble is None:
            return
        if ensemble.trained_at > now:
            self._waits = (stamp, ensemble.trained_at)
            self._refuse(
                f"model {version} was trained on what this market is still to show, so the table "
                "decides until then"
            )
            return
        self._stamp, self._refused = stamp, ""
        # Looking through thousands of inputs would stop the engine for tens of milliseconds.
        ranges = self._learning.optimizer.ranges_seen()
        self._learning.hand_in(lambda learning: learning.optimizer.adopt(ensemble, version, ranges))

    def _refuse(self, words: str) -> None:
        _LOG.warning("%s", words)
        self._refused = words
        self._learning.hand_in(lambda learning: learning.optimizer.dismiss())

    def _hear(self) -> None:
        """Take down how the last training went, and who was champion before."""
        told, stamp = last_cycle(self._registry.folder), self._registry.stamp()
        if (told, stamp, self._refused) == self._heard:
            return
        self._heard = (told, stamp, self._refused)
        history = self._registry.history()
        beside = {
            "training": None if told is None else asdict(told),
            "models_refused": self._refused,
            "history": [asdict(reign) for reign in reversed(history[-_MOST_TOLD:])],
        }

        def change(learning: Learning) -> None:
            learning.beside = beside
            in_use = self._stamp == stamp and bool(history) and not self._refused
            if told is None or not told.confirmed or not in_use:
                return
            if told.champion == history[-1].version:
                learning.optimizer.confirm(told.known_at)

        self._learning.hand_in(change)

    def _keep(self) -> None:
        """Keep what was learned of ways of sending, where that changed."""
        if self._ways is None or (state := self._ways.state()) == self._kept_ways:
            return
        keep_ways(self._settings, self._books, state)
        self._kept_ways = state

    def _answer_all(self) -> None:
        commands = self._books.control.commands
        for command in commands.open((ROLL_BACK,)):
            state, words = self._rolled_back(command)
            self._note(command, state, words)
            commands.answer(command.number, state, words, self._clock.now())

    def _note(self, command: Command, state: CommandState, words: str) -> None:
        """Write down what came of a command; that it was asked for, the page has written."""
        version = command.body.get("version")
        note(
            audit_of(self._settings, self._books.control),
            lambda words: _LOG.warning("%s", words),
            who=command.who,
            action="model.change" if state is CommandState.DONE else "model.refuse",
            subject=version if isinstance(version, str) and version else "no version",
            detail={"request": command.number, "words": words},
            at=self._clock.now(),
        )

    def _rolled_back(self, command: Command) -> tuple[CommandState, str]:
        """Name the model that a command asks for the champion; doing it twice changes nothing."""
        version, book = command.body.get("version"), self._books.book.book
        if command.book is not book:
            return CommandState.REFUSED, f"this engine keeps the {book.value} book"
        if not isinstance(version, str):
            return CommandState.REFUSED, "a roll-back names the version of a model"
        if self._clock.now() - command.at > _HEARD_FOR_SECONDS:
            return CommandState.REFUSED, "it was asked for too long ago; ask again"
        try:
            former = self._registry.roll_back(version, self._clock.now(), command.who)
        except AineonError as error:
            return CommandState.REFUSED, str(error)
        instead = "" if former is None else f", and {former} no more"
        return CommandState.DONE, f"model {version} is in use again{instead}"
