"""Manifest: what is in a backup, and how each file must look."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from aineon.errors import BackupError

MANIFEST: Final = "manifest.json"
FORM: Final = "aineon backup 1"
_LARGEST_MANIFEST: Final = 1 << 20
_CHUNK: Final = 1 << 20
# One plain name: no folder, no way up, nothing hidden.
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,60}\.(db|anchor|json)", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Kind(StrEnum):
    """What a file of a backup is."""

    DATABASE = "database"
    ANCHOR = "anchor"
    KEYSTORE = "keystore"


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of a backup.

    Attributes:
        name: in the backup's folder.
        size: in bytes.
        schema: newest migration of a database; empty for other files.
    """

    name: str
    kind: Kind
    sha256: str
    size: int
    schema: str = ""

    @property
    def database(self) -> str:
        """The name of the database: `control`, or a book's."""
        return self.name.removesuffix(".db")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        created_at: seconds since the Unix epoch.
        version: of AINEON, when it was made.
        audit_head: number and hash of the audit's newest entry in it.
    """

    created_at: float
    version: str
    audit_head: str
    files: tuple[Kept, ...]

    @property
    def databases(self) -> tuple[Kept, ...]:
        """The databases in it."""
        return tuple(each for each in self.files if each.kind is Kind.DATABASE)

    def text(self) -> str:
        """Return the content of the manifest's file."""
        return json.dumps({"form": FORM} | asdict(self), indent=1, sort_keys=True) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of the backup in `folder`.

    Raises:
        BackupError: it is missing, or no manifest of ours.
    """
    path = folder / MANIFEST
    if not folder.is_dir():
        raise BackupError(f"{folder} is no backup: it is not a folder")
    require_plain_file(path)
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_MANIFEST + 1)
        read = json.loads(content) if len(content) <= _LARGEST_MANIFEST else None
        if not isinstance(read, dict) or read.get("form") != FORM:
            raise BackupError(f"{path} is not the manifest of a backup that this version reads")
        return _manifest(read)
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BackupError(f"{path} is not a whole manifest: {error}") from error


def _manifest(read: Mapping[str, Any]) -> Manifest:
    files = tuple(_kept(each) for each in read["files"])
    names = [each.name for each in files]
    if len(set(names)) != len(names):
        raise ValueError("it names a file twice")
    head = read["audit_head"]
    if not isinstance(head, str):
        raise TypeError("its audit head is no text")
    return Manifest(float(read["created_at"]), str(read["version"]), head, files)


def _kept(read: Mapping[str, Any]) -> Kept:
    name, size = read["name"], read["size"]
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == MANIFEST:
        raise ValueError(f"{name!r} is not the name of a file that a backup holds")
    if not _SHA256.fullmatch(str(read["sha256"])) or type(size) is not int or size < 0:
        raise ValueError(f"digest and size of {name} are not such")
    return Kept(name, Kind(read["kind"]), read["sha256"], size, str(read["schema"]))


def require_plain_file(path: Path) -> None:
    """Check that `path` is a file itself, and no link to one somewhere else.

    Raises:
        BackupError: it is not.
    """
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise BackupError(f"{path} is missing: {error.strerror or error}") from error
    if not stat.S_ISREG(mode):
        raise BackupError(f"{path} is not a plain file; a backup holds no links and no folders")


def digest_of(path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size of a file, which is not a link.

    Raises:
        OSError: it cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size
