"""Two engines at once, as processes: one lease, one book, and nobody is paid twice."""

from __future__ import annotations

import sys

import pytest

from aineon.errors import Unavailable
from aineon.rehearsal import packages
from tests.faults.counting import flaw_of
from tests.faults.shards import campaign

PAIRS = "tests.faults.pairs"
ROUNDS = 8

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


def test_two_engines_on_one_book_pay_once() -> None:
    found = campaign(PAIRS, "--rounds", ROUNDS)
    assert flaw_of(found) == "", found
    # Started together, one must go; started later by its clock, the other one must.
    assert found["ends"]["gave up"] >= 2, found


def test_control_two_engines_with_a_book_each_pay_twice() -> None:
    """Where an operator vouches for what the nonce fence of one saw the other one pay."""
    found = campaign(PAIRS, "--rounds", ROUNDS, "--books", "apart")
    assert found["double"] > 0, found
    assert found["failed"] == 0, found
