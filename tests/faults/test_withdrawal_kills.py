"""Engines are killed around every commit while they carry withdrawals out; each is paid once."""

from __future__ import annotations

import sys

import pytest

from aineon.errors import Unavailable
from aineon.rehearsal import packages
from tests.faults.counting import flaw_of
from tests.faults.shards import campaign

KILLS = "tests.faults.withdrawal_kills"
GATE = 40
BATCHES = ("--together", 3)
OF_BATCHES = 12

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot fork"),
    pytest.mark.usefixtures("anvil"),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def anvil() -> None:
    try:
        packages.anvil()
    except Unavailable as why:
        pytest.skip(f"anvil is not at hand: {why}")


def test_withdrawals_are_paid_once_and_posted_once_whatever_is_killed() -> None:
    found = campaign(KILLS, "--kills", GATE)
    assert flaw_of(found) == "", found
    assert found["kills"] >= GATE
    assert found["paid"] == found["withdrawals"]


def test_control_a_cashier_that_forgets_names_pays_twice() -> None:
    found = campaign(KILLS, "--kills", 12, "--engine", "forgetful")
    assert found["double"] > 0, found


def test_batches_pay_each_of_their_withdrawals_once_whatever_is_killed() -> None:
    found = campaign(KILLS, "--kills", OF_BATCHES, *BATCHES)
    assert flaw_of(found) == "", found
    assert found["batches"] > 0, found
    assert found["paid"] == found["withdrawals"]


def test_control_a_cashier_that_takes_batches_apart_in_haste_pays_twice() -> None:
    found = campaign(KILLS, "--kills", 6, *BATCHES, "--engine", "hasty")
    assert found["double"] > 0, found
