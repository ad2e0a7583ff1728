"""Every place of the stop keeps the next signature and the next broadcast from happening."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from aineon.errors import StopLatched
from aineon.primitives import ManualClock
from aineon.safety import Stop, StopFile, StopReporter, StopVariable
from aineon.sending.crashpoints import CrashPoint
from tests.sending.engines import Life, payment
from tests.sending.fakes import FakeChain

Places = tuple[Stop, dict[str, str], StopReporter, ManualClock, Path]
Setter = Callable[[Places], None]


def by_file(places: Places) -> None:
    (places[4] / "STOP").touch()


def by_variable(places: Places) -> None:
    places[1]["AINEON_STOP"] = "1"


def by_pause(places: Places) -> None:
    places[2].report_set("the contract is paused", "its guardian")


def by_a_pause_that_nobody_reads(places: Places) -> None:
    places[3].advance(61)


def by_a_folder_that_is_gone(places: Places) -> None:
    # Moved, not deleted: the book stays open.
    (places[4] / "stops").rename(places[4] / "elsewhere")


def by_memory(places: Places) -> None:
    places[0].latch("a fault", "execution")


SETTERS = [
    by_file,
    by_variable,
    by_pause,
    by_a_pause_that_nobody_reads,
    by_a_folder_that_is_gone,
    by_memory,
]


def watched(life: Life, folder: Path) -> Places:
    """Give the sender's stop all of its places."""
    (folder / "stops").mkdir()
    environment: dict[str, str] = {}
    pause = StopReporter("chain", 60.0, life.clock)
    pause.report_clear()
    life.stop.also(StopVariable(environment))
    life.stop.also(pause)
    life.stop.also(StopFile(folder / "stops" / "STOP"))
    return life.stop, environment, pause, life.clock, folder


@pytest.mark.parametrize("set_it", SETTERS)
async def test_nothing_is_signed(set_it: Setter, tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        places = watched(life, tmp_path)
        set_it(places)
        with pytest.raises(StopLatched, match="signing was refused"):
            await life.sender.send(payment())
        assert life.sender.outbox.slots() == ()
        assert chain.submitted == 0


@pytest.mark.parametrize("set_it", SETTERS)
async def test_what_is_signed_is_not_handed_out(set_it: Setter, tmp_path: Path) -> None:
    """The stop comes between signature and broadcast: the bytes stay here, and are told of."""
    chain = FakeChain()
    lives: list[Life] = []

    def stop_there(point: CrashPoint) -> None:
        if lives and point is CrashPoint.AFTER_COMMIT:
            set_it(places)

    async with Life(tmp_path, chain, crash=stop_there) as life:
        places = watched(life, tmp_path)
        lives.append(life)
        with pytest.raises(StopLatched, match="broadcasting was refused"):
            await life.sender.send(payment())
        assert chain.submitted == 0
        [version] = await life.sender.may_land()
        assert version.intent_id == "withdrawal:0"


async def test_without_a_stop_it_is_signed_and_handed_out(tmp_path: Path) -> None:
    """The control of both."""
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        watched(life, tmp_path)
        await life.sender.send(payment())
        assert chain.submitted == 1
