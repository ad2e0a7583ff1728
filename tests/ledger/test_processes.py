"""An engine process writes while a console process reads, and neither gets in the way."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from aineon.ledger.control import ControlStore
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.store import BookStore
from aineon.primitives import Book
from tests.databases import database_url, files_only
from tests.ledger.booked import NOON, attempt, book_url, included, open_book, run
from tests.ledger.test_control import BEAT

ROOT = Path(__file__).parents[2]
WRITES = 60

WRITER = """
import sys
from pathlib import Path
from tests.ledger.booked import *
first, count = int(sys.argv[2]), int(sys.argv[3])
with open_book(Path(sys.argv[1])) as store:
    run_id = store.begin_run(run())
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(first, first + count):
        name = f"sim-{number}"
        store.write(step(run_id, number), [opportunity(run_id, number)] * 3,
                    [attempt(run_id, name)], [included(name)], [taking(run_id)])
"""


def start(folder: Path, first: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(first), str(WRITES)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_reading_while_another_process_writes(tmp_path: Path) -> None:
    open_book(tmp_path).close()
    writer = start(tmp_path, 0)
    with BookReader.open(book_url(tmp_path), Book.SIMULATION) as reader:
        go(writer)
        looks = 0
        while writer.poll() is None:
            looks += 1
            # One session sees one moment: the roll-up and the rows agree in it.
            trades = list(reader.trades())
            summary = ProfitTracker(reader).summary("all", NOON + 3600)
            assert summary.attempts >= len(trades)
            assert all(trade.outcome == "included" for trade in trades)
            assert reader.funnel().opportunities % 3 == 0
        _, errors = writer.communicate(timeout=60)
        assert writer.returncode == 0, errors
        assert looks > 0
        assert ProfitTracker(reader).summary("all", NOON + 3600).attempts == WRITES
        assert ProfitTracker(reader).drawdown().net.wei == 90 * WRITES


def test_two_writers_wait_for_each_other(tmp_path: Path) -> None:
    open_book(tmp_path).close()
    writers = [start(tmp_path, 0), start(tmp_path, WRITES)]
    for writer in writers:
        go(writer)
    for writer in writers:
        _, errors = writer.communicate(timeout=90)
        assert writer.returncode == 0, errors
    with BookReader.open(book_url(tmp_path), Book.SIMULATION) as reader:
        summary = ProfitTracker(reader).summary("all", NOON + 3600)
        assert summary.attempts == reader.trade_count("included") == 2 * WRITES
        totals = [point.net_total.wei for point in ProfitTracker(reader).equity_curve().points]
        assert totals == [90 * number for number in range(1, 2 * WRITES + 1)]


def test_beginning_deferred_would_fail_where_immediate_waits(tmp_path: Path) -> None:
    """The control: what `BEGIN IMMEDIATE` is there to prevent does happen without it."""
    path = str(tmp_path / "some.db")
    one, other = (sqlite3.connect(path, isolation_level=None, timeout=1) for _ in range(2))
    one.execute("PRAGMA journal_mode=WAL")
    one.execute("CREATE TABLE t (n)")
    for connection in (one, other):
        connection.execute("BEGIN DEFERRED")
        connection.execute("SELECT count(*) FROM t").fetchall()
    one.execute("INSERT INTO t VALUES (1)")
    one.execute("COMMIT")
    with pytest.raises(sqlite3.OperationalError, match="database is locked"):
        other.execute("INSERT INTO t VALUES (2)")
    one.close()
    other.close()


@files_only
def test_every_connection_is_durable_and_checks_references(tmp_path: Path) -> None:
    with open_book(tmp_path) as store, store.engine.begin() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 10_000,
    }


def test_many_threads_share_a_reader(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with open_book(tmp_path) as store, BookReader.of(store) as reader:
        run_id = store.begin_run(run())
        store.write(attempts=[attempt(run_id)], settlements=[included()])
        with ThreadPoolExecutor(8) as pool:
            counts = list(pool.map(lambda _: reader.trade_count(), range(64)))
    assert counts == [1] * 64


def test_the_heartbeat_is_read_while_it_is_written(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    url = database_url(tmp_path / "control.db")
    with (
        ControlStore.open(url) as writer,
        ControlStore.open_reader(url) as reader,
        ThreadPoolExecutor(2) as pool,
    ):
        writer.beat(BEAT)
        beats = [pool.submit(writer.beat, BEAT) for _ in range(30)]
        seen = [pool.submit(reader.heartbeat) for _ in range(30)]
        assert all(beat.result() is None for beat in beats)
        assert {beat.result() == BEAT for beat in seen} == {True}


def test_a_store_may_be_used_from_several_threads(tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with open_book(tmp_path) as store:
        run_id = store.begin_run(run())

        def book(number: int) -> None:
            name = f"sim-{number}"
            store.write(attempts=[attempt(run_id, name)], settlements=[included(name)])

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(book, range(24)))
        assert isinstance(store, BookStore)
        with BookReader.of(store) as reader:
            assert ProfitTracker(reader).drawdown().net.wei == 24 * 90
