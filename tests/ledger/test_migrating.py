"""Schemas: what the migrations create is what the tables say, and strangers are refused."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from aineon.errors import LedgerError, LedgerNotFound, MixedBooks
from aineon.ledger import migrating
from aineon.ledger.connect import parse_place, reader_engine, writer_engine
from aineon.ledger.control import ControlStore
from aineon.ledger.migrating import BOOK_SCHEMA, CONTROL_SCHEMA, Schema
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.rows import row_of
from aineon.ledger.store import BookStore
from aineon.ledger.tables import BookModel, ControlModel, OpportunityRow, table_of
from aineon.ledger.types import Wei
from aineon.primitives import Book
from tests import databases
from tests.databases import database_url, files_only
from tests.ledger.booked import (
    NOON,
    attempt,
    book_url,
    included,
    near_miss,
    open_book,
    opportunity,
    reverted,
    run,
    step,
    unresolved,
)

SIM = Book.SIMULATION
SCHEMAS = [(BOOK_SCHEMA, BookModel), (CONTROL_SCHEMA, ControlModel)]


@pytest.fixture(autouse=True)
def _migrations_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "upgrade", databases.MIGRATE)


@files_only
@pytest.mark.parametrize(("schema", "model"), SCHEMAS)
def test_files_of_other_tests_are_what_the_migrations_make(
    schema: Schema, model: type[BookModel], tmp_path: Path
) -> None:
    migrated = filled(schema, tmp_path / "migrated.db")
    with databases.migrated_once():
        noted, copied = (filled(schema, tmp_path / name) for name in ("noted.db", "copied.db"))
    assert migrated == noted == copied
    assert f"('{schema.revisions[-1]}')" in migrated[-1]


def filled(schema: Schema, path: Path) -> list[str]:
    place = parse_place(database_url(path))
    engine = writer_engine(place)
    with engine.begin() as connection:
        migrating.upgrade(connection, schema, place)
        found = databases.description(connection)
    engine.dispose()
    return found


@pytest.mark.parametrize(("schema", "model"), SCHEMAS)
def test_the_list_of_migrations_is_the_folder(schema: Schema, model: type) -> None:
    config = Config()
    folder = Path(migrating.__file__).parent / "migrations" / schema.kind
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "newline")
    scripts = ScriptDirectory.from_config(config)
    assert schema.revisions == tuple(script.revision for script in scripts.walk_revisions())[::-1]


@pytest.mark.parametrize(("schema", "model"), SCHEMAS)
def test_the_migrations_create_what_the_tables_say(
    schema: Schema, model: type[BookModel], tmp_path: Path
) -> None:
    url = database_url(tmp_path / "some.db")
    opened(schema, url).close()
    assert differences(schema, model, url) == []


@pytest.mark.parametrize(("schema", "model"), SCHEMAS)
def test_every_old_version_is_upgraded(
    schema: Schema, model: type[BookModel], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One migration at a time, each in a transaction of its own, as the versions came out."""
    url = database_url(tmp_path / "some.db")
    place = parse_place(url)
    upgrade = command.upgrade
    engine = writer_engine(place)
    for revision in schema.revisions:
        with monkeypatch.context() as old, engine.begin() as connection:
            old.setattr(command, "upgrade", lambda config, _, to=revision: upgrade(config, to))
            migrating.upgrade(connection, schema, place)
            assert migrating.schema_version(connection, schema, place) == revision
    engine.dispose()
    opened(schema, url).close()
    assert differences(schema, model, url) == []


def opened(schema: Schema, url: str) -> BookStore | ControlStore:
    return BookStore.open(url, SIM) if schema is BOOK_SCHEMA else ControlStore.open(url)


def differences(schema: Schema, model: type[BookModel], url: str) -> list[object]:
    engine = reader_engine(parse_place(url))
    with engine.connect() as connection:
        options = {"version_table": schema.version_table, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, model.metadata)
    engine.dispose()
    return found


