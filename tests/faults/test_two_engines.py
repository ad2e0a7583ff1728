"""Two engines at once, as processes: one lease, one book, and nobody is paid twice."""

from __future__ import annotations

import sys

import pytest

from aineon.errors import Unavailable
from aineon.rehearsal import packages
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
    assert (found["lost"], found["double"], found["stopped"]) == (0, 0, False), found
    # Started together, one must go; started later by its clock, the other one must.
    assert found["ends"]["gave up"] >= 2, found
    assert found["failed"] == 0, found


def test_control_two_engines_with_a_book_each_are_not_so_well() -> None:
    """They pay twice, or the nonce fence of one sees the other's payment and stops it in time."""
    found = campaign(PAIRS, "--rounds", ROUNDS, "--books", "apart")
    assert (found["lost"], found["double"], found["stopped"]) != (0, 0, False), found
