"""Engines are killed at every crash point; the chain's balances say who was paid how often."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.sending.lives import POINTS
from tests.tooling.locks import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork")


def campaign(*options: str) -> dict[str, Any]:
    """Run lives in a process of their own: a fork wants a process without threads."""
    command = [sys.executable, "-m", "tests.sending.lives", *options]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_no_payment_is_lost_or_made_twice() -> None:
    found = campaign("--lives", "42", "--seed", "7")
    assert (found["lost"], found["double"], found["failed"]) == (0, 0, 0)
    assert found["paid"] == 84
    assert not found["stopped"]
    # Every point was one at which something died.
    assert set(found["kills"]) == {point.value for point in POINTS}
    assert min(found["kills"].values()) > 0


def test_control_send_then_record_pays_twice() -> None:
    found = campaign("--lives", "28", "--seed", "7", "--engine", "naive")
    assert found["double"] > 0
