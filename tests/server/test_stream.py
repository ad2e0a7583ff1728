"""The stream tells whoever listens what is new, and lets nobody hold the others up."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from aineon.server import watch as watch_module
from aineon.server.app import health_desk, routes
from aineon.server.doors import Doors
from aineon.server.pace import Steady
from aineon.server.standing import Standing
from aineon.server.stream import Stream
from aineon.server.watch import Event, StatusEvent, TroubleEvent, Watch
from tests.console.places import beat, fill, open_book
from tests.ledger import booked
from tests.server.served import TOKEN, Closed, Listening, bearer, settings_of


def watch_of(folder: Path) -> Watch:
    settings = settings_of(folder)
    doors = Doors(settings)
    return Watch(Standing(settings, health_desk(settings), doors), doors)


def kinds(events: list[Event]) -> list[str]:
    return [event.event for event in events]


# --- what is new ---------------------------------------------------------------------------


def test_what_was_there_is_not_told_and_what_comes_is(tmp_path: Path) -> None:
    beat(tmp_path)
    with open_book(tmp_path) as store:
        run_id = fill(store)
        watch = watch_of(tmp_path)
        assert kinds(watch.now()) == ["status", "profit"]
        watch.begin()
        assert watch.look() == []
        store.write(opportunities=[booked.opportunity(run_id, 50)])
        [event] = watch.look()
        assert event.event == "opportunity"
        assert event.opportunity.block_number == 50
        assert (event.opportunity.book, event.opportunity.provenance) == ("simulation", "simulated")

        store.write(attempts=[booked.attempt(run_id, "sim-new")])
        [event] = watch.look()
        assert event.event == "trade"
        assert (event.trade.attempt_id, event.trade.outcome) == ("sim-new", None)
        store.write(settlements=[booked.included("sim-new")])
        settled = watch.look()
        assert kinds(settled)[0] == "trade"
        assert settled[0].event == "trade"
        assert settled[0].trade.outcome == "included"
        assert watch.look() == []


def test_a_change_of_the_engine_is_told_and_the_time_that_passes_is_not(tmp_path: Path) -> None:
    beat(tmp_path)
    watch = watch_of(tmp_path)
    watch.begin()
    beat(tmp_path)
    assert watch.look() == []
    beat(tmp_path, block_number=42)
    [event] = watch.look()
    assert isinstance(event, StatusEvent)
    assert event.status.health.block_number == 42


def test_a_book_that_appears_is_new_in_all(tmp_path: Path) -> None:
    watch = watch_of(tmp_path)
    watch.begin()
    with open_book(tmp_path) as store:
        fill(store)
    found = kinds(watch.look())
    assert found.count("opportunity") == 2
    assert found.count("trade") > 3


def test_too_much_at_once_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "MOST_ROWS", 3)
    with open_book(tmp_path) as store:
        run_id = fill(store)
        watch = watch_of(tmp_path)
        watch.begin()
        store.write(opportunities=[booked.opportunity(run_id, 50) for _ in range(8)])
        found = watch.look()
    assert kinds(found) == ["gap", "opportunity", "opportunity", "opportunity"]
    assert found[0].event == "gap"
    assert found[0].missed == 5


def test_trouble_is_told_once_and_the_stream_goes_on(tmp_path: Path) -> None:
    with open_book(tmp_path) as store:
        fill(store)
    watch = watch_of(tmp_path)
    watch.begin()
    for path in tmp_path.glob("simulation.db*"):
        path.rename(path.with_name(f"away-{path.name}"))
    (tmp_path / "simulation.db").write_text("no database" * 500)
    [event] = watch.look()
    assert isinstance(event, TroubleEvent)
    assert "not a database" in event.words
    assert watch.look() == []


# --- who listens ---------------------------------------------------------------------------


class Sees(Watch):
    """A watch that sees what a test lays before it."""

    def __init__(self) -> None:
        self.before: list[list[Event]] = []
        self.looks = 0

    def now(self) -> list[Event]:
        return [TroubleEvent(words="hello")]

    def begin(self) -> None:
        """Nothing is there."""

    def look(self) -> list[Event]:
        self.looks += 1
        return self.before.pop(0) if self.before else []


def listening(stream: Stream) -> Listening:
    return Listening(Starlette(routes=[WebSocketRoute("/stream", stream.serve)]), "/stream")


async def words(socket: Listening, count: int) -> list[str]:
    return [(await socket.receive_json())["words"] for _ in range(count)]


async def test_everybody_is_told() -> None:
    watch = Sees()
    stream = Stream(watch, pace=Steady(0.005))
    async with listening(stream) as one, listening(stream) as other:
        assert await words(one, 1) == await words(other, 1) == ["hello"]
        await one.send_text("what nobody listens to")
        watch.before = [[TroubleEvent(words=f"{n}") for n in range(3)]]
        for socket in (one, other):
            assert await words(socket, 3) == ["0", "1", "2"]


async def test_nobody_looks_while_nobody_listens() -> None:
    watch = Sees()
    stream = Stream(watch, pace=Steady(0.001))
    async with listening(stream) as socket:
        watch.before = [[TroubleEvent(words="seen")]]
        assert await words(socket, 2) == ["hello", "seen"]
    assert stream._looking is not None
    await stream._looking
    assert watch.looks > 0
    async with listening(stream) as socket:
        watch.before = [[TroubleEvent(words="again")]]
        assert await words(socket, 2) == ["hello", "again"]


class LeavesSlowly(Steady):
    """A pace that ends no sooner than a test allows."""

    def __init__(self) -> None:
        super().__init__(0.001)
        self.leaves, self.may_leave = asyncio.Event(), asyncio.Event()

    async def __aexit__(self, *why: object) -> None:
        self.leaves.set()
        await self.may_leave.wait()


async def test_whoever_comes_while_the_last_one_leaves_is_told_too() -> None:
    watch, pace = Sees(), LeavesSlowly()
    stream = Stream(watch, pace=pace)
    async with listening(stream) as first:
        assert await words(first, 1) == ["hello"]
    await pace.leaves.wait()
    async with listening(stream) as second:
        assert await words(second, 1) == ["hello"]
        watch.before = [[TroubleEvent(words="seen")]]
        pace.may_leave.set()
        assert await words(second, 1) == ["seen"]


async def test_one_too_many_is_told_and_let_go() -> None:
    stream = Stream(Sees(), most_listeners=1, pace=Steady(0.005))
    async with listening(stream) as first:
        await words(first, 1)
        async with listening(stream) as second:
            with pytest.raises(Closed, match="1013 1 are listening already"):
                await second.receive_json()


class Clogged:
    """A socket whose other side takes nothing."""

    def __init__(self) -> None:
        self.closed: tuple[int, str] | None = None
        self.accepted = asyncio.Event()

    async def accept(self) -> None:
        self.accepted.set()

    async def send_text(self, text: str) -> None:
        await asyncio.Event().wait()

    async def receive(self) -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


async def test_whoever_does_not_keep_up_is_let_go() -> None:
    watch = Sees()
    watch.before = [[TroubleEvent(words=f"{n}") for n in range(20)]]
    socket: Any = Clogged()
    stream = Stream(watch, most_waiting=5, pace=Steady(0.001))
    await stream.serve(socket)
    assert socket.closed == (1013, "you do not keep up with what is new")
    assert not stream._listeners
    assert stream._looking is not None
    await stream._looking


async def test_a_look_that_fails_lets_everybody_go(caplog: pytest.LogCaptureFixture) -> None:
    class Fails(Sees):
        def look(self) -> list[Event]:
            raise RuntimeError("a defect")

    socket: Any = Clogged()
    await Stream(Fails(), pace=Steady(0.001)).serve(socket)
    assert socket.closed is not None
    assert "the stream came to an end" in caplog.text


# --- behind its token ----------------------------------------------------------------------


def served(folder: Path, token: str | None) -> Listening:
    beat(folder)
    settings = settings_of(folder, AINEON_HOST="0.0.0.0", AINEON_API_TOKEN=TOKEN)
    headers = {} if token is None else bearer(token)
    return Listening(Starlette(routes=routes(settings)), "/api/v1/stream", **headers)


async def test_the_token_opens_it(tmp_path: Path) -> None:
    async with served(tmp_path, TOKEN) as socket:
        told = await socket.receive_json()
    assert told["event"] == "status"
    assert told["status"]["health"]["block_number"] == 41


@pytest.mark.parametrize("token", [None, TOKEN[::-1]])
async def test_control_without_it_nobody_listens(tmp_path: Path, token: str | None) -> None:
    with pytest.raises(Closed, match="1008"):
        async with served(tmp_path, token):
            pass
