"""FolderLock: one process of a kind in a data folder.

The operating system lets go of the lock when its holder dies, so a lock file that a crash left
behind is stale by itself; the pid in it is for the message only.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from aineon.errors import StartError

if sys.platform == "win32":
    import msvcrt

    # Locked far behind the pid, because Windows lets nobody else read what is locked.
    _LOCKED_BYTE = 1 << 20

    def _take(descriptor: int) -> None:
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def _take(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderLock:
    """Holds `folder`/`name`.lock as long as it is open; use it with `with`.

    Raises:
        StartError: on entering, where another process holds it, or the folder cannot be
            written.
    """

    def __init__(self, folder: Path, name: str, holder: str) -> None:
        self._path = folder / f"{name}.lock"
        self._holder = holder
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StartError(
                f"data folder {self._path.parent} cannot be written: {error.strerror or error}; "
                "name another one in AINEON_DATA_DIR."
            ) from error
        try:
            _take(descriptor)
        except OSError as error:
            pid = os.read(descriptor, 20).decode(errors="replace").strip()
            os.close(descriptor)
            raise StartError(
                f"{self._holder}{f' (process {pid})' if pid else ''} already works in data "
                f"folder {self._path.parent}; stop it, or name another one in AINEON_DATA_DIR."
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
