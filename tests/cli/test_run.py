"""What `aineon run` does with signals, with trouble on the way, and with the book's money."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from aineon.cli import run
from aineon.cli.run import _STOP_SIGNALS, _play
from aineon.engine.report import RunReport
from aineon.errors import ConfigurationError
from aineon.primitives import MONEY_OF, Book, Provenance
from tests.runtime.onchain import settings_in

ENOUGH = 100


class Engine:
    """Tells of something again and again; a signal comes while it waits."""

    def __init__(self, swallows: bool) -> None:
        self.swallows = swallows
        self.told = 0

    async def events(self) -> AsyncIterator[int]:
        for self.told in range(ENOUGH):
            if self.told == 1:
                os.kill(os.getpid(), signal.SIGTERM)
            # Some libraries take a cancellation that comes here for their own.
            with contextlib.suppress(*([asyncio.CancelledError] if self.swallows else [])):
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            yield self.told


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    numbers = [getattr(signal, name) for name in _STOP_SIGNALS if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.skipif(os.name == "nt", reason="signals are sent in another way there")
@pytest.mark.parametrize("swallows", [False, True])
async def test_a_signal_ends_it_though_the_cancellation_is_swallowed(swallows: bool) -> None:
    engine: Any = Engine(swallows)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Any]:
        yield engine

    assert await asyncio.create_task(_play(opened(), lambda _: [lambda _: None]))
    assert engine.told < ENOUGH - 1


@pytest.mark.parametrize("book", [Book.SIMULATION, Book.REHEARSAL])
def test_a_run_is_reported_in_the_money_of_its_book(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Quiet:
        feed = SimpleNamespace(name="sandbox", provenance=Provenance.SIMULATED)

        async def events(self) -> AsyncIterator[Any]:
            for event in ():
                yield event

    @asynccontextmanager
    async def opened(*_: Any, **__: Any) -> AsyncIterator[Any]:
        yield Quiet()

    reports: list[RunReport] = []
    monkeypatch.setattr(run, "running", opened)
    monkeypatch.setattr(run, "_print", lambda report, **_: reports.append(report))
    settings = settings_in(tmp_path, mode=book.value)
    assert run.run_reported(settings, keep=False, as_json=False) == 0
    assert type(reports[0].totals.net) is MONEY_OF[book]


def test_the_same_trouble_is_said_once_and_beaten_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beats: list[str] = []

    @asynccontextmanager
    async def opened(*_: Any, on_trouble: Callable[[str], None], **__: Any) -> AsyncIterator[Any]:
        for reason in ("no node can be read", "no node can be read", "node-1 is stale"):
            on_trouble(reason)
        raise ConfigurationError("far enough")
        yield

    monkeypatch.setattr(run, "running", opened)
    monkeypatch.setattr(run.Waiting, "tell", lambda _, reason: beats.append(reason))
    with pytest.raises(ConfigurationError):
        run.run_supervised(settings_in(tmp_path))
    said = capsys.readouterr()
    assert (said.out + said.err).count("no node can be read") == 1
    assert (said.out + said.err).count("node-1 is stale") == 1
    assert len(beats) == 3
