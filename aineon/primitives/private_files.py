"""Files that hold secrets: read only where nobody else can, written whole or not at all.

The rule for reading is the one PostgreSQL has for its keys: a file of our own is for us alone
(0600); a file of root's may be open to our group besides (0640), because that is how secrets are
mounted for us. Systems without such modes are trusted to guard the folder.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from aineon.base_error import UnsafeFile

_ROOT: Final = 0
_CHUNK: Final = 1 << 16
# Windows would rewrite the ends of lines.
_AS_IT_IS: Final = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def read_private(path: Path, at_most: int) -> bytes:
    """Return what `path` holds.

    A pipe is read to its end (`<(pass show aineon)` in a shell is one): it has no mode to check.

    Args:
        path: the file.
        at_most: how many bytes it may hold.

    Raises:
        UnsafeFile: others may read it, or it belongs to somebody else; or it is not a file, or
            longer than that.
        OSError: it is not there, or cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | _AS_IT_IS)
    try:
        # The open file is looked at, and not its name, which may mean another one by now.
        state = os.fstat(descriptor)
        if stat.S_ISREG(state.st_mode):
            _refuse_exposed(path, state)
        elif not stat.S_ISFIFO(state.st_mode):
            raise UnsafeFile(f"{path} is not a file")
        content = _read(descriptor, at_most + 1)
    finally:
        os.close(descriptor)
    if len(content) > at_most:
        raise UnsafeFile(f"{path} is longer than {at_most} bytes, so it is not what it should be")
    return content


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that its owner alone can read, durably; its folder is made for it.

    Whoever looks finds the whole file, or none.

    Raises:
        FileExistsError: there is a file already; it is left as it is.
        OSError: it cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = _written_beside(path, content)
    try:
        _give_new_name(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)


def replace_private(path: Path, content: bytes) -> None:
    """Put a file that its owner alone can read in the place of `path`, in one step and durably.

    Raises:
        OSError: it cannot be written; what was there is left as it is.
    """
    beside = _written_beside(path, content)
    try:
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _written_beside(path: Path, content: bytes) -> Path:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _AS_IT_IS, 0o600)
    try:
        _write(descriptor, content)
        os.fsync(descriptor)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    return beside


def _give_new_name(beside: Path, path: Path) -> None:
    try:
        # Unlike a rename, it does not displace what is there.
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:
        # FAT has no links. Who claims the name first may rename; the other one is refused.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        beside.replace(path)


def _refuse_exposed(path: Path, state: os.stat_result) -> None:
    if os.name != "posix":
        return
    me = os.geteuid()
    if state.st_uid not in (me, _ROOT) and me != _ROOT:
        raise UnsafeFile(
            f"{path} belongs to another user, who could change it; allowed is a file of your own "
            "or of root"
        )
    foreign = state.st_uid != me
    allowed = 0o640 if foreign else 0o600
    mode = stat.S_IMODE(state.st_mode)
    if mode & 0o077 & ~allowed:
        raise UnsafeFile(
            f"{path} can be read or written by other users (mode {mode:04o}); allowed is "
            f"{allowed:04o} or less: `chmod {allowed & 0o770:o} {path}`"
        )


def _read(descriptor: int, at_most: int) -> bytes:
    parts: list[bytes] = []
    left = at_most
    while left and (part := os.read(descriptor, min(left, _CHUNK))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _write(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(folder: Path) -> None:
    """Make a renamed name durable; Windows has no such call, and needs none."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
