"""A campaign that came to no end has lost nothing yet; and it has failed all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.counting import LAST_GAVE_UP, counted, flaw_of, never_to_be_paid, over_in
from tests.faults.full import Entry
from tests.sending.engines import Life, payment
from tests.sending.fakes import FakeChain

GOOD = {"paid": 3, "lost": 0, "still open": 0, "double": 0, LAST_GAVE_UP: False, "ends": {}}


async def test_what_the_books_hold_as_unresolved_is_not_lost(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        for number in (0, 1):
            await life.sender.send(payment(number))
            chain.mine(9)
            await life.sender.reconcile()
        await life.sender.send(payment(2))
    # The second is over in the books and got nothing; the third waits; the fourth is still to ask.
    got = {0: 1, 1: 0, 2: 0, 3: 0}
    found = counted(got, over_in(tmp_path))
    assert found == {"paid": 1, "lost": 1, "still open": 2, "double": 0}


def test_control_who_does_not_ask_the_books_calls_all_of_it_lost() -> None:
    found = counted({0: 2, 1: 0, 2: 0, 3: 0}, never_to_be_paid)
    assert found == {"paid": 0, "lost": 3, "still open": 0, "double": 1}


@pytest.mark.parametrize(
    ("seen", "flaw"),
    [
        ({}, ""),
        ({"lost": 1}, "lost"),
        ({"still open": 2, LAST_GAVE_UP: True}, f"still open, {LAST_GAVE_UP}"),
        ({LAST_GAVE_UP: True}, LAST_GAVE_UP),
        ({"booked otherwise": 1}, "booked otherwise"),
        ({"ends": {"killed": 9, "failed (1)": 1}}, "failed (1)"),
    ],
)
def test_a_campaign_says_by_its_own_word_why_it_failed(seen: dict[str, int], flaw: str) -> None:
    assert flaw_of(GOOD | seen) == flaw


def test_a_control_must_find_what_the_campaign_must_not() -> None:
    control = Entry("two books", 9, lambda _: {}, fails_by=("double", "stopped"))
    assert control.flaw(GOOD | {"stopped": False}) == "the control found nothing"
    assert control.flaw(GOOD | {"stopped": True}) == ""
    assert control.flaw(GOOD | {"stopped": False, "double": 1}) == ""
