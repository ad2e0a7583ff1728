"""Nodes answer wrongly in every known way, engines are killed on top, and all comes to its end."""

from __future__ import annotations

import sys

import pytest

from aineon.errors import Unavailable
from aineon.rehearsal import packages
from tests.faults.counting import flaw_of
from tests.faults.rpc import KINDS
from tests.faults.shards import campaign, divided

LIVES = "tests.faults.rpc_lives"
GATE = 2 * len(KINDS)

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork"),
    pytest.mark.usefixtures("anvil"),
    pytest.mark.timeout(1800),
]


@pytest.fixture(scope="module")
def anvil() -> None:
    try:
        packages.anvil()
    except Unavailable as why:
        pytest.skip(f"anvil is not at hand: {why}")


def test_wrong_answers_lose_nothing_and_pay_nobody_twice() -> None:
    found = divided(LIVES, "--lives", GATE)
    assert flaw_of(found) == "", found
    assert sorted(found["kinds"]) == sorted(KINDS)
    assert len(KINDS) >= 18
    assert found["paid"] == 2 * GATE
    assert found["ends"]["killed"] > 0


def test_control_an_engine_that_believes_answers_pays_twice() -> None:
    found = campaign(LIVES, "--lives", len(KINDS), "--engine", "trusting")
    assert found["double"] > 0, found
