"""How far the warm-up is, on standard error: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from aineon.engine.events import EngineEvent, EngineState, StateChanged, StepProcessed

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_LINES = 10


class Follower(Protocol):
    """Follows the engine's events."""

    def follow(self, event: EngineEvent) -> None:
        """Show what `event` changes."""


Progress = AbstractContextManager[Follower]


@contextmanager
def progress_lines(prefix: str) -> Iterator[Follower]:
    """Follow with lines that begin with `prefix`, ten for the whole warm-up."""
    yield _Lines(prefix)


@contextmanager
def progress_on_terminal() -> Iterator[Follower]:
    """Follow with a bar that vanishes at the end."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _Bar(bars)


class _Lines:
    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._tenths = 0

    def follow(self, event: EngineEvent) -> None:
        if isinstance(event, StateChanged) and event.state is not EngineState.FAILED:
            detail = f": {event.detail}" if event.detail else ""
            self._say(f"{event.state}{detail}")
        if isinstance(event, StepProcessed) and event.warm_up is not None:
            done, total = event.warm_up
            tenths = done * _LINES // total if total else _LINES
            if tenths > self._tenths:
                self._tenths = tenths
                self._say(f"warm-up: {done} of {total} blocks")

    def _say(self, words: str) -> None:
        sys.stderr.write(f"{self._prefix}{words}\n")
        sys.stderr.flush()


class _Bar:
    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._warm_up: TaskID | None = None
        self._blocks: TaskID | None = None

    def follow(self, event: EngineEvent) -> None:
        if not isinstance(event, StepProcessed):
            return
        if event.warm_up is not None:
            done, total = event.warm_up
            if self._warm_up is None:
                self._warm_up = self._bars.add_task("warm-up", total=total)
            self._bars.update(self._warm_up, completed=done)
            return
        if self._blocks is None:
            self._blocks = self._bars.add_task("running", total=None)
        self._bars.update(
            self._blocks, advance=1, description=f"running, block {event.block.number}"
        )
