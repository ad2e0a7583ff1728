"""`aineon run`: one engine, in the foreground or under the supervisor."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, ExitStack, suppress
from types import FrameType
from typing import TYPE_CHECKING

from aineon.cli.failures import INTERRUPTED, OK, reader_may_leave
from aineon.cli.progress import Progress, progress_lines, progress_on_terminal
from aineon.engine.events import EngineEvent, EngineState, StateChanged
from aineon.engine.report import RunReport
from aineon.primitives import MONEY_OF
from aineon.runtime.build import running
from aineon.runtime.garbage import FreezeWhenLoaded
from aineon.runtime.lock import engine_lock
from aineon.runtime.news import announced
from aineon.runtime.settings import FeedName, Settings
from aineon.runtime.storage import check_storage
from aineon.runtime.waiting import Waiting

if TYPE_CHECKING:
    from aineon.engine.engine import Engine

Listener = Callable[[EngineEvent], None]

_STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_WIDTH_IN_FILES = 100


def run_supervised(settings: Settings) -> int:
    """Run the engine with its book and heartbeat until it is told to stop."""
    with (
        engine_lock(settings),
        progress_lines("engine: ") as progress,
        announced(settings) as announce,
    ):
        # The engine itself waits long for a lock; at the start, nobody wants to.
        check_storage(settings)
        waiting = Waiting(settings)
        told = ""

        def in_trouble(reason: str) -> None:
            nonlocal told
            waiting.tell(reason)
            if reason != told:
                # It is tried for days where that is needed; the log need not say so each time.
                told = reason
                progress.follow(StateChanged(EngineState.PAUSED, reason))

        opened = running(settings, keep=True, on_trouble=in_trouble)
        listeners: list[Listener] = [FreezeWhenLoaded().follow, progress.follow, announce]
        asyncio.run(_play(opened, lambda _: listeners))
    return OK


def run_reported(settings: Settings, *, keep: bool, as_json: bool) -> int:
    """Run the engine to the end of its feed, or to Ctrl-C, and print the report.

    `keep` writes the run into the book as well.
    """
    settings = _at_its_own_pace(settings)
    with ExitStack() as stack:
        told_too: list[Listener] = []
        if keep:
            stack.enter_context(engine_lock(settings))
            check_storage(settings)
            told_too.append(stack.enter_context(announced(settings)))
        source = str(settings.replay_file) if settings.feed is FeedName.REPLAY else ""
        progress = stack.enter_context(_progress())
        reports: list[RunReport] = []

        def listeners(engine: Engine) -> list[Listener]:
            feed = engine.feed
            money = MONEY_OF[settings.mode]
            report = RunReport(feed.name, feed.provenance, source, money=money)
            reports.append(report)
            return [report.add, progress.follow, *told_too]

        stopped = asyncio.run(_play(running(settings, keep=keep), listeners))
    if stopped:
        for report in reports:
            report.add(StateChanged(EngineState.STOPPED, "stopped before the feed ended"))
    with reader_may_leave():
        for report in reports:
            _print(report, as_json=as_json)
    return INTERRUPTED if stopped else OK


def _at_its_own_pace(settings: Settings) -> Settings:
    """A run with an end is not slowed down, unless somebody asked for a pace."""
    ends = settings.blocks is not None or settings.feed is FeedName.REPLAY
    if ends and settings.origin("pace_seconds") == "default":
        return settings.model_copy(update={"pace_seconds": 0.0})
    return settings


def _progress() -> Progress:
    return progress_on_terminal() if sys.stderr.isatty() else progress_lines("")


def _print(report: RunReport, *, as_json: bool) -> None:
    from aineon.cli.report import print_report, to_json

    if as_json:
        sys.stdout.write(f"{to_json(report)}\n")
        return
    from rich.console import Console

    console = Console()
    print_report(report, console if console.is_terminal else Console(width=_WIDTH_IN_FILES))


async def _play(
    opened: AbstractAsyncContextManager[Engine], listeners: Callable[[Engine], list[Listener]]
) -> bool:
    """Open an engine, run it and tell its listeners; returns whether a signal stopped it."""
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    stopped = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopped
        if not stopped and task is not None:
            stopped = True
            loop.call_soon_threadsafe(task.cancel)

    for name in _STOP_SIGNALS:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    with suppress(asyncio.CancelledError):
        async with opened as engine:
            told = listeners(engine)
            async for event in engine.events():
                for listener in told:
                    listener(event)
                if stopped:
                    # A library that was waiting took the cancellation for its own.
                    break
                # A busy engine never waits; this lets the signal in.
                await asyncio.sleep(0)
    return stopped
