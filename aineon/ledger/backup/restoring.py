"""Putting a backup's files in place: nothing that was there is deleted, and a crash can be resumed.

First all files are copied beside their places and synced, so that a full disk is met before
anything has changed. Then a note is left that says what is going on; as long as it lies there
nothing starts. Then each file that was there is moved aside and the copy takes its place. Who
runs it again after a crash goes on where it ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aineon.errors import BackupError
from aineon.ledger.audit.anchor import NO_ENTRY, Head, sync_folder
from aineon.ledger.audit.remembered import content_of, remembered_in
from aineon.ledger.backup.creating import sync_file
from aineon.ledger.backup.manifest import Kept
from aineon.ledger.backup.verifying import check_file

UNFINISHED: Final = "restore-unfinished.json"
_COMPANIONS: Final = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Restoring:
    """One restore, as its note tells it.

    Attributes:
        backup: the folder it comes from.
        aside: what the folders of moved files are called.
        present: the files that were there when it began.
    """

    backup: str
    aside: str
    present: tuple[str, ...]


def unfinished_in(folder: Path) -> Restoring | None:
    """Return the restore that was cut off in data folder `folder`; None where there is none.

    Raises:
        BackupError: its note cannot be read.
    """
    try:
        read = json.loads((folder / UNFINISHED).read_text(encoding="utf-8"))
        return Restoring(read["backup"], read["aside"], tuple(read["present"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{folder / UNFINISHED} cannot be read: {error}") from error


def put_in_place(
    backup: Path,
    targets: Mapping[Path, Kept],
    folder: Path,
    aside: str,
    finish: Callable[[], None],
) -> tuple[Path, ...]:
    """Put the files of a backup in their places; returns the folders of what was there before.

    Args:
        backup: a backup that was verified.
        targets: which file goes where.
        folder: the data folder, where the note is left.
        aside: what to call the folders that the present files are moved to.
        finish: what else belongs to it, with all files in place; it is done again after a crash.

    Raises:
        BackupError: there is no room, or another restore was cut off here.
    """
    going_on = unfinished_in(folder)
    if going_on is not None and going_on.backup != str(backup):
        raise BackupError(
            f"a restore of {going_on.backup} was cut off in {folder}; run that one again first"
        )
    try:
        staged = {
            target: _staged(backup / kept.name, kept, target) for target, kept in targets.items()
        }
        if going_on is None:
            present = tuple(str(target) for target in targets if _anything_at(target))
            going_on = Restoring(str(backup), aside, present)
            _leave_note(folder, going_on)
        for target, copy in staged.items():
            _exchange(target, copy, going_on)
        finish()
        (folder / UNFINISHED).unlink()
        sync_folder(folder)
    except OSError as error:
        raise BackupError(
            f"{backup} cannot be put in place: {error.strerror or error} ({error.filename}); "
            "nothing is lost: make room and run it again"
        ) from error
    return tuple(sorted({Path(each).parent / going_on.aside for each in going_on.present}))


def anchor_agrees(anchor: Path, head: Head) -> bool:
    """Whether the anchor in file `anchor` remembers `head`: then it stays, and is told."""
    try:
        known = remembered_in(content_of(anchor))
    except OSError as error:
        raise BackupError(f"{anchor} cannot be read: {error.strerror or error}") from error
    if known.damage or not known.present:
        return False
    return known.hashes.get(head.number, NO_ENTRY.hash) == head.hash


def _staged(source: Path, kept: Kept, target: Path) -> Path:
    copy = target.with_name(f".{target.name}.restoring")
    target.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        copy.unlink()
    try:
        shutil.copyfile(source, copy, follow_symlinks=False)
        copy.chmod(0o600)
        # What is put in place is what was verified, whatever happened to the backup since.
        check_file(copy, kept)
        sync_file(copy)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return copy


def _leave_note(folder: Path, restoring: Restoring) -> None:
    text = json.dumps(
        {
            "backup": restoring.backup,
            "aside": restoring.aside,
            "present": list(restoring.present),
            "words": "a restore is going on, or was cut off; run `aineon backup restore` again",
        }
    )
    making = folder / f"{UNFINISHED}.making"
    making.write_text(text, encoding="utf-8")
    sync_file(making)
    making.replace(folder / UNFINISHED)
    sync_folder(folder)


def _exchange(target: Path, copy: Path, restoring: Restoring) -> None:
    aside = target.parent / restoring.aside
    if str(target) in restoring.present and not os.path.lexists(aside / target.name):
        aside.mkdir(mode=0o700, exist_ok=True)
        # The database last: as long as it is in its place, its log has to be too or to follow.
        for path in _parts(target):
            if os.path.lexists(path):
                path.rename(aside / path.name)
        sync_folder(aside)
    for path in _parts(target)[:-1]:
        # Left by a run that was cut off while it finished: the log of a copy like this one.
        path.unlink(missing_ok=True)
    copy.replace(target)
    sync_folder(target.parent)


def _parts(target: Path) -> Sequence[Path]:
    return [*(target.with_name(target.name + each) for each in _COMPANIONS), target]


def _anything_at(target: Path) -> bool:
    return any(os.path.lexists(path) for path in _parts(target))
