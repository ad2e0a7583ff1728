"""Making a backup: every database at one moment, without disturbing who writes it.

Books are copied before the control database. A command that the engine carried out in between
is then marked as done in the copy and missing in the book, which is looked at; the other way
round it would be waiting in the copy, and be carried out a second time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from aineon.errors import BackupError, LedgerError
from aineon.ledger.audit.anchor import HEADER, Head, is_cut_off, parse_line, sync_folder
from aineon.ledger.backup.manifest import MANIFEST, Kept, Kind, Manifest, digest_of
from aineon.ledger.connect import explain, parse_place, sqlite_url

CONTROL: Final = "control"
ANCHOR_FILE: Final = "control.anchor"
_PATIENCE_SECONDS: Final = 10.0


def create_backup(
    folder: Path,
    databases: Mapping[str, Path],
    anchor: Path,
    keystores: Mapping[str, Path],
    at: float,
    version: str,
) -> Manifest:
    """Make a backup; `folder` appears when it is whole, and not before.

    Args:
        folder: which must not exist yet.
        databases: the file of each database by its name; `control` is among them.
        anchor: the audit's anchor.
        keystores: files with encrypted keys by the name they get; only where that was asked for.
        at: the time now.
        version: of AINEON.

    Raises:
        BackupError: there is no control database, the folder exists, or no room.
        LedgerError: a database cannot be read.
    """
    if CONTROL not in databases:
        raise BackupError("there is nothing to keep yet: no control database is here")
    if os.path.lexists(folder):
        raise BackupError(f"{folder} exists already; name a folder that does not")
    with _appearing(folder) as making:
        books = {name: path for name, path in databases.items() if name != CONTROL}
        files = [_database(making, name, path) for name, path in books.items()]
        files.append(_database(making, CONTROL, databases[CONTROL]))
        head = _head_in(making / f"{CONTROL}.db")
        files += _anchor(making, anchor, head)
        files += [_plain(making, name, path) for name, path in keystores.items()]
        manifest = Manifest(at, version, str(head), tuple(files))
        _write(making / MANIFEST, manifest.text().encode())
    return manifest


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """Yield a folder beside `folder` that becomes it in the end, and leaves nothing if not."""
    making = folder.with_name(f".{folder.name}.making-{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        making.mkdir(mode=0o700)
        yield making
        sync_folder(making)
        making.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise BackupError(
            f"the backup {folder} cannot be made: {error.strerror or error}"
        ) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(making)


def _database(making: Path, name: str, source: Path) -> Kept:
    target = making / f"{name}.db"
    target.touch(mode=0o600)
    try:
        copy_database(source, target)
        with closing(sqlite3.connect(target)) as connection:
            [schema] = connection.execute(
                f"SELECT version_num FROM {'control' if name == CONTROL else 'book'}_schema"  # noqa: S608
            ).fetchone()
    except sqlite3.Error as error:
        raise explain(parse_place(sqlite_url(source)), error) from error
    return _kept(target, Kind.DATABASE, schema)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, durably, whoever writes it meanwhile.

    In one step: with a number of pages at a time the copy begins anew at every write.

    Raises:
        sqlite3.Error: it cannot be read, or there is no room.
    """
    reading = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(reading, uri=True, timeout=_PATIENCE_SECONDS)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)
        # One file, that can be read where nothing can be written beside it.
        copy.execute("PRAGMA journal_mode=DELETE")


def _head_in(control: Path) -> Head:
    with closing(sqlite3.connect(control)) as connection:
        try:
            row = connection.execute(
                "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"
            ).fetchone()
        except sqlite3.OperationalError:
            return Head()  # an older schema, which had no audit
    return Head(*row) if row else Head()


def _anchor(making: Path, anchor: Path, head: Head) -> list[Kept]:
    """Keep what the anchor knows of the entries in the copy; later ones are none of its."""
    try:
        lines = anchor.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    while lines and lines[-1] != HEADER and _is_later(lines[-1], head):
        lines.pop()
    _write(making / ANCHOR_FILE, ("\n".join(lines) + "\n").encode("ascii", "replace"))
    return [_kept(making / ANCHOR_FILE, Kind.ANCHOR)]


def _is_later(text: str, head: Head) -> bool:
    line = parse_line(text)
    return is_cut_off(text) if line is None else line.head.number > head.number


def _plain(making: Path, name: str, source: Path) -> Kept:
    try:
        content = source.read_bytes()
    except OSError as error:
        raise LedgerError(f"{source} cannot be read: {error.strerror or error}") from error
    _write(making / name, content)
    return _kept(making / name, Kind.KEYSTORE)


def _kept(path: Path, kind: Kind, schema: str = "") -> Kept:
    sync_file(path)
    sha256, size = digest_of(path)
    return Kept(path.name, kind, sha256, size, schema)


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """Make a file's content outlive a power cut."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
