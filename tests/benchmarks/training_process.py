"""Trains on 80,000 rows and prints what it took; a process of its own has its own memory."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import numpy as np

from aineon.optimizer.evaluation.training_speed import measured
from aineon.optimizer.tape import Tape
from tests.optimizer.synthetic import synthetic_tape

FEATURES = 70
OPPORTUNITIES = 5000


@cache
def wide_tape(rows: int) -> Tape:
    """A tape with as many features as the engine has; most of them are noise."""
    tape = synthetic_tape(6, rows)
    noise = np.random.default_rng(0).normal(size=(rows, FEATURES - len(tape.names)))
    names = (*tape.names, *(f"noise_{number}" for number in range(noise.shape[1])))
    return replace(tape, names=names, features=np.concatenate([tape.features, noise], axis=1))


if __name__ == "__main__":
    found = measured(wide_tape(OPPORTUNITIES), lambda _: None)
    print(json.dumps({"seconds": found.seconds, "bytes": found.megabytes * 1e6}))
