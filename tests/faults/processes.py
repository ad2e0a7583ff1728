"""Lives as processes: forked from one that has everything imported, ended by SIGKILL."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aineon.errors import AineonError
from aineon.sending.crashpoints import CrashPoint

BASE = 1_700_000_000.0
"""When lives begin, in seconds since the epoch."""
LIVED = 0
GAVE_UP = 3
"""The engine ended in order: another one holds the lease, or the stop is set."""
KILLED = -signal.SIGKILL


class Unended(AineonError):
    """The last life had no time left, and something that is wanted has not come to its end."""


class Bomb:
    """Ends the process at the n-th time that a crash point is passed."""

    def __init__(self, point: CrashPoint | None, count: int = 1) -> None:
        self.point = point
        self._left = count

    def __call__(self, point: CrashPoint) -> None:
        if point is self.point:
            self._left -= 1
            if self._left == 0:
                kill_ourselves()


def kill_ourselves() -> None:
    """End this process as a power switch or the kernel would: nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def in_child(work: Callable[[], None]) -> int:
    """Fork, do `work` there, and return the child's process id.

    What was imported is shared. The garbage collector leaves it alone: looking at an object
    copies its page.
    """
    gc.freeze()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = LIVED
    except AineonError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        code = GAVE_UP
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stderr.flush()
        os._exit(code)


def word_of(code: int) -> str:
    """Return how a life ended, in a word."""
    return {LIVED: "lived", GAVE_UP: "gave up", KILLED: "killed"}.get(code, f"failed ({code})")


def ended(child: int) -> int:
    """Wait for a child; return its code, or minus the signal that ended it."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for databases: in memory where there is some, because kills do not test disks."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="aineon-", dir=memory) as folder:
        yield Path(folder)
