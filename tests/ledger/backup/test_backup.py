"""Backups: made while others write, whole or not there, and every way to spoil one is found."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aineon.errors import BackupError, LedgerError
from aineon.ledger.audit.anchor import Head
from aineon.ledger.backup.comparing import tables_lost
from aineon.ledger.backup.creating import copy_database, create_backup
from aineon.ledger.backup.manifest import Kind, Manifest, read_manifest
from aineon.ledger.backup.verifying import verify_backup
from tests.databases import files_only
from tests.ledger.audit.decisions import Audited
from tests.ledger.booked import attempt, included, open_book, run, step

pytestmark = files_only

NOW = 1_800_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a simulation book of one trade and an audit of three entries."""
    with open_book(tmp_path) as store:
        run_id = store.begin_run(run())
        store.write(step(run_id), attempts=[attempt(run_id)], settlements=[included()])
    Audited(tmp_path).write(3)
    return tmp_path


def create(folder: Path, name: str = "backup", **more: Any) -> Manifest:
    databases = {path.stem: path for path in folder.glob("*.db")}
    options = {"keystores": {}, "at": NOW, "version": "1.2.3"} | more
    return create_backup(folder / name, databases, folder / "control.anchor", **options)


def test_a_backup_holds_every_database_and_says_what_is_in_it(folder: Path) -> None:
    manifest = create(folder)
    assert [kept.name for kept in manifest.files] == [
        "simulation.db",
        "control.db",
        "control.anchor",
    ]
    assert read_manifest(folder / "backup") == manifest
    assert (manifest.created_at, manifest.version) == (NOW, "1.2.3")
    assert manifest.audit_head == str(Audited(folder).verify().head)
    report = verify_backup(folder / "backup")
    assert report.manifest == manifest
    assert (report.audit.entries, report.audit.is_sound) == (3, True)
    with closing(sqlite3.connect(folder / "backup" / "simulation.db")) as copy:
        assert copy.execute("SELECT attempt_id FROM settlements").fetchall() == [("sim-1",)]


def test_nothing_that_a_stranger_may_read_is_left(folder: Path) -> None:
    create(folder)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder / "backup").iterdir()}
    if sys.platform != "win32":
        assert set(modes.values()) == {0o600}
        assert (folder / "backup").stat().st_mode & 0o777 == 0o700
    assert sorted(modes) == ["control.anchor", "control.db", "manifest.json", "simulation.db"]


def test_verifying_changes_nothing(folder: Path) -> None:
    create(folder)
    before = {path.name: path.read_bytes() for path in (folder / "backup").iterdir()}
    verify_backup(folder / "backup")
    assert {path.name: path.read_bytes() for path in (folder / "backup").iterdir()} == before


def test_keys_are_kept_only_where_they_are_named(folder: Path) -> None:
    (folder / "trading.json").write_text("{}")
    manifest = create(folder, keystores={"key-trading.json": folder / "trading.json"})
    assert manifest.files[-1].kind is Kind.KEYSTORE
    verify_backup(folder / "backup")


def test_a_backup_while_others_write_is_of_one_moment(folder: Path) -> None:
    """Two tables that are always written together are never seen apart in a copy."""
    path, done = folder / "simulation.db", threading.Event()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE one (n)")
        connection.execute("CREATE TABLE other (n)")

    def write() -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            number = 0
            while not done.is_set():
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("INSERT INTO one VALUES (?)", (number,))
                connection.execute("INSERT INTO other VALUES (?)", (number,))
                connection.execute("COMMIT")
                number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = []
        for each in range(5):
            copy_database(path, folder / f"copy-{each}.db")
            with closing(sqlite3.connect(folder / f"copy-{each}.db")) as copy:
                found = [
                    copy.execute(f"SELECT count(*) FROM {t}").fetchone() for t in ("one", "other")
                ]
            assert found[0] == found[1]
            counts.append(found[0][0])
    finally:
        done.set()
        writer.join()
    assert counts == sorted(counts)


def test_an_audit_that_goes_on_meanwhile_does_not_spoil_the_copy(folder: Path) -> None:
    """The anchor is copied after the database, and what it learned since is left out."""
    audited = Audited(folder)
    with closing(sqlite3.connect(folder / "control.db")) as old:
        old.execute("VACUUM INTO ?", (str(folder / "old.db"),))
    audited.write(2)
    databases = {"control": folder / "old.db"}
    create_backup(folder / "backup", databases, audited.anchor, {}, NOW, "1")
    assert verify_backup(folder / "backup").audit.entries == 3


