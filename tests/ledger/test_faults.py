"""Databases in trouble: one clear sentence, and nothing lost that was committed before."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event

from aineon.errors import LedgerError, LedgerNotFound
from aineon.ledger.connect import parse_place, sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.reading import BookReader
from aineon.ledger.store import BookStore
from aineon.primitives import Book
from tests.databases import files_only
from tests.ledger.booked import attempt, book_url, included, open_book, opportunity, run, step

pytestmark = files_only

SIM = Book.SIMULATION


def trades_in(folder: Path) -> list[tuple[str, str | None]]:
    with BookReader.open(book_url(folder), SIM) as reader:
        return [(trade.attempt.attempt_id, trade.outcome) for trade in reader.recent_trades()]


@pytest.fixture
def booked(tmp_path: Path) -> Iterator[Path]:
    """A folder with a book that holds one settled trade of run 1."""
    with open_book(tmp_path) as store:
        run_id = store.begin_run(run())
        store.write(step(run_id), attempts=[attempt(run_id)], settlements=[included()])
    yield tmp_path
    assert ("sim-1", "included") in trades_in(tmp_path)


def test_a_locked_book_is_named(booked: Path) -> None:
    with open_book(booked, busy_timeout=0.05) as store:
        other = sqlite3.connect(booked / "simulation.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(
            LedgerError, match=r"simulation\.db is locked by another program; close"
        ):
            store.write(attempts=[attempt(1, "sim-2")])
        with pytest.raises(LedgerError, match="is locked by another program"):
            open_book(booked, busy_timeout=0.05)
        # Readers are not disturbed by a writer.
        assert trades_in(booked) == [("sim-1", "included")]
        other.execute("ROLLBACK")
        other.close()
        store.write(attempts=[attempt(1, "sim-2")])
    assert trades_in(booked) == [("sim-2", None), ("sim-1", "included")]


def test_a_lock_while_the_book_is_created(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "simulation.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerError, match="is locked by another program"):
        open_book(tmp_path, busy_timeout=0.05)
    other.close()
    open_book(tmp_path).close()


def test_a_full_disk_keeps_what_was_committed(booked: Path) -> None:
    with open_book(booked) as store:

        @event.listens_for(store.engine, "begin")
        def leave_no_room(connection: object) -> None:
            # SQLite answers SQLITE_FULL at this bound, as it does on a full disk.
            connection.exec_driver_sql("PRAGMA max_page_count=1")  # type: ignore[attr-defined]

        many = [opportunity(1, reason="why " * 200) for _ in range(200)]
        with pytest.raises(LedgerError, match=r"simulation\.db cannot grow because the disk is f"):
            store.write(step(1, 2), many, [attempt(1, "sim-2")])
        with pytest.raises(LedgerError, match="disk is full; free some space"):
            store.write(step(1, 3), many)
    with BookReader.open(book_url(booked), SIM) as reader:
        assert [item.record.block_number for item in reader.recent_steps()] == [1]
        assert reader.recent_opportunities() == ()
        assert reader.trade_count() == 1
        assert reader.funnel().opportunities == 0
    connection = sqlite3.connect(booked / "simulation.db")
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_a_connection_that_may_not_write(booked: Path) -> None:
    with open_book(booked) as store:

        @event.listens_for(store.engine, "begin")
        def forbid(connection: object) -> None:
            connection.exec_driver_sql("PRAGMA query_only=ON")  # type: ignore[attr-defined]

        with pytest.raises(LedgerError, match=r"simulation\.db is read-only; make the file and"):
            store.write(attempts=[attempt(1, "sim-2")])


# File permissions do not bind root, so the program first becomes "nobody"; by then it must have
# loaded all that it needs, because nobody may not be able to read this Python.
PROGRAM = """
import os, sys
from aineon.errors import LedgerError
from aineon.ledger.store import BookStore
from aineon.primitives import Book
BookStore.open("sqlite://", Book.SIMULATION).close()
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for url in sys.argv[1:]:
    try:
        BookStore.open(url, Book.SIMULATION)
        print("opened")
    except LedgerError as error:
        print(error)
