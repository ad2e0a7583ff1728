"""Locks on files: one holder at a time, between threads as well as between processes.

The operating system lets go of the lock when its holder dies, so a lock file that a crash left
behind is stale by itself.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_LOOK_SECONDS: Final = 0.01
# Windows says the latter two. All else, as of a file system without locks, passes by no waiting.
_HELD: Final = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})

if sys.platform == "win32":
    import msvcrt

    # Locked far behind what the file says, because Windows lets nobody else read what is locked.
    _LOCKED_BYTE = 1 << 20

    def take(descriptor: int) -> None:
        """Lock an open file until it is closed.

        Raises:
            OSError: somebody else holds it.
        """
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)

else:
    import fcntl

    def take(descriptor: int) -> None:
        """Lock an open file until it is closed.

        Raises:
            OSError: somebody else holds it.
        """
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def locked(path: Path, patience: float) -> Iterator[None]:
    """Hold the lock on `path`, a file that is made for it and stays.

    Args:
        path: the lock file.
        patience: seconds to wait for another holder.

    Raises:
        TimeoutError: another one held it all that time.
        OSError: the file cannot be made, or cannot be locked by anybody.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take_within(descriptor, path, patience)
        yield
    finally:
        os.close(descriptor)


def _take_within(descriptor: int, path: Path, patience: float) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            take(descriptor)
        except OSError as error:
            if error.errno not in _HELD:
                raise
            if time.monotonic() >= until:
                raise TimeoutError(f"{path} is held by somebody else") from error
            time.sleep(_LOOK_SECONDS)
        else:
            return
