"""Saved settings in the control database: versions, all or nothing, and databases of any age."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.errors import LedgerError, SettingMoved
from aineon.ledger.connect import is_there, parse_place, writer_engine
from aineon.ledger.control import ControlStore
from aineon.ledger.saved_settings import SavedTable, SettingChange, read_saved
from tests.databases import database_url, files_only


@pytest.fixture
def url(tmp_path: Path) -> str:
    return database_url(tmp_path / "control.db")


@pytest.fixture
def table(url: str) -> Iterator[SavedTable]:
    with ControlStore.open(url) as control:
        yield control.saved_settings


def test_a_saved_value_stays_with_who_saved_it(table: SavedTable) -> None:
    assert table.all() == {}
    table.change((SettingChange("MAX_HOPS", "3", 0),), "anna", 5.0)
    [(name, saved)] = table.all().items()
    assert (name, saved.value, saved.version, saved.who, saved.at) == (
        "MAX_HOPS",
        "3",
        1,
        "anna",
        5.0,
    )


def test_back_to_the_default_keeps_the_version(table: SavedTable) -> None:
    table.change((SettingChange("MAX_HOPS", "3", 0),), "anna", 5.0)
    table.change((SettingChange("MAX_HOPS", None, 1),), "ben", 6.0)
    saved = table.all()["MAX_HOPS"]
    assert (saved.value, saved.version) == (None, 2)
    # A tab of before anything was saved does not win because the value looks the same.
    with pytest.raises(SettingMoved):
        table.change((SettingChange("MAX_HOPS", "4", 0),), "cleo", 7.0)


def test_of_two_tabs_the_second_is_told(table: SavedTable) -> None:
    table.change((SettingChange("MAX_HOPS", "3", 0),), "anna", 5.0)
    with pytest.raises(SettingMoved, match="MAX_HOPS was changed by anna since this page"):
        table.change(
            (SettingChange("MAX_CONCURRENT", "2", 0), SettingChange("MAX_HOPS", "5", 0)), "ben", 6.0
        )
    assert set(table.all()) == {"MAX_HOPS"}


def test_a_value_without_end_is_refused(table: SavedTable) -> None:
    with pytest.raises(LedgerError, match="20001 characters, 20000 at most"):
        table.change((SettingChange("MAX_HOPS", "3" * 20_001, 0),), "anna", 5.0)


def test_what_is_saved_is_read_before_anything_else(url: str, table: SavedTable) -> None:
    table.change((SettingChange("MAX_HOPS", "3", 0),), "anna", 5.0)
    assert read_saved(url, 1.0)["MAX_HOPS"].value == "3"


def test_a_database_that_is_not_there_has_nothing_saved(tmp_path: Path) -> None:
    url = database_url(tmp_path / "none.db")
    assert read_saved(url, 1.0) == {}
    assert not is_there(parse_place(url))


def test_databases_of_another_age_are_read_too(tmp_path: Path, url: str) -> None:
    old = database_url(tmp_path / "old.db")
    engine = writer_engine(parse_place(old))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE control_schema (version_num TEXT)")
        connection.exec_driver_sql("INSERT INTO control_schema VALUES ('control_0001')")
    engine.dispose()
    assert read_saved(old, 1.0) == {}
    with ControlStore.open(url) as control:
        control.saved_settings.change((SettingChange("MAX_HOPS", "3", 0),), "anna", 5.0)
        with control.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE control_schema SET version_num = 'control_9999'")
    assert read_saved(url, 1.0)["MAX_HOPS"].value == "3"


@files_only
def test_no_database_at_all_is_said(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    path.write_bytes(b"this is no database, whatever its name says " * 100)
    with pytest.raises(LedgerError, match="is not a database"):
        read_saved(f"sqlite:///{path}", 1.0)
