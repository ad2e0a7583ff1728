"""What a rehearsal left open on a chain that is gone is settled, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from aineon.errors import MixedBooks
from aineon.execution.live.ended_chains import settle_ended_chains
from aineon.ledger.reading import BookReader
from aineon.ledger.store import BookStore
from aineon.primitives import Book, ManualClock
from aineon.sending.states import TransactionState
from tests.execution.live.rig import Rig

CLOCK = ManualClock(1.7e9)


def ended(chain_id: int) -> bool:
    return True


def lasting(chain_id: int) -> bool:
    return False


async def booked(rig: Rig) -> str:
    """An attempt that is in flight, and that the book knows of."""
    attempt = await rig.attempt(rig.profit().plan)
    rig.store.write(attempts=[rig.record_of(attempt)])
    return attempt.attempt_id


async def test_an_attempt_in_flight_on_an_ended_chain_is_unresolved(rig: Rig) -> None:
    name = await booked(rig)
    # The control: on a chain that goes on, it stays open, however often somebody looks.
    assert settle_ended_chains(rig.store, lasting, CLOCK) == 0
    assert [each.attempt_id for each in rig.store.unsettled()] == [name]
    (sent,) = await rig.sender.may_land()

    assert settle_ended_chains(rig.store, ended, CLOCK) == 1
    assert settle_ended_chains(rig.store, ended, CLOCK) == 0
    with BookReader.of(rig.store) as book:
        (trade,) = book.trades()
        assert book.pending() == ()
    settled = trade.settlement
    assert settled is not None
    assert (settled.outcome, settled.reason) == ("unresolved", "its chain has ended")
    # Unknown is not nothing.
    assert (settled.net, settled.gas_cost, settled.verification) == (None, None, None)
    assert (settled.chain_id, settled.transaction_hash) == (rig.reader.chain_id, sent.hash)
    assert await rig.sender.may_land() == ()
    assert rig.store.unsettled() == []


async def test_what_was_mined_there_stays_mined(rig: Rig) -> None:
    name = await booked(rig)
    await rig.block()
    await rig.look()
    settle_ended_chains(rig.store, ended, CLOCK)
    (version,) = rig.sender.outbox.versions(name)
    assert version.state is TransactionState.FINALISED
    assert version.landing is not None


async def test_what_is_settled_is_left_as_it_is(rig: Rig) -> None:
    name = await booked(rig)
    await rig.block()
    await rig.until_settled(name)
    with BookReader.of(rig.store) as book:
        before = list(book.trades())
    assert settle_ended_chains(rig.store, ended, CLOCK) == 0
    with BookReader.of(rig.store) as book:
        assert list(book.trades()) == before


@pytest.mark.parametrize("book", [Book.LIVE, Book.SIMULATION])
def test_no_other_books_chain_ends(book: Book, tmp_path: Path) -> None:
    with (
        BookStore.open(f"sqlite:///{tmp_path}/book.db", book) as store,
        pytest.raises(MixedBooks, match=f"the {book.value} book's chain does not end"),
    ):
        settle_ended_chains(store, ended, CLOCK)
