"""Whether the data folder and the databases can be used, found out without changing them."""

from __future__ import annotations

import os
from pathlib import Path

from aineon.errors import StartError
from aineon.runtime.settings import Settings

_PATIENCE_SECONDS = 2.0


def check_storage(settings: Settings) -> None:
    """Check that the data folder can be written, and so can the databases that exist.

    Raises:
        StartError: the folder cannot be written, or a restore was cut off in it.
        LedgerError: a database cannot be opened or written.
    """
    check_folder(settings.data_dir)
    _require_whole(settings.data_dir)
    for url in (settings.control_url, settings.book_url):
        check_database(url)


def _require_whole(folder: Path) -> None:
    """Let nothing start on databases of which only some were put back."""
    from aineon.ledger.backup.restoring import unfinished_in

    restoring = unfinished_in(folder.absolute())
    if restoring is not None:
        raise StartError(
            f"a restore of {restoring.backup} was cut off in {folder}; run `aineon backup restore "
            f"{restoring.backup}` again, which finishes it."
        )


def check_folder(folder: Path) -> None:
    """Check that `folder` can be written, or can be created.

    Raises:
        StartError: it cannot.
    """
    folders = (folder.absolute(), *folder.absolute().parents)
    existing = next(candidate for candidate in folders if candidate.exists())
    if not existing.is_dir():
        raise StartError(
            f"data folder {folder} cannot be used: {existing} is not a folder; name another one "
            "in AINEON_DATA_DIR."
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise StartError(
            f"data folder {folder} cannot be written by this user; name another one in "
            "AINEON_DATA_DIR."
        )


def check_database(url: str) -> bool:
    """Check that the database can be written; returns False where it does not exist yet.

    Raises:
        LedgerError: it is locked, read-only, damaged or not a database; its server cannot be
            reached, or does not let this user write.
    """
    from aineon.ledger.connect import explained, is_there, parse_place, writer_engine

    place = parse_place(url)
    if not is_there(place, _PATIENCE_SECONDS):
        return False
    engine = writer_engine(place, busy_timeout=_PATIENCE_SECONDS)
    try:
        # Its transactions begin as writers, so beginning one tells, and changes nothing.
        with explained(place), engine.connect() as connection:
            connection.begin().rollback()
    finally:
        engine.dispose()
    return True
