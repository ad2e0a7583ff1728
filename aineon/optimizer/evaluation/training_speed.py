"""How long one training on many rows takes, and how much memory; in a process of its own."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from aineon.optimizer.arms import ARMS
from aineon.optimizer.evaluation.extras import TrainingSpeed
from aineon.optimizer.evaluation.walking import Progress
from aineon.optimizer.tape import Tape
from aineon.optimizer.training import LEAST_ROWS, fit

ROWS: Final = 80_000
SPEED_HOURS: Final = 8.0
"""Of the wide universe, which hold the opportunities that are needed without going through them
twice."""


def measured(tape: Tape, progress: Progress) -> TrainingSpeed:
    """Return what training on 80,000 rows takes, after a small one that loads the libraries.

    A tape with fewer is gone through again and again, which is as much work.
    """
    wanted = -(-ROWS // len(ARMS))
    long = repeated(tape, wanted)
    end = float(long.known_at[-1])
    progress("training on a few rows, to be warm")
    fit(long.rows(slice(0, 3 * LEAST_ROWS)), end)
    progress(f"training on {len(long) * len(ARMS)} rows")
    before = time.process_time()
    fit(long, end)
    seconds = time.process_time() - before
    return TrainingSpeed(len(long) * len(ARMS), seconds, most_held() / 1e6)


def repeated(tape: Tape, rows: int) -> Tape:
    """Return the newest `rows` of a tape that follows on itself as often as needed."""
    rounds = -(-rows // len(tape))
    span = float(tape.known_at[-1] - tape.times[0])
    blocks = int(tape.blocks[-1] - tape.blocks[0]) + 1
    picked = np.tile(np.arange(len(tape)), rounds)
    turn = np.repeat(np.arange(rounds), len(tape))
    columns = {
        name: getattr(tape, name)[picked]
        for name in ("features", "pairs", "net", "gas", "needed", "censored", "offered")
    }
    long = replace(
        tape,
        **columns,
        blocks=tape.blocks[picked] + turn * blocks,
        times=tape.times[picked] + turn * span,
        known_at=tape.known_at[picked] + turn * span,
        chances=None,
    )
    return long.rows(slice(len(long) - rows, None))


def most_held() -> int:
    """Return the most bytes that this process ever held since its program began.

    Linux hands what `getrusage` tells on from the process that started this one, however much
    that held; the status of the memory itself begins anew with a program.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
