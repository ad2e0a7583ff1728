"""Verifying a backup: nothing is missing, nothing was added, and every database holds together."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aineon.errors import BackupError
from aineon.ledger.audit.anchor import Head
from aineon.ledger.audit.verifying import AuditReport, verify_audit
from aineon.ledger.backup.creating import ANCHOR_FILE, CONTROL
from aineon.ledger.backup.manifest import (
    MANIFEST,
    Kept,
    Manifest,
    digest_of,
    read_manifest,
    require_plain_file,
)
from aineon.ledger.connect import explain, parse_place, sqlite_url
from aineon.ledger.migrating import BOOK_SCHEMA, CONTROL_SCHEMA
from aineon.primitives import Book

_NAMES: Final = frozenset({CONTROL, *(book.value for book in Book)})


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What verification found; the backup is sound, or this would not exist."""

    manifest: Manifest
    audit: AuditReport


def verify_backup(folder: Path, expected: Head | None = None) -> BackupReport:
    """Look at every file of the backup in `folder`, and change nothing.

    Args:
        folder: the backup.
        expected: an entry's number and hash that were noted down elsewhere.

    Raises:
        BackupError: the first thing that is wrong.
        LedgerError: a file cannot be read.
    """
    manifest = read_manifest(folder)
    _require_names(folder, manifest)
    for kept in manifest.files:
        check_file(folder / kept.name, kept)
    for kept in manifest.databases:
        _check_database(folder / kept.name, kept)
    place = parse_place(sqlite_url(folder / f"{CONTROL}.db"))
    audit = verify_audit(place, folder / ANCHOR_FILE, expected)
    if audit.finding is not None:
        raise BackupError(f"the audit in {folder} is not sound: {audit.finding.words}")
    if str(audit.head) != manifest.audit_head:
        raise BackupError(f"the audit in {folder} ends elsewhere than its manifest says")
    return BackupReport(manifest, audit)


def check_file(path: Path, kept: Kept) -> None:
    """Check that a file is what the manifest says.

    Raises:
        BackupError: it is missing, a link, or has another content.
    """
    require_plain_file(path)
    try:
        sha256, size = digest_of(path)
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}") from error
    if size != kept.size:
        raise BackupError(f"{path} has {size} bytes, and {kept.size} were written")
    if sha256 != kept.sha256:
        raise BackupError(f"{path} is not what was written: its SHA-256 differs")


def _require_names(folder: Path, manifest: Manifest) -> None:
    named = {kept.name for kept in manifest.files}
    found = {path.name for path in folder.iterdir()} - {MANIFEST}
    if foreign := sorted(found - named):
        raise BackupError(f"{folder} holds {foreign[0]!r}, which its manifest does not name")
    if missing := sorted(named - found):
        raise BackupError(f"{folder} lacks {missing[0]}")
    databases = {kept.database for kept in manifest.databases}
    if CONTROL not in databases:
        raise BackupError(f"{folder} lacks the control database")
    if strange := sorted(databases - _NAMES):
        raise BackupError(f"{folder} holds a database {strange[0]!r}, which AINEON has not")


def _check_database(path: Path, kept: Kept) -> None:
    schema = CONTROL_SCHEMA if kept.database == CONTROL else BOOK_SCHEMA
    # Nothing is created beside it, not even for a moment.
    reading = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(reading, uri=True)) as connection:
            connection.execute("PRAGMA trusted_schema=OFF")
            words = [row[0] for row in connection.execute("PRAGMA integrity_check(1)")]
            if words != ["ok"]:
                raise BackupError(f"{path} is damaged: {words[0]}")
            _require_tables_alone(connection, path)
            version = connection.execute(f"SELECT version_num FROM {schema.version_table}")  # noqa: S608
            [found] = version.fetchone()
            if kept.database != CONTROL:
                _require_book(connection, path, kept)
    except sqlite3.Error as error:
        raise explain(parse_place(sqlite_url(path)), error) from error
    if found != kept.schema or found not in schema.revisions:
        raise BackupError(
            f"{path} has the schema {found}; its manifest says {kept.schema}, and this version "
            f"knows up to {schema.revisions[-1]}"
        )


def _require_tables_alone(connection: sqlite3.Connection, path: Path) -> None:
    query = "SELECT type, name FROM sqlite_master WHERE type NOT IN ('table', 'index') LIMIT 1"
    if found := connection.execute(query).fetchone():
        raise BackupError(f"{path} holds a {found[0]} {found[1]!r}, and AINEON writes none")


def _require_book(connection: sqlite3.Connection, path: Path, kept: Kept) -> None:
    row = connection.execute("SELECT book FROM meta").fetchone()
    if row is None or row[0] != kept.database:
        raise BackupError(f"{path} is not the {kept.database} book")
