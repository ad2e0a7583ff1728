"""A database that others hold, a file that may not grow, clocks that jump: nothing is stuck."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aineon.errors import LeaseHeld, LeaseLost, LedgerError, NonceFenced
from aineon.ledger.connect import sqlite_url
from aineon.ledger.store import BookStore
from aineon.primitives import Book, ManualClock
from aineon.sending.lease import LEASE_SECONDS
from aineon.sending.sender import FRESH_SECONDS
from aineon.sending.signer import UnsignedTransaction
from aineon.sending.standing import Standing
from tests.faults.shards import campaign
from tests.sending import engines
from tests.sending.engines import FEES, Life, open_book, payment
from tests.sending.fakes import SENDER, FakeCarrier, FakeChain, PlainSigner, recipient

NOW = 1_700_000_000.0
DAY = 86_400.0


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have databases wait a moment only for whoever holds them."""

    def opened(folder: Path) -> BookStore:
        open_book(folder).close()
        url = sqlite_url(folder / "rehearsal.db")
        return BookStore.open(url, Book.REHEARSAL, busy_timeout=0.05)

    monkeypatch.setattr(engines, "open_book", opened)


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Take the database's write lock; called again, let go of it."""
    open_book(tmp_path).close()
    other = sqlite3.connect(tmp_path / "rehearsal.db", isolation_level=None)

    def turn() -> None:
        other.execute("ROLLBACK" if other.in_transaction else "BEGIN IMMEDIATE")

    yield turn
    other.close()


async def see_final(life: Life, number: int) -> None:
    """Settle what is out, and check that it was paid once."""
    for _ in range(2):
        life.chain.mine(6)
        await life.sender.reconcile()
    status = await life.sender.status(f"withdrawal:{number}")
    assert status is not None
    assert status.standing is Standing.FINAL
    assert life.chain.received(recipient(number)) == 1


# --- a database that somebody else holds -----------------------------------------------------


async def test_a_locked_book_lets_nothing_out(tmp_path: Path, lock: Callable[[], None]) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        lock()
        with pytest.raises(LedgerError, match="is locked by another program"):
            await life.sender.send(payment())
        assert chain.submitted == 0
        lock()
        await life.sender.send(payment())
        await see_final(life, 0)


async def test_a_book_locked_while_the_answers_come(
    tmp_path: Path, lock: Callable[[], None]
) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain, public=FakeCarrier(chain, [lock])) as life:
        with pytest.raises(LedgerError, match="is locked by another program"):
            await life.sender.send(payment())
        assert chain.submitted == 1
        lock()
        again = await life.sender.send(payment())
        assert (again.version.nonce, again.version.state) == (0, "signed")
        await see_final(life, 0)


async def test_a_book_locked_while_the_chain_is_looked_at(
    tmp_path: Path, lock: Callable[[], None]
) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        await life.sender.send(payment())
        chain.mine()
        lock()
        with pytest.raises(LedgerError, match="is locked by another program"):
            await life.sender.reconcile()
        lock()
        await see_final(life, 0)


# --- a file that may not grow ----------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
def test_a_book_that_may_not_grow_lets_nothing_out() -> None:
    found = campaign("tests.faults.quota")
    assert "cannot" in found["refused"], found
    assert found["submitted"] == 0, found
    assert found["paid"] == [1], found


# --- clocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [DAY, 3650 * DAY])
async def test_a_clock_that_was_ahead_locks_no_successor_out(tmp_path: Path, ahead: float) -> None:
    chain = FakeChain()
    first = Life(tmp_path, chain, clock=ManualClock(NOW + ahead))
    await first.sender.start()
    await first.sender.send(payment())
    # It dies; the machine's clock is set right, and the next one starts.
    async with Life(tmp_path, chain, clock=ManualClock(NOW), holder="next") as life:
        await see_final(life, 0)
        with pytest.raises(LeaseLost):
            await first.sender.reconcile()
    first.store.close()


async def test_a_lease_is_held_by_clocks_that_differ_a_little(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain, clock=ManualClock(NOW + LEASE_SECONDS / 2)):
        other = Life(tmp_path, chain, clock=ManualClock(NOW), holder="other")
        with pytest.raises(LeaseHeld):
            await other.sender.start()
        await other.close()


async def test_a_released_lease_is_free_by_every_clock(tmp_path: Path) -> None:
    chain = FakeChain()
    async with Life(tmp_path, chain, clock=ManualClock(NOW + LEASE_SECONDS / 2)):
        pass
    async with Life(tmp_path, chain, clock=ManualClock(NOW), holder="next") as life:
        await life.sender.send(payment())
        await see_final(life, 0)


@pytest.mark.parametrize("jump", [-DAY, -FRESH_SECONDS, FRESH_SECONDS + 1, DAY])
async def test_after_a_jump_of_the_clock_the_chain_is_asked_anew(
    tmp_path: Path, jump: float
) -> None:
    chain, clock = FakeChain(), ManualClock(NOW)
    async with Life(tmp_path, chain, clock=clock) as life:
        chain.mine(3)
        # Somebody else has used our key meanwhile: an old count would not know.
        unsigned = UnsignedTransaction(1, 0, recipient(9), 1, b"", 21_000, FEES)
        chain.submit(PlainSigner().sign(unsigned).raw)
        chain.mine()
        clock.advance(jump)
        with pytest.raises(NonceFenced):
            await life.sender.send(payment())
        assert life.stop.state().is_set
        assert chain.count(SENDER) == 1
