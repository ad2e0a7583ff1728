"""Run a program for somebody else, and end it when that somebody is gone.

`python guard.py PROGRAM ARGUMENTS…`: whoever starts us holds the other end of our standard
input. It closes with its holder, however that died, and then the program is ended. Should we be
killed ourselves, Linux ends the program; the thread that starts it here lives as long as we do,
which is what the kernel asks for. Our output is one line: the port that anvil says it listens
on, or its last words. Standard library only, and no import of AINEON: it starts in no time.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque

_STDIN = 0
_PR_SET_PDEATHSIG = 1
_PATIENCE_SECONDS = 5
_WORDS_KEPT = 20
_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")


def main(command: list[str]) -> int:
    """Run `command` until it ends or our standard input does."""
    # No thread runs yet, which is what makes `preexec_fn` safe.
    child = subprocess.Popen(  # noqa: S603 (the program that our starter names)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=_die_with_us if sys.platform == "linux" else None,  # noqa: PLW1509
    )
    threading.Thread(target=_watch, args=(child,), daemon=True).start()
    last: deque[str] = deque(maxlen=_WORDS_KEPT)
    told = False
    assert child.stdout is not None
    # It writes a line for each request, and would stop at a pipe that nobody empties.
    for line in child.stdout:
        found = None if told else _LISTENING.search(line)
        if found:
            sys.stdout.write(f"{found[1]}\n")
            sys.stdout.flush()
            told = True
        last.append(line.strip())
    if not told:
        errors = [line for line in last if line.lower().startswith("error")]
        sys.stdout.write(" / ".join(errors or filter(None, last)) + "\n")
    return child.wait()


def _die_with_us() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch(child: subprocess.Popen[str]) -> None:
    while os.read(_STDIN, 1024):
        pass
    child.terminate()
    try:
        child.wait(_PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