# --- where it cannot be made -------------------------------------------------------------------


def test_a_folder_that_is_there_is_not_touched(folder: Path) -> None:
    (folder / "backup").mkdir()
    with pytest.raises(BackupError, match="exists already; name a folder that does not"):
        create(folder)
    assert list((folder / "backup").iterdir()) == []


def test_nothing_to_keep(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="nothing to keep yet"):
        create(tmp_path)


def test_a_damaged_database_leaves_no_backup(folder: Path) -> None:
    (folder / "simulation.db").write_text("dear diary " * 1000)
    with pytest.raises(LedgerError, match=r"simulation\.db is not a database"):
        create(folder)
    assert [path.name for path in folder.iterdir() if "backup" in path.name] == []


@pytest.mark.parametrize("files_that_fit", [0, 2, 4])
def test_a_full_disk_leaves_no_backup(
    folder: Path, files_that_fit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [0]
    real = os.fsync

    def full(descriptor: int) -> None:
        calls[0] += 1
        if calls[0] > files_that_fit:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr("aineon.ledger.backup.creating.os.fsync", full)
    with pytest.raises(BackupError, match="cannot be made: No space left on device"):
        create(folder)
    assert [path.name for path in folder.iterdir() if "backup" in path.name] == []
    monkeypatch.undo()
    create(folder)
    verify_backup(folder / "backup")


def test_a_database_that_finds_no_room_leaves_no_backup(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    monkeypatch.setattr("aineon.ledger.backup.creating.copy_database", full)
    with pytest.raises(LedgerError, match="disk is full; free some space"):
        create(folder)
    assert [path.name for path in folder.iterdir() if "backup" in path.name] == []


# --- what is no backup -------------------------------------------------------------------------


def edit_manifest(backup: Path, change: Callable[[dict[str, Any]], object]) -> None:
    read = json.loads((backup / "manifest.json").read_text())
    change(read)
    (backup / "manifest.json").write_text(json.dumps(read))


def forge(backup: Path, name: str, content: bytes) -> None:
    """Replace a file and make the manifest agree, as somebody who knows the format does."""
    import hashlib

    (backup / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()

    def change(read: dict[str, Any]) -> None:
        for kept in read["files"]:
            if kept["name"] == name:
                kept.update(sha256=digest, size=len(content))

    edit_manifest(backup, change)


def cut_short(backup: Path) -> None:
    content = (backup / "simulation.db").read_bytes()
    (backup / "simulation.db").write_bytes(content[:-4096])


def change_a_byte(backup: Path) -> None:
    content = bytearray((backup / "simulation.db").read_bytes())
    content[5000] ^= 1
    (backup / "simulation.db").write_bytes(content)


def link_elsewhere(backup: Path) -> None:
    content = (backup / "simulation.db").read_bytes()
    (backup.parent / "elsewhere.db").write_bytes(content)
    (backup / "simulation.db").unlink()
    (backup / "simulation.db").symlink_to(backup.parent / "elsewhere.db")


def link_the_manifest(backup: Path) -> None:
    (backup / "manifest.json").rename(backup.parent / "manifest.json")
    (backup / "manifest.json").symlink_to(backup.parent / "manifest.json")


def name(path: str) -> Callable[[Path], None]:
    def climb(backup: Path) -> None:
        edit_manifest(backup, lambda read: read["files"][0].update(name=path))

    return climb


def twice(backup: Path) -> None:
    edit_manifest(backup, lambda read: read["files"].append(read["files"][0]))


def add_a_trigger(backup: Path) -> None:
    path = backup / "simulation.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON runs BEGIN DELETE FROM runs; END")
    forge(backup, "simulation.db", path.read_bytes())


def damage_pages(backup: Path) -> None:
    content = bytearray((backup / "simulation.db").read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    forge(backup, "simulation.db", bytes(content))


def another_book(backup: Path) -> None:
    path = backup / "simulation.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE meta SET book = 'live'")
    forge(backup, "simulation.db", path.read_bytes())


def newer_schema(backup: Path) -> None:
    path = backup / "simulation.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE book_schema SET version_num = 'book_9999'")
    forge(backup, "simulation.db", path.read_bytes())
    edit_manifest(backup, lambda read: read["files"][0].update(schema="book_9999"))


def edit_the_audit(backup: Path) -> None:
    path = backup / "control.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE audit SET who = 'mallory' WHERE number = 2")
    forge(backup, "control.db", path.read_bytes())