"""


@pytest.fixture
def protected() -> Iterator[Path]:
    """A folder that every user can reach."""
    folder = Path(tempfile.mkdtemp(prefix="aineon-test-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def refusals(*paths: Path) -> list[str]:
    """Open books as a user whom file permissions bind, and return what that user is told."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(sqlite_url, paths)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_folders_and_files_that_are_not_ours(protected: Path) -> None:
    ours = protected / "ours"
    ours.mkdir()
    for path, mode in (
        (ours / "ours.db", 0o666),
        (protected / "read_only.db", 0o444),
        (protected / "secret.db", 0o000),
    ):
        BookStore.open(sqlite_url(path), SIM).close()
        path.chmod(mode)
    # A database in WAL mode needs a folder where its log can lie beside it.
    ours.chmod(0o777)
    protected.chmod(0o555)
    opened, read_only, secret, new, deeper = refusals(
        ours / "ours.db",
        protected / "read_only.db",
        protected / "secret.db",
        protected / "new.db",
        protected / "deeper" / "new.db",
    )
    assert opened == "opened"
    assert "read_only.db is read-only; make the file and its folder writable" in read_only
    assert "secret.db cannot be opened; check that its folder exists" in secret
    assert "new.db cannot be opened; check that its folder exists" in new
    assert "cannot be created because its folder cannot: Permission denied" in deeper


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "simulation.db").write_text("dear diary, " * 100)
    for use in (
        lambda: open_book(tmp_path),
        lambda: BookReader.open(book_url(tmp_path), SIM),
        lambda: ControlStore.open(book_url(tmp_path)),
    ):
        with pytest.raises(LedgerError, match=r"simulation\.db is not a database; move that file"):
            use()
    assert (tmp_path / "simulation.db").read_text().startswith("dear diary")


def test_a_folder_in_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "simulation.db").mkdir()
    with pytest.raises(LedgerError, match="cannot be opened"):
        open_book(tmp_path)


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "books").write_text("")
    with pytest.raises(LedgerError, match="its folder cannot"):
        open_book(tmp_path / "books")


def test_a_damaged_book(booked: Path) -> None:
    copy = booked / "copy"
    copy.mkdir()
    content = bytearray((booked / "simulation.db").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (copy / "simulation.db").write_bytes(content)
    with pytest.raises(LedgerError, match=r"simulation\.db is damaged; restore it"):
        open_book(copy)


def test_a_reader_creates_nothing(tmp_path: Path) -> None:
    with pytest.raises(LedgerNotFound, match=r"simulation\.db does not exist yet"):
        BookReader.open(book_url(tmp_path), SIM)
    with pytest.raises(LedgerNotFound, match="does not exist yet"):
        ControlStore.open_reader(book_url(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(booked: Path) -> None:
    with (
        BookReader.open(book_url(booked), SIM) as reader,
        pytest.raises(LedgerError, match="is read-only"),
        reader.session() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM settlements")


@pytest.mark.parametrize("url", ["", "simulation.db", "mysql://host/db", "what is this"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(LedgerError):
        parse_place(url)


def test_a_password_is_never_shown() -> None:
    place = parse_place("postgres://aineon:hunter2@db.example/aineon?schema=book")
    assert "hunter2" not in place.name
    assert place.url.drivername == "postgresql+psycopg"


def test_a_killed_writer_leaves_whole_entries(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.ledger.booked import *\n"
        "store = open_book(Path(sys.argv[1]))\n"
        "run_id = store.begin_run(run())\n"
        "for number in range(1, 100_000):\n"
        "    store.write(step(run_id, number), [opportunity(run_id, number)] * 3,\n"
        "                [attempt(run_id, f'sim-{number}')], [included(f'sim-{number}')])\n"
        "    print(number, flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    told = 0
    for line in process.stdout:
        told = int(line)
        if told == 20:
            process.kill()
            break
    rest = process.stdout.read().split()
    process.wait()
    process.stdout.close()
    told = int(rest[-1]) if rest else told
    with open_book(tmp_path) as store, BookReader.of(store) as reader:
        steps = len(reader.recent_steps(1000))
        assert steps >= told
        assert reader.trade_count() == reader.trade_count("included") == steps
        assert len(reader.recent_opportunities(3000)) == 3 * steps
        assert reader.funnel().opportunities == 3 * steps
        assert store.unsettled() == []


def test_a_store_closes_its_files(tmp_path: Path) -> None:
    store = BookStore.open(book_url(tmp_path), SIM)
    store.close()
    # Whoever closes last folds the write-ahead log into the file and removes it.
    assert [path.name for path in tmp_path.iterdir()] == ["simulation.db"]
