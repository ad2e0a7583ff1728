"""Who was paid how often, and of whom was not: whether that is lost or only not over yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from aineon.ledger.store import BookStore
from aineon.primitives import Address, SystemClock
from aineon.sending.lease import Lease, Party
from aineon.sending.outbox import Outbox
from aineon.sending.standing import Standing
from tests.sending.engines import open_book, payment

LAST_GAVE_UP: Final = "the last life gave up"
"""What a campaign says that came to no end, whatever it says of payments."""
_WRONG: Final = (
    *("lost", "double", "still open", LAST_GAVE_UP),
    *("failed", "stopped", "stops", "booked otherwise"),
)

Over = Callable[[Collection[int]], Collection[int]]
"""Tells which of these payments are over for their payer: nobody asks for them again."""


def never_to_be_paid(numbers: Collection[int]) -> Collection[int]:
    """Where nobody is left to pay: whoever was not paid never will be."""
    return numbers


def over_in(folder: Path) -> Over:
    """Return what the outbox in this folder says."""

    def over(numbers: Collection[int]) -> Collection[int]:
        names = {payment(number).intent_id: number for number in numbers}
        with open_book(folder) as store:
            standings = _outbox(store).standings(list(names))
        ends = {Standing.FINAL, Standing.CANCELLED}
        return {names[name] for name, sent in standings.items() if sent.standing in ends}

    return over


def _outbox(store: BookStore) -> Outbox:
    """One to read in; it never holds the lease."""
    nobody = Party(0, Address("0x" + "0" * 40))
    lease = Lease(store.place, store.engine, nobody, "the count", SystemClock())
    return Outbox(store, lease, lambda: None)


def counted(got: Mapping[int, int], over: Over, once: int = 1) -> dict[str, int]:
    """Count what payments brought, of which each was to bring `once`, in wei.

    Lost is what the payer takes for done and nobody got. What the payer still means to do is
    "still open": a campaign that ends with any has failed too, and nothing is lost.
    """
    unpaid = [number for number, amount in got.items() if not amount]
    done = over(unpaid) if unpaid else ()
    lost = sum(number in done for number in unpaid)
    return {
        "paid": list(got.values()).count(once),
        "lost": lost,
        "still open": len(unpaid) - lost,
        "double": sum(amount > once for amount in got.values()),
    }


def flaw_of(found: Mapping[str, Any]) -> str:
    """Return what is wrong with what a campaign found; empty where all is as it must be."""
    wrong = [name for name in _WRONG if found.get(name)]
    wrong += [end for end in found.get("ends", {}) if end.startswith("failed")]
    return ", ".join(wrong)