def cut_the_audit(backup: Path) -> None:
    path = backup / "control.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM audit WHERE number = 3")
    forge(backup, "control.db", path.read_bytes())


SPOILED: list[tuple[Callable[[Path], object], str]] = [
    (cut_short, r"simulation\.db has \d+ bytes, and \d+ were written"),
    (change_a_byte, "its SHA-256 differs"),
    (damage_pages, "is damaged"),
    (lambda backup: (backup / "simulation.db").unlink(), r"lacks simulation\.db"),
    (lambda backup: (backup / "manifest.json").unlink(), r"manifest\.json is missing"),
    (lambda backup: (backup / "notes.txt").write_text("x"), r"holds 'notes\.txt'"),
    (lambda backup: (backup / "simulation.db-wal").write_text("x"), "'simulation.db-wal'"),
    (lambda backup: (backup / "sub").mkdir(), "holds 'sub'"),
    (link_elsewhere, "is not a plain file; a backup holds no links"),
    (link_the_manifest, "is not a plain file"),
    (name("../../etc/passwd.db"), "is not the name of a file that a backup holds"),
    (name("/etc/passwd.db"), "is not the name of a file"),
    (name("..\\x.db"), "is not the name of a file"),
    (name(".hidden.db"), "is not the name of a file"),
    (name("a\n.db"), "is not the name of a file"),
    (name("diary.db"), "holds 'simulation.db', which its manifest does not name"),
    (twice, "names a file twice"),
    (lambda backup: edit_manifest(backup, lambda read: read.pop("files")), "not a whole manifest"),
    (lambda backup: (backup / "manifest.json").write_text('{"form": '), "not a whole manifest"),
    (lambda backup: (backup / "manifest.json").write_text("[]"), "is not the manifest"),
    (lambda backup: (backup / "manifest.json").write_text("[" * 100_000), "not a whole manifest"),
    (lambda backup: (backup / "manifest.json").write_text(" " * 2_000_000), "is not the manifest"),
    (lambda b: edit_manifest(b, lambda read: read.update(form="zip")), "is not the manifest"),
    (add_a_trigger, "holds a trigger 't', and AINEON writes none"),
    (another_book, "is not the simulation book"),
    (newer_schema, "has the schema book_9999; its manifest says book_9999, and this version"),
    (edit_the_audit, "the audit .* is not sound: entry 2 is not what was written"),
    (cut_the_audit, "the audit .* is not sound: missing: entry 3"),
    (lambda b: edit_manifest(b, lambda read: read.update(audit_head="3:ff")), "ends elsewhere"),
]


@pytest.mark.parametrize(("spoil", "words"), SPOILED)
def test_a_spoiled_backup_is_refused_with_the_reason(
    folder: Path, spoil: Callable[[Path], object], words: str
) -> None:
    create(folder)
    verify_backup(folder / "backup")
    spoil(folder / "backup")
    with pytest.raises(LedgerError, match=words):
        verify_backup(folder / "backup")


def test_a_head_that_was_noted_down_finds_a_backup_that_was_forged_as_a_whole(folder: Path) -> None:
    create(folder)
    head = Audited(folder).verify().head
    verify_backup(folder / "backup", head)
    with pytest.raises(BackupError, match="another was noted down"):
        verify_backup(folder / "backup", Head(head.number, "0" * 64))


@pytest.mark.parametrize("where", ["nowhere", "control.db"])
def test_what_is_no_folder_is_no_backup(folder: Path, where: str) -> None:
    with pytest.raises(BackupError, match="is no backup: it is not a folder"):
        verify_backup(folder / where)


# --- what would be lost ------------------------------------------------------------------------


def test_rows_that_a_backup_lacks_are_named_by_their_tables(folder: Path) -> None:
    create(folder)
    current, kept = folder / "simulation.db", folder / "backup" / "simulation.db"
    assert tables_lost(current, kept) == ()
    with open_book(folder) as store:
        store.write(attempts=[attempt(1, "sim-2")])
    assert "attempts" in tables_lost(current, kept)
    assert "attempts" not in tables_lost(kept, current)


def test_a_row_that_changed_is_lost_too(folder: Path) -> None:
    create(folder)
    current, kept = folder / "simulation.db", folder / "backup" / "simulation.db"
    with closing(sqlite3.connect(current, isolation_level=None)) as connection:
        connection.execute("UPDATE settlements SET reason = 'x'")
    assert tables_lost(current, kept) == ("settlements",)
