"""Run a module as `python -m` does, and stop when the process that started us is gone.

`python -m aineon.runtime.leash KIND SECONDS MODULE ARGUMENTS…`: the starter holds the other end
of our standard input. Its end closes with the starter, however that died, and then this process
gets SIGTERM, and SECONDS later the end. That works on every system and leaves no orphan.

KIND is `open`, or `closed` for a process that holds secrets: it cannot be read by others, and
the first line that comes down the leash is the module's whole standard input. So secrets reach
it through a pipe that two processes have, and stand in no environment and on no command line.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable

from aineon.runtime.undumpable import forbid_dumps

OPEN = "open"
CLOSED = "closed"

_STDIN = 0
_KILLED = 137
_CHUNK = 1 << 16


def main(arguments: list[str]) -> None:
    """Run the module named in `arguments` on the leash."""
    kind, seconds, module, *rest = arguments
    leash = _STDIN
    if kind == CLOSED:
        # Before there is anything to read.
        forbid_dumps()
        leash = _hand_on_first_line()
    _in_background("leash", _watch, leash, float(seconds))
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _hand_on_first_line() -> int:
    """Make the leash's first line the standard input; returns where the leash is now."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(_STDIN, _CHUNK)
        if not part:
            # The starter is gone already.
            os._exit(_KILLED)
        line += part
    leash = os.dup(_STDIN)
    read_end, write_end = os.pipe()
    os.dup2(read_end, _STDIN)
    os.close(read_end)
    _in_background("handover", _feed, write_end, line)
    return leash


def _feed(write_end: int, line: bytes) -> None:
    with open(write_end, "wb") as pipe:
        pipe.write(line)


def _watch(leash: int, grace_seconds: float) -> None:
    # os.read, and not sys.stdin: a buffered reader's lock would block the interpreter's end.
    while os.read(leash, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    os._exit(_KILLED)


def _in_background(name: str, work: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, name=name, daemon=True).start()


if __name__ == "__main__":
    main(sys.argv[1:])
