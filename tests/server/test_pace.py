"""Replicas of the stream look when the engine says so, or by the clock if it cannot be heard."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from aineon.primitives import Book
from aineon.runtime.news import Announcer
from aineon.server.app import health_desk, routes
from aineon.server.doors import Doors
from aineon.server.pace import Steady, Woken, pace_of
from aineon.server.standing import Standing
from aineon.server.stream import Stream
from aineon.server.watch import Watch
from tests.console.places import beat, fill, open_book
from tests.ledger import booked
from tests.server.broker import Broker, real_server, until
from tests.server.served import Listening, settings_of

CHANNEL = b"aineon.simulation.booked"
NEVER = 3_600.0
PATIENCE_SECONDS = 60


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as broker:
        yield broker


def woken(
    url: str, often: float = NEVER, seldom: float = NEVER, answer_seconds: float = 30.0
) -> Woken:
    return Woken(
        url,
        Book.SIMULATION,
        often=often,
        seldom=seldom,
        answer_seconds=answer_seconds,
        pause_seconds=0.01,
    )


async def due(pace: Woken) -> None:
    await asyncio.wait_for(pace.next(), PATIENCE_SECONDS)


async def hearing(pace: Woken) -> None:
    while not pace.hears:
        await due(pace)


def test_without_an_address_the_clock_alone_says_when(tmp_path: Path) -> None:
    assert isinstance(pace_of(settings_of(tmp_path)), Steady)
    found = pace_of(settings_of(tmp_path, REDIS_URL="redis://127.0.0.1:1/0"))
    assert isinstance(found, Woken)


async def test_a_word_wakes_every_replica(broker: Broker) -> None:
    one, other = woken(broker.url), woken(broker.url)
    async with one, other:
        await asyncio.gather(hearing(one), hearing(other))
        assert broker.listeners == 2
        assert broker.tell(CHANNEL, b"booked") == 2
        await asyncio.gather(due(one), due(other))
        # Whatever somebody else writes there is a reason to look, and no more.
        broker.tell(CHANNEL, b"\x00{} not what we say")
        await asyncio.gather(due(one), due(other))


async def test_control_a_word_to_another_mode_wakes_nobody(broker: Broker) -> None:
    async with (pace := woken(broker.url)):
        await hearing(pace)
        assert broker.tell(b"aineon.live.booked", b"booked") == 0


async def test_a_server_that_goes_in_the_middle_is_made_up_for_by_the_clock(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    async with (pace := woken(broker.url, often=0.01)):
        await hearing(pace)
        await asyncio.to_thread(broker.stop)
        while pace.hears:
            await due(pace)
        for _ in range(3):
            await due(pace)
            assert not pace.hears
        await asyncio.to_thread(broker.start)
        await hearing(pace)
        broker.tell(CHANNEL, b"booked")
        await due(pace)
    [warning] = [each for each in caplog.records if each.levelname == "WARNING"]
    assert "the stream looks by the clock" in warning.getMessage()
    assert "secret-of-it" not in caplog.text


@pytest.mark.parametrize("how", ["mutely", "in_garbage", "refusing"])
async def test_a_server_that_answers_wrongly_or_never_holds_no_look_up(
    broker: Broker, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker.answers = getattr(broker, how)
    async with (pace := woken(broker.url, often=0.01, answer_seconds=0.05)):
        while len(caplog.records) == 0:
            await due(pace)
        await due(pace)
        assert not pace.hears
        broker.answers = broker.rightly
        await hearing(pace)
    assert len([each for each in caplog.records if each.levelname == "WARNING"]) == 1


async def test_a_server_that_falls_silent_is_found_out(broker: Broker) -> None:
    async with (pace := woken(broker.url, often=0.01, seldom=0.05, answer_seconds=0.05)):
        await hearing(pace)
        broker.answers = broker.mutely
        while pace.hears:
            await due(pace)


async def test_a_server_with_nothing_to_say_goes_on_being_heard(broker: Broker) -> None:
    async with (pace := woken(broker.url, often=NEVER, seldom=0.02)):
        await hearing(pace)
        before = broker.asked
        while broker.asked < before + 3:
            await due(pace)
        assert pace.hears


# --- two replicas of the API ---------------------------------------------------------------


def replica(folder: Path, pace: Woken) -> Listening:
    settings = settings_of(folder)
    doors = Doors(settings)
    watch = Watch(Standing(settings, health_desk(settings), doors), doors)
    stream = Stream(watch, pace=pace)
    return Listening(Starlette(routes=[WebSocketRoute("/stream", stream.serve)]), "/stream")


async def told_of_what_is_booked(folder: Path, url: str) -> None:
    """Two replicas that never look by themselves tell at once what an engine books."""
    beat(folder)
    with open_book(folder) as store:
        run_id = fill(store)
        paces = woken(url), woken(url)
        async with replica(folder, paces[0]) as one, replica(folder, paces[1]) as other:
            for each in (one, other):
                assert (await each.receive_json())["event"] == "status"
                assert (await each.receive_json())["event"] == "profit"
            # What is booked before a replica has begun to look is nothing new to it.
            await asyncio.to_thread(until, lambda: all(pace.hears for pace in paces))
            with Announcer(url, Book.SIMULATION, seconds=30.0) as engine:
                for block in (50, 51):
                    store.write(opportunities=[booked.opportunity(run_id, block)])
                    engine.follow("booked")
                    for each in (one, other):
                        told = await each.receive_json()
                        assert told["event"] == "opportunity"
                        assert told["opportunity"]["block_number"] == block


async def test_two_replicas_tell_at_once_what_is_booked(broker: Broker, tmp_path: Path) -> None:
    await told_of_what_is_booked(tmp_path, broker.url)


async def test_a_real_server_carries_the_word(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with real_server(folder) as url:
        await told_of_what_is_booked(tmp_path, url)


async def test_the_api_streams_as_before_where_the_server_is_gone(tmp_path: Path) -> None:
    with Broker() as broker:
        pass
    beat(tmp_path)
    settings = settings_of(tmp_path, REDIS_URL=broker.url)
    async with Listening(Starlette(routes=routes(settings)), "/api/v1/stream") as socket:
        assert (await socket.receive_json())["event"] == "status"
        beat(tmp_path, block_number=42)
        told = await socket.receive_json()
    assert told["status"]["health"]["block_number"] == 42