def execute(url: str, *statements: str) -> None:
    """Change a database behind AINEON's back."""
    engine = writer_engine(parse_place(url))
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@files_only
def test_every_amount_in_every_table_is_checked(tmp_path: Path) -> None:
    open_book(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "simulation.db")
    checked = 0
    for table in BookModel.metadata.sorted_tables:
        sql = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = ?", (table.name,)
        ).fetchone()[0]
        for column in table.columns:
            if isinstance(column.type, Wei):
                assert f"typeof({column.name}) = 'text'" in sql, (table.name, column.name)
                checked += 1
    connection.close()
    assert checked > 30


@files_only
def test_a_malformed_amount_is_refused_by_the_book_itself(tmp_path: Path) -> None:
    open_book(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "simulation.db")
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        connection.execute(
            "INSERT INTO profit_totals VALUES (0,0,0,0,0,0,'5','5','5',0,'5',0,NULL,NULL,'run:1',"
            "'5','5',NULL,'5',NULL,NULL,NULL)"
        )
    connection.close()


@pytest.mark.parametrize("model", [BookModel, ControlModel])
def test_the_tables_can_be_written_for_postgresql(model: type[BookModel]) -> None:
    for table in model.metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=postgresql.dialect()))


def test_a_book_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    open_book(tmp_path).close()
    execute(book_url(tmp_path), "UPDATE book_schema SET version_num = 'book_9999'")
    for use in (lambda: open_book(tmp_path), lambda: BookReader.open(book_url(tmp_path), SIM)):
        with pytest.raises(LedgerError, match="written by a newer AINEON .*book_9999"):
            use()


def test_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    execute(book_url(tmp_path), "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(LedgerError, match="holds other tables and is not a book of AINEON"):
        open_book(tmp_path)


def test_the_control_database_is_no_book_and_a_book_is_not_it(tmp_path: Path) -> None:
    ControlStore.open(book_url(tmp_path)).close()
    with pytest.raises(LedgerError, match="is not a book"):
        open_book(tmp_path)
    other = database_url(tmp_path / "other.db")
    BookStore.open(other, SIM).close()
    with pytest.raises(LedgerError, match="is not AINEON's control database"):
        ControlStore.open(other)


def test_a_book_is_not_opened_as_another(tmp_path: Path) -> None:
    open_book(tmp_path).close()
    for book in (Book.LIVE, Book.REHEARSAL):
        with pytest.raises(MixedBooks, match=f"is the simulation book .* {book.value} book"):
            BookStore.open(book_url(tmp_path), book)
        with pytest.raises(MixedBooks, match="is the simulation book"):
            BookReader.open(book_url(tmp_path), book)


@files_only
def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    open_book(tmp_path).close()
    before = (tmp_path / "simulation.db").read_bytes()
    open_book(tmp_path).close()
    assert (tmp_path / "simulation.db").read_bytes() == before


def test_a_book_that_is_half_created_by_a_crash_is_created_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr("aineon.ledger.store.stored_book", crash)
        with pytest.raises(RuntimeError):
            open_book(tmp_path)
    with pytest.raises(LedgerNotFound, match="still empty"):
        BookReader.open(book_url(tmp_path), SIM)
    open_book(tmp_path).close()


@files_only
def test_a_folder_with_odd_characters(tmp_path: Path) -> None:
    folder = tmp_path / "50% of: my books, ünd #more?"
    with open_book(folder):
        pass
    BookReader.open(book_url(folder), SIM).close()
    assert (folder / "simulation.db").is_file()


def test_processes_that_open_a_new_book_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from aineon.ledger.store import BookStore\n"
        "from aineon.primitives import Book\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "BookStore.open(sys.argv[1], Book.SIMULATION).close()\n"
    )
    pipe = subprocess.PIPE
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, book_url(tmp_path)],
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with open_book(tmp_path) as store:
        assert store.unsettled() == []


SCORED = (
    "lands",
    "bid_bps",
    "expected_net_wei",
    "band_low_wei",
    "band_high_wei",
    "decided_by",
    "decision_words",
    "reasons",
    "regime",
    "model_version",
)
"""What a later migration adds to opportunities."""


