"""Run a module as `python -m` does, and stop when the process that started us is gone.

`python -m aineon.runtime.leash SECONDS MODULE ARGUMENTS…`: the starter holds the other end of
our standard input. Its end closes with the starter, however that died, and then this process
gets SIGTERM, and SECONDS later the end. That works on every system and leaves no orphan.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading
import time

_STDIN = 0
_KILLED = 137


def main(arguments: list[str]) -> None:
    """Run the module named in `arguments` on the leash."""
    seconds, module, *rest = arguments
    watcher = threading.Thread(target=_watch, args=(float(seconds),), name="leash", daemon=True)
    watcher.start()
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _watch(grace_seconds: float) -> None:
    # os.read, and not sys.stdin: a buffered reader's lock would block the interpreter's end.
    while os.read(_STDIN, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    os._exit(_KILLED)


if __name__ == "__main__":
    main(sys.argv[1:])
