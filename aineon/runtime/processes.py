"""Child processes that are kept alive, and stopped together.

A child is started on a leash (`aineon.runtime.leash`) in a process group of its own: Ctrl-C
reaches the supervisor alone, which then stops its children in order.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aineon.runtime import leash

REFUSED_INPUT = 2
_WINDOW_SECONDS = 600.0
_LONGEST_PAUSE_SECONDS = 30.0
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Program:
    """What a child runs: `module` with `arguments`, as `python -m` would.

    Attributes:
        restarts: how often it is restarted within ten minutes.
        essential: the others are stopped when it cannot be kept alive.
        secrets: what it finds on its standard input, as a line of JSON; it comes through a pipe,
            anew at each start, and the process is closed to others. None where it gets none.
        waits_seconds: how long it lets the others go first.
    """

    name: str
    module: str
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    restarts: int
    essential: bool
    secrets: Mapping[str, str] | None = field(default=None, repr=False)
    waits_seconds: float = 0.0


class Child:
    """One program kept alive.

    Attributes:
        finished: it ended well, by itself.
        given_up: it died more often than allowed, or refused its input.
        exit_code: of the last life; None before its end.
    """

    def __init__(self, program: Program, grace_seconds: float, say: Callable[[str], None]) -> None:
        self.program = program
        self.finished = False
        self.given_up = False
        self.exit_code: int | None = None
        self._grace = grace_seconds
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths: deque[float] = deque()
        self._start_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The running process; None where none runs."""
        return self._process.pid if self._process else None

    def tend(self, now: float) -> None:
        """Start it when that is due, and see to its end. `now` is monotonic seconds."""
        if self._start_at is None:
            self._start_at = now + self.program.waits_seconds
        if self._process is None:
            if not self.finished and not self.given_up and now >= self._start_at:
                self._process = self._start()
            return
        code = self._process.poll()
        if code is not None:
            self._let_go()
            self._ended(code, now)

    def ask_to_stop(self) -> None:
        """Ask it to stop; returns at once."""
        if self._process is None:
            return
        if sys.platform == "win32" and self._process.stdin:
            # There, `terminate` kills. The end of the leash lets it stop by itself.
            self._process.stdin.close()
        else:
            self._process.terminate()

    def stopped(self) -> bool:
        """Whether it has stopped."""
        if self._process is not None and self._process.poll() is not None:
            self._let_go()
        return self._process is None

    def kill(self) -> None:
        """End it now."""
        if self._process is not None:
            self._say(f"{self.program.name} did not stop in {self._grace:g} s and is killed")
            self._process.kill()
            self._process.wait()
            self._let_go()

    def _start(self) -> subprocess.Popen[bytes]:
        program = self.program
        kind = leash.OPEN if program.secrets is None else leash.CLOSED
        windows = sys.platform == "win32"
        process = subprocess.Popen(  # noqa: S603 (our own interpreter and modules)
            [
                *(sys.executable, "-m", leash.__name__, kind, f"{self._grace:g}"),
                *(program.module, *program.arguments),
            ],
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=not windows,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) if windows else 0,
        )
        if program.secrets is not None and process.stdin is not None:
            # One that is gone already is seen when it is tended next.
            with suppress(OSError):
                os.write(process.stdin.fileno(), json.dumps(dict(program.secrets)).encode() + b"\n")
        return process

    def _let_go(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None

    def _ended(self, code: int, now: float) -> None:
        name = self.program.name
        self.exit_code = code
        if code == 0 and not self.program.essential:
            self.finished = True
            self._say(f"{name} has finished")
            return
        if code == REFUSED_INPUT:
            self.given_up = True
            return
        self._deaths.append(now)
        while self._deaths[0] < now - _WINDOW_SECONDS:
            self._deaths.popleft()
        died = f"{name} {_how(code)}"
        if len(self._deaths) > self.program.restarts:
            self.given_up = True
            self._say(
                f"{died}; it is not restarted any more after {self.program.restarts} restarts "
                "in ten minutes"
            )
            return
        pause = min(_LONGEST_PAUSE_SECONDS, 2.0 ** (len(self._deaths) - 1))
        self._start_at = now + pause
        self._say(f"{died}; it is restarted in {pause:g} s")


def _how(code: int) -> str:
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def stop_all(children: Sequence[Child], grace_seconds: float, hurried: Callable[[], bool]) -> None:
    """Stop all children: ask, wait, then kill. `hurried` cuts the waiting short."""
    for child in children:
        child.ask_to_stop()
    # Counted, and not read from a clock: while the machine stands still, so do the children.
    looks = 0
    while not all([child.stopped() for child in children]):  # noqa: C419 (ask every one)
        if looks * _LOOK_SECONDS >= grace_seconds or hurried():
            break
        time.sleep(_LOOK_SECONDS)
        looks += 1
    for child in children:
        child.kill()


def inherited_environment() -> dict[str, str]:
    """This process's environment, with what every Python child should have."""
    return dict(os.environ) | {"PYTHONUNBUFFERED": "1"}
