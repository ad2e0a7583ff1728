"""`/health` says alive whatever happens to the engine or its database."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

import aineon
from aineon.errors import LedgerError
from aineon.ledger import ControlStore, Heartbeat
from aineon.primitives import ManualClock
from aineon.runtime.settings import load_settings
from aineon.server.app import OPEN_PATHS, routes
from aineon.server.health import HealthDesk, StoredHeartbeat

NOW = 1_800_000_000.0


def heartbeat(state: str = "running", age: float = 2.0, detail: str = "") -> Heartbeat:
    return Heartbeat(
        state=state,
        detail=detail,
        mode="simulation",
        feed="sandbox",
        provenance="simulated",
        run_id=4,
        pid=1,
        started_at=NOW - 100,
        beat_at=NOW - age,
        block_number=123,
    )


class Says:
    """A reader that gives, or raises, what it was made with."""

    def __init__(self, what: Heartbeat | Exception | None) -> None:
        self.what = what

    def read(self) -> Heartbeat | None:
        if isinstance(self.what, Exception):
            raise self.what
        return self.what


def desk(what: Heartbeat | Exception | None) -> HealthDesk:
    return HealthDesk(Says(what), "simulation", stale_after_seconds=15, clock=ManualClock(NOW))


def test_a_living_engine() -> None:
    health = desk(heartbeat()).answer()
    assert (health.status, health.mode, health.version) == (
        "alive",
        "simulation",
        aineon.__version__,
    )
    assert health.block_number == 123
    assert health.engine.state == "running"
    assert health.engine.heartbeat_age_seconds == 2.0
    assert (health.engine.feed, health.engine.provenance) == ("sandbox", "simulated")


@pytest.mark.parametrize(("age", "state"), [(15.0, "running"), (15.1, "down"), (-3.0, "running")])
def test_an_old_heartbeat_is_an_engine_down(age: float, state: str) -> None:
    engine = desk(heartbeat(age=age)).answer().engine
    assert engine.state == state
    assert engine.heartbeat_age_seconds == max(0.0, age)
    assert engine.block_number == 123


@pytest.mark.parametrize("state", ["finished", "stopped", "failed"])
def test_an_engine_that_ended_says_how(state: str) -> None:
    engine = desk(heartbeat(state=state, age=9999, detail="why")).answer().engine
    assert (engine.state, engine.detail) == (state, "why")


def test_no_heartbeat_is_said_and_not_invented() -> None:
    health = desk(None).answer()
    assert health.status == "alive"
    assert health.engine.state == "never started"
    assert health.block_number is None
    assert health.engine.heartbeat_age_seconds is None


def test_an_unreadable_heartbeat_is_unknown_until_it_can_be_read() -> None:
    reader = Says(LedgerError("database x is locked"))
    checked = HealthDesk(reader, "simulation", 15, clock=ManualClock(NOW))
    for _ in range(2):
        engine = checked.answer().engine
        assert (engine.state, engine.detail) == ("unknown", "database x is locked")
    reader.what = heartbeat()
    assert checked.answer().engine.state == "running"


def test_a_read_that_hangs_holds_nobody_up_and_is_not_doubled() -> None:
    release = threading.Event()
    reads: list[int] = []

    class Hangs:
        def read(self) -> Heartbeat | None:
            reads.append(1)
            release.wait(30)
            return heartbeat()

    slow = HealthDesk(Hangs(), "simulation", 15, clock=ManualClock(NOW), patience_seconds=0.05)
    try:
        for _ in range(3):
            assert slow.answer().engine.state == "unknown"
        assert len(reads) == 1
    finally:
        release.set()


# --- the real database ---------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "control.db"


@pytest.fixture
def reader(place: Path) -> Iterator[StoredHeartbeat]:
    stored = StoredHeartbeat(f"sqlite:///{place}")
    yield stored
    stored.close()


def beat(place: Path, what: Heartbeat) -> None:
    with ControlStore.open(f"sqlite:///{place}") as store:
        store.beat(what)


def test_a_database_that_is_not_there_is_not_created(place: Path, reader: StoredHeartbeat) -> None:
    assert reader.read() is None
    assert not place.exists()


def test_it_appears_and_moves_on(place: Path, reader: StoredHeartbeat) -> None:
    assert reader.read() is None
    beat(place, heartbeat(age=5))
    assert reader.read() == heartbeat(age=5)
    beat(place, heartbeat(age=1))
    assert reader.read() == heartbeat(age=1)


def test_another_file_in_its_place_is_seen(place: Path, reader: StoredHeartbeat) -> None:
    beat(place, heartbeat(age=9))
    assert reader.read() == heartbeat(age=9)
    for path in place.parent.glob("control.db*"):
        path.rename(path.with_name(f"old-{path.name}"))
    assert reader.read() is None
    beat(place, heartbeat(age=1))
    assert reader.read() == heartbeat(age=1)


def test_what_is_no_database_is_unknown(place: Path, reader: StoredHeartbeat) -> None:
    place.write_text("not a database at all, only words" * 100)
    engine = HealthDesk(reader, "simulation", 15).answer().engine
    assert engine.state == "unknown"
    assert "not a database" in engine.detail


def test_a_writer_does_not_stop_the_reader(place: Path, reader: StoredHeartbeat) -> None:
    beat(place, heartbeat())
    writer = sqlite3.connect(place, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert HealthDesk(reader, "simulation", 15, ManualClock(NOW)).answer().engine.state == (
            "running"
        )
    finally:
        writer.close()


# --- over HTTP -----------------------------------------------------------------------------


def client(app: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501")


@pytest.mark.parametrize("path", ["/health", "/api/v1/health"])
@pytest.mark.parametrize("what", [heartbeat(), None, LedgerError("locked")])
async def test_it_answers_200_always(path: str, what: Heartbeat | Exception | None) -> None:
    app = Starlette(routes=routes(load_settings(env={}), desk(what)))
    async with client(app) as http:
        answer = await http.get(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["status"] == "alive"
    assert answer.json()["mode"] == "simulation"


async def test_head_is_answered_for_probes() -> None:
    app = Starlette(routes=routes(load_settings(env={}), desk(None)))
    async with client(app) as http:
        answer = await http.head("/health")
    assert answer.status_code == 200


async def test_everything_beside_the_pages_lies_under_the_open_paths() -> None:
    found = routes(load_settings(env={}), desk(None))
    assert tuple(getattr(route, "path", None) for route in found) == OPEN_PATHS


def test_streamlit_takes_the_routes() -> None:
    from streamlit import App

    App("main.py", routes=routes(load_settings(env={}), desk(None)))
