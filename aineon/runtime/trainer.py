"""The training process: trains models from a book's samples, and lets them compete.

A program of the supervisor, at the lowest priority and with one thread; nothing waits for it. What
it leaves behind is files: a model is written whole before it is named the champion, so it may be
killed at any moment. It stays warm between cycles, because loading what trains takes longer than
most trainings.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from aineon.errors import AineonError, LedgerNotFound
from aineon.runtime.logs import set_up_logging
from aineon.runtime.settings import load_settings
from aineon.runtime.training import Bench

LEAST_PRIORITY: Final = 19
AUTOGROUP: Final = Path("/proc/self/autogroup")
"""How nice the whole session is, on a Linux that weighs sessions."""
LOOK_SECONDS: Final = 10.0
"""How often it is looked whether an alarm asks for a training before the next regular one."""

_LOG: Final = logging.getLogger("aineon.runtime.trainer")


class Cycles:
    """When cycles begin: one period after the other, and what would overlap is left out.

    Args:
        period: seconds between two beginnings.
        now: seconds of a clock that never goes back; the first cycle is due at once.
    """

    def __init__(self, period: float, now: float) -> None:
        self._period = period
        self._due = now

    def wait(self, now: float) -> float:
        """Seconds until the next cycle may begin; 0 where it may now."""
        return max(self._due - now, 0.0)

    def begun(self, now: float) -> None:
        """A cycle begins, because it was due or because an alarm asks for it."""
        self._due = now + self._period

    def left_out(self, now: float) -> int:
        """Leave out the cycles that should have begun meanwhile; returns how many those are."""
        late = max(math.ceil((now - self._due) / self._period), 0)
        self._due += late * self._period
        return late


def train_for_ever(bench: Bench, period: float, sleep: Callable[[float], None]) -> None:
    """Train in cycles until the process ends; whatever fails in one, the next one comes."""
    cycles = Cycles(period, time.monotonic())
    told = ""
    while True:
        while (seconds := cycles.wait(time.monotonic())) and not _is_wanted(bench):
            sleep(min(seconds, LOOK_SECONDS))
        cycles.begun(time.monotonic())
        words = _cycle(bench)
        if words != told:
            _LOG.info("%s", words)
        told = words
        if late := cycles.left_out(time.monotonic()):
            _LOG.warning("training took so long that %d cycles were left out", late)


def _is_wanted(bench: Bench) -> bool:
    """Whether an alarm asks for a training; not, where nobody can say."""
    try:
        return bench.is_wanted()
    except AineonError:
        return False
    except Exception:  # noqa: BLE001 (whatever it is, the regular trainings go on)
        _LOG.exception("whether a training is wanted cannot be told; the regular ones go on")
        return False


def _cycle(bench: Bench) -> str:
    try:
        return bench.cycle()
    except LedgerNotFound:
        return "nothing was learned yet: the engine has not begun its book"
    except AineonError as error:
        return f"nothing could be trained: {error}"
    except Exception as error:  # noqa: BLE001 (whatever fails in a training, the next one comes)
        _LOG.exception("a training failed; the next one comes")
        return f"nothing could be trained: {type(error).__name__}: {error}"


def forgo_priority() -> None:
    """Let everybody else go first, where the system knows of such a thing.

    Linux may weigh sessions against each other, and who is nice only within his own: the
    supervisor gives each program a session, so this one's has to be nice as a whole.
    """
    if not hasattr(os, "nice"):
        return
    with suppress(OSError):
        os.nice(LEAST_PRIORITY)
    if AUTOGROUP.exists() and os.getsid(0) == os.getpid():
        with suppress(OSError):
            AUTOGROUP.write_text(str(LEAST_PRIORITY))


def main() -> None:
    """Train for the settings that the environment holds, until the process is ended."""
    forgo_priority()
    settings = load_settings()
    set_up_logging(settings)
    train_for_ever(Bench(settings), settings.optimizer_cycle_minutes * 60.0, time.sleep)


if __name__ == "__main__":
    main()
