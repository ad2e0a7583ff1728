"""A disk that loses its power: what was written and not synced may be gone, in any part.

`PowerLossDisk.install()` puts itself under every database that this process opens from then on:
SQLite's own files, the operating system's locks and memory maps stay as they are, but each write,
truncation, sync and deletion is noted on its way. `blow` then leaves on disk what a power cut
could leave: everything that was synced, and of the rest, sector by sector, what chance says.

It sits in the very library that Python's `sqlite3` uses, so nothing of the product is exchanged:
`ctypes` takes the default file system of SQLite, and replaces five functions in the table of each
file that it opens (https://www.sqlite.org/vfs.html).
"""

from __future__ import annotations

import ctypes
import os
import random
import sqlite3
from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p, cast
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

SECTOR: Final = 512
SQLITE_OK: Final = 0
SQLITE_IOERR_WRITE: Final = 778
SQLITE_FULL: Final = 13

_NAMING: Final = frozenset({"create", "delete"})
_JOURNALS: Final = ("-wal", "-journal")

_CLOSE = CFUNCTYPE(c_int, c_void_p)
_READ = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_char_p, c_int)


class _Methods(Structure):
    """sqlite3_io_methods, version 3; what is not touched is a bare pointer."""

    _fields_ = [
        ("version", c_int),
        ("close", _CLOSE),
        ("read", _READ),
        ("write", _WRITE),
        ("truncate", _TRUNCATE),
        ("sync", _SYNC),
        ("others", c_void_p * 13),
    ]


class _File(Structure):
    """sqlite3_file: what follows it belongs to the file system."""

    _fields_ = [("methods", POINTER(_Methods))]


