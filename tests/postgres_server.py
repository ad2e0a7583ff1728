"""A PostgreSQL server of the tests' own: on a socket in a folder, gone when they end."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

SERVER_USER = "postgres"
_PROGRAMS = ("initdb", "postgres", "pg_ctl")
_MEMORY = Path("/dev/shm")
_MOST_BYTES = 8 * 2**30
# What only a power cut could lose need not be on the disk here.
_OPTIONS = ("-c", "fsync=off", "-c", "max_connections=100", "-c", "listen_addresses=")


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server and yield the URL of its one database; skip where there is no PostgreSQL."""
    programs = {name: _program(name) for name in _PROGRAMS}
    user = _unprivileged()
    with tempfile.TemporaryDirectory(prefix="pg", dir=_place()) as folder:
        home = Path(folder)
        data = home / "data"
        if user:
            os.chown(home, pwd.getpwnam(user).pw_uid, -1)
        name = user or getpass.getuser()
        _run(programs["initdb"], "-D", data, "-U", name, "-A", "trust", "--no-sync", user=user)
        control = (programs["pg_ctl"], "-D", data, "-w", "-l", home / "log")
        options = " ".join((*_OPTIONS, "-k", str(home)))
        _run(*control, "-o", options, "start", user=user)
        try:
            yield f"postgresql://{name}@/postgres?host={quote(str(home))}"
        finally:
            _run(*control, "-m", "immediate", "stop", user=user)


def _place() -> str:
    """Return a folder whose path is short, as a socket's must be, and open to the server's user.

    In memory where there is room: each book is a schema of two hundred files, and to delete those
    of two thousand tests has taken disks five minutes.
    """
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _MOST_BYTES
    return str(_MEMORY) if in_memory else "/tmp"


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
        if not beside:
            pytest.skip(f"there is no PostgreSQL on this machine: {name} is not found")
        found = str(beside[-1])
    return found


def _unprivileged() -> str | None:
    """Whom the server is to run as: it refuses to be root."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(SERVER_USER)
    except KeyError:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    return SERVER_USER


def _run(*command: Any, user: str | None) -> None:
    done = subprocess.run(
        [str(part) for part in command],
        user=user,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.decode(errors='replace')[-500:]}")