def test_a_book_of_the_first_schema_keeps_its_rows_and_can_hold_near_misses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def old_upgrade(config: Config, revision: str) -> None:
        to_revision(config, "book_0001" if revision == "head" else revision)

    to_revision = command.upgrade
    with monkeypatch.context() as old:
        old.setattr(command, "upgrade", old_upgrade)
        store = open_book(tmp_path)
        run_id = store.begin_run(run())
        store.write(step(run_id, 1))
        told = row_of(opportunity(run_id, 1))
        known = {name: value for name, value in told.items() if name not in SCORED}
        with store.engine.begin() as connection:
            connection.execute(insert(table_of(OpportunityRow)).values(**known))
        store.close()
    with pytest.raises(LedgerError, match="older schema book_0001"):
        BookReader.open(book_url(tmp_path), Book.SIMULATION)
    with open_book(tmp_path) as store:
        store.write(step(run_id, 2), near_misses=[near_miss(run_id, 2)])
    with BookReader.open(book_url(tmp_path), Book.SIMULATION) as reader:
        assert [item.record for item in reader.recent_opportunities()] == [opportunity(run_id, 1)]
        assert [item.record for item in reader.near_misses()] == [near_miss(run_id, 2)]


TABLES_SINCE = (
    "withdrawal_events",
    "withdrawal_approvals",
    "withdrawals",
    "withdrawal_destinations",
    "withdrawal_rules",
    "applied_commands",
    "group_days",
    "optimizer_samples",
)
"""What later migrations add to a book."""


def test_an_old_book_gets_the_figures_that_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the migration computes is what booking the same trades anew would have kept."""

    def fill(store: BookStore) -> list[int]:
        runs = [store.begin_run(run()), store.begin_run(run())]
        records = [
            *(included(f"sim-{n}", gross=100 + n * 7, settled_at=NOON + n * 999) for n in range(6)),
            *(reverted(f"sim-{n}", gas=300, settled_at=NOON + n * 999) for n in range(6, 9)),
            unresolved("sim-9", settled_at=NOON + 9_999),
            included("sim-10", gross=5_000, settled_at=NOON + 20_000),
        ]
        for number, record in enumerate(records):
            store.write(
                attempts=[
                    attempt(
                        runs[number % 2],
                        record.attempt_id,
                        strategy_run="",
                        submitted_block=number // 4,
                        submitted_at=NOON + number,
                    )
                ],
                settlements=[record],
            )
        store.write(attempts=[attempt(runs[0], "sim-11")])
        return runs

    def figures(folder: Path) -> object:
        with BookReader.open(book_url(folder), Book.SIMULATION) as reader:
            scopes = (reader.scope(1), reader.scope(2), reader.scope())
            trackers = [ProfitTracker(reader, scope) for scope in scopes]
            return [
                (
                    each.summary("all", NOON + 99_999),
                    each.series("hour"),
                    each.drawdown(),
                    each.strategy_runs(),
                    sorted(each.recent_strategy_runs(), key=lambda one: one.strategy_run),
                    each.breakdown(NOON - 99_999),
                )
                for each in trackers
            ]

    new, old = tmp_path / "new", tmp_path / "old"
    for folder in (new, old):
        with open_book(folder) as store:
            fill(store)
    wanted = figures(new)
    execute(
        book_url(old),
        *map(
            "DROP TABLE {}".format,
            (
                *("strategy_totals", "strategy_runs", "reconciliations"),
                *("account_balances", "account_moves", "account_entries"),
                *TABLES_SINCE,
            ),
        ),
        "DROP INDEX ix_attempts_strategy_run",
        *(
            f"ALTER TABLE {table} DROP COLUMN {column}"
            for table, column in (
                ("attempts", "strategy_run"),
                ("settlements", "operator"),
                ("settlements", "treasury"),
                ("settlements", "at_fault"),
                ("profit_hours", "failed_gas"),
                ("profit_totals", "failed_gas"),
                ("profit_totals", "peak_at"),
                ("profit_totals", "deepest_fall_from"),
                ("profit_totals", "recovered_at"),
                ("outbox_intents", "retired_at"),
                *(("opportunities", column) for column in SCORED),
            )
        ),
        "UPDATE book_schema SET version_num = 'book_0004'",
    )
    with pytest.raises(LedgerError, match="older schema book_0004"):
        BookReader.open(book_url(old), Book.SIMULATION)
    open_book(old).close()
    assert figures(old) == wanted