class _FileSystem(Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = [
        ("version", c_int),
        ("file_size", c_int),
        ("longest_name", c_int),
        ("next", c_void_p),
        ("name", c_char_p),
        ("data", c_void_p),
        ("open", _OPEN),
        ("delete", _DELETE),
        ("others", c_void_p * 15),
    ]


@dataclass
class Image:
    """A file as the disk would have it: what is safe, and what happened since."""

    name: str
    safe: bytearray | None
    since: list[tuple[str, int, bytes]] = field(default_factory=list)

    def sync(self) -> None:
        self.safe = self.after(lambda: True)
        self.since.clear()

    @property
    def is_new(self) -> bool:
        """Whether nobody has made sure yet that its folder names it."""
        return any(kind == "create" for kind, _, _ in self.since)

    def sync_name(self) -> None:
        """Make sure that the folder names it, or does not; its content is another matter."""
        names = [place for place, (kind, _, _) in enumerate(self.since) if kind in _NAMING]
        if names:
            # What was written to a file before it was deleted went with it.
            kind = self.since[names[-1]][0]
            self.safe = bytearray() if kind == "create" else None
            del self.since[: names[-1] + 1]

    def after(self, survives: Callable[[], bool]) -> bytearray | None:
        """Return the content where `survives` says, operation by operation, what is left."""
        content = None if self.safe is None else bytearray(self.safe)
        for kind, place, data in self.since:
            if kind == "write":
                content = _written(content, place, data, survives)
            elif survives():
                content = _changed(content, kind, place)
        return content


def _changed(content: bytearray | None, kind: str, place: int) -> bytearray | None:
    if kind == "delete":
        return None
    content = bytearray() if content is None else content
    del content[place:]  # of a truncation; a creation truncates nothing
    return content


def _written(
    content: bytearray | None, place: int, data: bytes, survives: Callable[[], bool]
) -> bytearray | None:
    """Write the sectors that survive; a sector is there as a whole or not at all."""
    for first in range(0, len(data), SECTOR):
        if survives():
            content = bytearray() if content is None else content
            start, part = place + first, data[first : first + SECTOR]
            content += bytes(max(start + len(part) - len(content), 0))
            content[start : start + len(part)] = part
    return content


class PowerLossDisk:
    """Notes what happens to the databases in `folder`, and can lose what is not synced.

    Args:
        folder: the databases that count.
        on_write: called before each write, truncation and sync; may raise `OSError`, and then
            the operation fails as it does on a full or broken disk.
    """

    def __init__(self, folder: Path, on_write: Callable[[str], None] = lambda kind: None) -> None:
        self._folder = str(folder)
        self._on_write = on_write
        self._images: dict[str, Image] = {
            str(path): Image(str(path), bytearray(path.read_bytes()))
            for path in folder.iterdir()
            if path.is_file() and not path.name.endswith("-shm")
        }
        self._open: dict[int, tuple[Image, _Methods]] = {}
        self._kept: list[Any] = []
        self._tables: dict[int, tuple[_Methods, _Methods]] = {}

    def install(self) -> None:
        """Put this disk under whatever SQLite opens from now on, until the process ends.

        Raises:
            OSError: this Python's SQLite is built in and shows no functions.
        """
        library = sqlite_library()
        real = cast(library.sqlite3_vfs_find(None), POINTER(_FileSystem)).contents
        ours = _FileSystem()
        ctypes.pointer(ours)[0] = real
        ours.name = b"power-loss"
        ours.open = self._opener(real)
        ours.delete = self._deleter(real)
        self._kept += [real, ours]
        if library.sqlite3_vfs_register(ctypes.byref(ours), 1) != SQLITE_OK:
            raise OSError("SQLite did not take the file system")

    def blow(self, chance: random.Random) -> None:
        """Leave on disk what a power cut could leave."""
        # Often all of it is gone, or all is there; in between, each sector for itself.
        share = chance.choice([0.0, 0.0, 1.0, chance.random()])
        for name, image in self._images.items():
            path = Path(name)
            content = image.after(lambda: chance.random() < share)
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
            Path(f"{name}-shm").unlink(missing_ok=True)

    # --- what SQLite calls -------------------------------------------------------------------

    def _opener(self, real: _FileSystem) -> Any:
        def opened(system: int, name: int, file: int, flags: int, out: int) -> int:
            code = real.open(system, name, file, flags, out)
            path = ctypes.string_at(name).decode() if name else ""
            counts = path.startswith(self._folder) and not path.endswith("-shm")
            if code == SQLITE_OK and counts:
                image = self._images.setdefault(path, Image(path, None))
                if image.after(lambda: True) is None:
                    image.since.append(("create", 0, b""))
                handle = cast(file, POINTER(_File)).contents
                self._open[file] = (image, handle.methods.contents)
                handle.methods = ctypes.pointer(self._watched(handle.methods.contents))
            return int(code)

        return _OPEN(opened)

    def _deleter(self, real: _FileSystem) -> Any:
        def deleted(system: int, name: bytes, is_synced: int) -> int:
            code = real.delete(system, name, is_synced)
            image = self._images.get(name.decode())
            if image is not None and code == SQLITE_OK:
                image.since.append(("delete", 0, b""))
                if is_synced:
                    self._sync_folder()
            return int(code)

        return _DELETE(deleted)

    def _watched(self, real: _Methods) -> _Methods:
        """Return the table of functions that notes what happens and then does it."""
        place = ctypes.addressof(real)
        if place not in self._tables:
            ours = _Methods()
            ctypes.pointer(ours)[0] = real
            ours.write = _WRITE(self._write)
            ours.truncate = _TRUNCATE(self._truncate)
            ours.sync = _SYNC(self._sync)
            ours.close = _CLOSE(self._close)
            self._tables[place] = (ours, real)
        return self._tables[place][0]

    def _write(self, file: int, data: int, size: int, place: int) -> int:
        image, real = self._open[file]
        if self._fails("write"):
            return SQLITE_FULL
        image.since.append(("write", place, ctypes.string_at(data, size)))
        return int(real.write(file, data, size, place))

    def _truncate(self, file: int, size: int) -> int:
        image, real = self._open[file]
        if self._fails("truncate"):
            return SQLITE_IOERR_WRITE
        image.since.append(("truncate", size, b""))
        return int(real.truncate(file, size))

    def _sync(self, file: int, flags: int) -> int:
        image, _ = self._open[file]
        if self._fails("sync"):
            return SQLITE_IOERR_WRITE
        if image.is_new and image.name.endswith(_JOURNALS):
            # SQLite syncs the folder with the first sync of a new log.
            self._sync_folder()
        # It need not reach the real disk: what that would have after a power cut is known here.
        image.sync()
        return SQLITE_OK

    def _sync_folder(self) -> None:
        for image in self._images.values():
            image.sync_name()

    def _close(self, file: int) -> int:
        _, real = self._open.pop(file)
        return int(real.close(file))

    def _fails(self, kind: str) -> bool:
        try:
            self._on_write(kind)
        except OSError:
            return True
        return False


def sqlite_library() -> Any:
    """Return the library that Python's `sqlite3` is using.

    Raises:
        OSError: it is built in and shows no functions.
    """
    import _sqlite3

    for name in (getattr(_sqlite3, "__file__", None), None):
        library: Any = ctypes.CDLL(name)
        if hasattr(library, "sqlite3_vfs_register") and hasattr(library, "sqlite3_libversion"):
            library.sqlite3_libversion.restype = c_char_p
            if library.sqlite3_libversion().decode() == sqlite3.sqlite_version:
                library.sqlite3_vfs_find.restype = c_void_p
                library.sqlite3_vfs_find.argtypes = [c_char_p]
                return library
    raise OSError("the SQLite of this Python is built in, and shows no functions to others")


def is_available() -> bool:
    """Whether this Python's SQLite lets itself be watched."""
    try:
        sqlite_library()
    except (OSError, ImportError):
        return False
    return os.name == "posix"
