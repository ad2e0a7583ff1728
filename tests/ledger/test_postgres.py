"""What PostgreSQL is asked for, and what is said where it does not give it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from sqlalchemy import Engine, text

from aineon.errors import LedgerError, LedgerNotFound, StartError
from aineon.ledger.connect import (
    Place,
    explained,
    is_there,
    parse_place,
    postgres_url,
    reader_engine,
    sole_user,
    writer_engine,
)
from aineon.ledger.control import ControlStore
from aineon.runtime.lock import watched
from tests.postgres_server import postgres_server

ADDRESS = "postgresql://me:hush@127.0.0.1:1/play?schema=aineon_control"


@contextmanager
def writing(place: Place, busy_timeout: float = 5.0) -> Iterator[Engine]:
    engine = writer_engine(place, busy_timeout)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def reading(place: Place) -> Iterator[Engine]:
    engine = reader_engine(place)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


def test_a_place_shows_no_password() -> None:
    place = parse_place(ADDRESS)
    assert place.name == "schema aineon_control of database play on 127.0.0.1"
    assert place.schema == "aineon_control"
    assert not place.is_memory
    assert "schema" not in place.url.query


@pytest.mark.parametrize("query", ["", "?schema=", "?schema=A", '?schema=a"b', "?schema=a;drop"])
def test_a_schema_must_be_named_plainly(query: str) -> None:
    with pytest.raises(LedgerError, match="schema=NAME"):
        parse_place(f"postgresql://me@host/play{query}")


def test_a_server_that_is_not_there() -> None:
    with pytest.raises(LedgerError, match="on 127.0.0.1 cannot be reached") as caught:
        writer_engine(parse_place(ADDRESS))
    assert "hush" not in str(caught.value)


def test_what_the_url_asks_for_holds_beside_what_we_need(server: str) -> None:
    """Control: ours hold where both say something."""
    joint = "&" if "?" in server else "?"
    options = "-c%20statement_timeout%3D4321%20-c%20search_path%3Dpublic"
    asked = f"{server}{joint}options={options}"
    with writing(parse_place(postgres_url(asked, "asked"))) as engine, engine.begin() as connection:
        told = [
            connection.execute(text(f"SHOW {name}")).scalar_one()
            for name in ("statement_timeout", "search_path", "synchronous_commit")
        ]
    assert told == ["4321ms", "asked", "on"]


def test_writers_take_turns(server: str) -> None:
    """Control: a writer of another schema does not wait."""
    place = parse_place(postgres_url(server, "turns"))
    other = parse_place(postgres_url(server, "other_turns"))
    with writing(place) as one, writing(place, 0.1) as late, writing(other, 0.1) as elsewhere:
        with one.begin():
            with elsewhere.begin() as connection:
                assert connection.execute(text("SELECT 1")).scalar_one() == 1
            with (
                pytest.raises(LedgerError, match="is locked by another program"),
                explained(place),
                late.begin(),
            ):
                pass
        with late.begin() as connection:
            assert connection.execute(text("SELECT current_schema()")).scalar_one() == "turns"


def test_what_is_committed_is_durable_whatever_the_server_says(server: str) -> None:
    place = parse_place(postgres_url(server, "durable"))
    with writing(place) as engine, engine.begin() as connection:
        shown = connection.execute(text("SHOW synchronous_commit")).scalar_one()
        connection.exec_driver_sql("ALTER ROLE CURRENT_USER SET synchronous_commit TO off")
    with writing(place) as engine, engine.begin() as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == shown == "on"
        connection.exec_driver_sql("ALTER ROLE CURRENT_USER RESET synchronous_commit")


def test_readers_cannot_write_and_see_one_moment(server: str) -> None:
    place = parse_place(postgres_url(server, "moments"))
    with writing(place) as writer, reading(place) as reader:
        with writer.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE seen (number int)")
        count = text("SELECT count(*) FROM seen")
        with reader.begin() as connection:
            assert connection.execute(count).scalar_one() == 0
            with writer.begin() as other:
                other.exec_driver_sql("INSERT INTO seen VALUES (1)")
            assert connection.execute(count).scalar_one() == 0
        with reader.begin() as connection:
            assert connection.execute(count).scalar_one() == 1
            with pytest.raises(LedgerError, match="is read-only"), explained(place):
                connection.exec_driver_sql("INSERT INTO seen VALUES (2)")


def test_what_a_cursor_of_the_driver_raises_is_explained_too(server: str) -> None:
    place = parse_place(postgres_url(server, "cursors"))
    with (
        writing(place) as engine,
        pytest.raises(LedgerError, match="refused the work: relation"),
        explained(place),
        closing(engine.raw_connection()) as raw,
    ):
        raw.cursor().execute("SELECT 1 FROM nowhere")


def test_a_look_creates_nothing(server: str) -> None:
    url = postgres_url(server, "looked_for")
    assert not is_there(parse_place(url))
    assert not is_there(parse_place(url))
    with pytest.raises(LedgerNotFound, match="is still empty"):
        ControlStore.open_reader(url)
    ControlStore.open(url).close()
    assert is_there(parse_place(url))


def test_one_holder_at_a_time(server: str) -> None:
    url, other = (postgres_url(server, name) for name in ("held", "not_held"))
    with sole_user(url, "another engine", "DATABASE_URL"):
        with sole_user(other, "another engine", "DATABASE_URL"):
            pass
        with (
            pytest.raises(StartError, match="another engine already works in schema held"),
            sole_user(url, "another engine", "DATABASE_URL"),
        ):
            pass
    with sole_user(url, "another engine", "DATABASE_URL"):
        pass


def test_a_lock_that_is_lost_with_its_connection_is_noticed(server: str) -> None:
    """Control: another holder may come then, while the first one is still at work."""
    url = postgres_url(server, "lost")
    lost = threading.Event()
    with sole_user(url, "another engine", "DATABASE_URL") as is_ours:
        assert is_ours()
        with watched(is_ours, lost.set, 0.01):
            with writing(parse_place(url)) as engine, engine.begin() as connection:
                connection.exec_driver_sql(
                    "SELECT pg_terminate_backend(pid) FROM pg_locks "
                    "WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
                )
            assert lost.wait(60)
        assert not is_ours()
        with sole_user(url, "another engine", "DATABASE_URL") as other:
            assert other()


def test_a_lock_that_is_kept_is_no_news(server: str) -> None:
    lost = threading.Event()
    looks = []
    with sole_user(postgres_url(server, "kept"), "another engine", "DATABASE_URL") as is_ours:
        enough = threading.Event()

        def look() -> bool:
            looks.append(1)
            if len(looks) == 3:
                enough.set()
            return is_ours()

        with watched(look, lost.set, 0.01):
            assert enough.wait(60)
    assert not lost.is_set()


def test_a_user_without_rights_is_told_so(server: str) -> None:
    place = parse_place(postgres_url(server, "rights"))
    with writing(place) as engine, engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE guest LOGIN")
    guest = parse_place(postgres_url(server.replace("postgres@", "guest@", 1), "unknown"))
    for ask in (is_there, writer_engine):
        with pytest.raises(LedgerError, match="give this user the right"):
            ask(guest)
