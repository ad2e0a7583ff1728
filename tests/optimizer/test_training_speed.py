"""The memory of a training is that of its own process, whoever started it."""

from __future__ import annotations

import subprocess
import sys

import pytest

HELD = 400 * 2**20

TELLS = """
import resource
from aineon.optimizer.evaluation.training_speed import most_held
inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
own = most_held()
held = bytearray(b"1") * (64 * 2**20)
print(inherited, own, most_held())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is inherited")
def test_memory_of_whoever_started_it_does_not_count() -> None:
    held = b"1" * HELD
    told = subprocess.run([sys.executable, "-c", TELLS], stdout=subprocess.PIPE, check=True)
    inherited, before, after = map(int, told.stdout.split())
    assert inherited > len(held), "the control: this is what `getrusage` hands on"
    assert before < HELD / 2
    assert after >= before + 60 * 2**20, "what it holds itself does count"
