"""Reconciliation: what is on chain, what the books say, and what a difference leads to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aineon.errors import ChainError, LedgerError, MixedBooks, SafetyError
from aineon.ledger.accounts import NATIVE, standing, wallet
from aineon.ledger.accounts.names import FUNDING, SUSPENSE
from aineon.ledger.accounts.reading import AccountsReader, Reconciliation
from aineon.ledger.accounts.standing import keep
from aineon.ledger.reading import BookReader
from aineon.ledger.reconciling import PATIENCE_BLOCKS, WHO, Reconciler
from aineon.ledger.store import BookStore
from aineon.primitives import Address, Book, Token
from aineon.safety import Stop, StopFile
from tests.databases import database_url
from tests.ledger.accounts.chain import (
    CHAIN_ID,
    OPERATOR,
    TREASURY,
    BalanceChain,
    attempted,
    begin,
    hash_of,
    open_rehearsal,
    settled,
    sign,
)
from tests.ledger.booked import USDC, WETH, open_book, reader_of, scratch_book

EVERY = 10


class Office:
    """A book, a chain, a stop, and who compares them."""

    def __init__(self, store: BookStore, folder: Path) -> None:
        self.store = store
        self.chain = BalanceChain()
        self.stop = Stop([StopFile(folder / "STOP")])
        self.run_id = begin(store)
        self.reconciler = self.another()
        self.head = 74

    def another(self) -> Reconciler:
        chain: Any = self.chain
        return Reconciler(
            chain, self.store, self.stop, EVERY, holders=self._holders, tokens=(WETH,)
        )

    async def _holders(self, block_hash: str) -> tuple[Address, ...]:
        self.chain.asked.add(block_hash)
        return OPERATOR, TREASURY

    async def look(self) -> Reconciliation | None:
        return await self.reconciler.look(self.head)

    async def later(self) -> Reconciliation | None:
        """Look when the next comparison is due."""
        self.head += EVERY
        assert self.chain.final is not None
        self.chain.final += EVERY
        return await self.look()

    async def opened(self) -> None:
        """Take a million wei of ether and a thousand wei of WETH over into the books."""
        self.chain.ether[OPERATOR] = 10**6
        self.chain.give(TREASURY, WETH, 1_000)
        found = await self.look()
        assert found is not None
        assert found.verdict == "opened"

    def trade(self, number: int, block: int, nonce: int) -> None:
        """A trade that the chain, the outbox and the book know."""
        sign(self.store, number, nonce=nonce, block=block)
        self.settle(number, block)
        self.mined(nonce)

    def settle(self, number: int, block: int) -> None:
        record = settled(number, block=block)
        self.store.write(attempts=[attempted(self.run_id, number)], settlements=[record])

    def mined(self, nonce: int) -> None:
        """What a trade does on the chain: 97 wei of WETH earned, 7 of gas paid."""
        self.chain.nonces[OPERATOR] = nonce + 1
        self.chain.ether[OPERATOR] -= 7
        self.chain.give(TREASURY, WETH, self.chain.tokens[TREASURY, WETH.address] + 97)

    def balance(self, account: str, token: Token) -> int:
        reader = AccountsReader(reader_of(self.store))
        assert reader.unbalanced() == ()
        found = {(each.account, each.token): each.amount for each in reader.balances()}
        return found.get((account, token), 0)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with scratch_book(Book.REHEARSAL) as store:
        yield Office(store, tmp_path)


async def test_the_first_look_takes_the_chains_balances_over(office: Office) -> None:
    await office.opened()
    assert office.balance(wallet(OPERATOR), NATIVE) == 10**6
    assert office.balance(wallet(TREASURY), WETH) == 1_000
    assert (office.balance(FUNDING, NATIVE), office.balance(FUNDING, WETH)) == (-(10**6), -1_000)
    reader = AccountsReader(reader_of(office.store))
    opened = {each.account for each in reader.balances() if each.opened_block == 10}
    assert opened == {wallet(OPERATOR), wallet(TREASURY)}
    latest = reader.latest_reconciliation()
    assert latest is not None
    assert (latest.balances, latest.block_number, latest.block_hash) == (4, 10, hash_of(10))


async def test_everything_is_read_at_one_final_block(office: Office) -> None:
    await office.opened()
    assert office.chain.asked == {hash_of(10)}


async def test_what_was_earned_and_paid_agrees(office: Office) -> None:
    await office.opened()
    office.trade(1, block=15, nonce=0)
    found = await office.later()
    assert found is not None
    assert (found.verdict, found.words) == (
        "agreed",
        "books and chain agree on 4 balances at block 20",
    )
    assert not office.stop.state().is_set


async def test_trades_before_the_first_look_are_no_funding(office: Office) -> None:
    office.chain.ether[OPERATOR] = 10**6
    office.chain.give(TREASURY, WETH, 1_000)
    office.trade(1, block=5, nonce=0)
    await office.look()
    assert office.balance(FUNDING, WETH) == -1_000
    assert office.balance(FUNDING, NATIVE) == -(10**6)
    found = await office.later()
    assert found is not None
    assert found.verdict == "agreed"


async def test_nothing_is_compared_between_two_times(office: Office) -> None:
    await office.opened()
    office.chain.asked.clear()
    office.head += EVERY - 1
    assert await office.look() is None
    assert not office.chain.asked
    office.head += 1
    assert await office.look() is not None


async def test_missing_money_latches_the_stop_with_both_figures(office: Office) -> None:
    await office.opened()
    office.chain.give(TREASURY, WETH, 900)
    found = await office.later()
    assert found is not None
    assert found.verdict == "shortfall"
    state = office.stop.state()
    assert state.is_set
    (reason,) = state.reasons
    assert reason.who == WHO
    for figure in (TREASURY, "(1000)", "(900)", "block 20"):
        assert figure in reason.reason
    assert office.balance(SUSPENSE, WETH) == 100
    assert office.balance(wallet(TREASURY), WETH) == 900
    # It was told once, and stays in suspense; a cleared stop is not set again for it.
    office.stop.clear("operator", state)
    found = await office.later()
    assert found is not None
    assert found.verdict == "agreed"
    assert not office.stop.state().is_set
    reader = AccountsReader(reader_of(office.store))
    assert [each.block_number for each in reader.reconciliations(verdict="shortfall")] == [20]


async def test_a_shortfall_is_looked_for_again_where_the_stop_cannot_be_kept(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.opened()
    office.chain.give(TREASURY, WETH, 900)

    def fail(*_: object) -> None:
        raise SafetyError("no keeper can be written")

    with monkeypatch.context() as broken:
        broken.setattr(office.stop, "latch", fail)
        found = await office.later()
        assert found is not None
        assert found.verdict == "shortfall"
    assert office.balance(SUSPENSE, WETH) == 0
    found = await office.later()
    assert found is not None
    assert found.verdict == "shortfall"
    assert office.stop.state().is_set


async def test_a_wei_from_a_stranger_does_not_stop_us(office: Office) -> None:
    await office.opened()
    office.chain.ether[OPERATOR] += 1
    found = await office.later()
    assert found is not None
    assert found.verdict == "surplus"
    assert "the chain 0.000000000001000001 ETH (1000001)" in found.words
    assert office.balance(FUNDING, NATIVE) == -(10**6) - 1
    assert not office.stop.state().is_set
    found = await office.later()
    assert found is not None
    assert found.verdict == "agreed"


async def test_the_books_are_waited_for(office: Office) -> None:
    await office.opened()
    # The chain has the trade in block 15; the outbox and the book do not know yet.
    sign(office.store, 1, nonce=0, state="mined", block=15)
    office.mined(0)
    assert await office.later() is None
    office.head += 1
    assert await office.look() is None
    with office.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox_transactions SET state = 'finalised'")
    # Final, and not settled.
    assert await office.look() is None
    office.settle(1, 15)
    office.settle(2, 22)  # later than the block that is compared
    found = await office.look()
    assert found is not None
    assert (found.verdict, found.block_number) == ("agreed", 20)
    assert not office.stop.state().is_set


async def test_a_withdrawal_is_waited_for_until_it_is_posted(office: Office) -> None:
    await office.opened()
    sign(office.store, 1, nonce=0, kind="withdrawal", block=15, gas=0)
    office.chain.nonces[OPERATOR] = 1
    office.chain.ether[OPERATOR] -= 500
    assert await office.later() is None
    from aineon.ledger.accounts.book import Accounts

    Accounts(office.store).post_withdrawal(
        transaction_hash=hash_of(1), withdrawal_id="w-1", destination=TREASURY, asset=NATIVE,
        amount=500, at=1.8e9,
    )  # fmt: skip
    found = await office.look()
    assert found is not None
    assert found.verdict == "agreed"


async def test_patience_ends(office: Office) -> None:
    await office.opened()
    sign(office.store, 1, nonce=0, block=15)
    office.chain.nonces[OPERATOR] = 1
    office.chain.ether[OPERATOR] -= 7
    assert await office.later() is None
    office.head += PATIENCE_BLOCKS - 1
    assert await office.look() is None
    office.head += 1
    found = await office.look()
    assert found is not None
    assert found.verdict == "shortfall"
    assert f"had not caught up: transaction {hash_of(1)}" in found.words
    assert office.stop.state().is_set


async def test_a_token_that_does_not_answer_is_named(office: Office) -> None:
    await office.opened()
    office.chain.tokens[TREASURY, WETH.address] = None
    found = await office.later()
    assert found is not None
    assert found.verdict == "unread"
    assert f"WETH of {TREASURY} at block 20 cannot be read" in found.words
    assert office.balance(wallet(TREASURY), WETH) == 1_000


async def test_tokens_that_the_books_have_are_compared_too(office: Office) -> None:
    await office.opened()
    record = settled(1, block=15)
    office.store.write(
        attempts=[attempted(office.run_id, 1, base_token=USDC)], settlements=[record]
    )
    office.chain.ether[OPERATOR] -= 7
    office.chain.give(TREASURY, USDC, 97)
    found = await office.later()
    assert found is not None
    assert found.balances == 6
    # The first look at USDC: what trades brought is no funding.
    assert office.balance(FUNDING, USDC) == 0


async def test_a_chain_without_a_final_block_is_asked_again(office: Office) -> None:
    office.chain.final = None
    assert await office.look() is None
    office.chain.final = 10
    assert await office.look() is not None


async def test_in_the_background_failures_are_kept_and_looks_go_on(office: Office) -> None:
    async def settle_down() -> None:
        task = office.reconciler._task
        assert task is not None
        await asyncio.wait([task])

    reader = AccountsReader(reader_of(office.store))
    office.chain.is_down = True
    office.reconciler.nudge(office.head)
    await settle_down()
    latest = reader.latest_reconciliation()
    assert latest is not None
    assert (latest.verdict, latest.block_number) == ("unread", office.head)
    assert "no node answers" in latest.words
    office.chain.is_down = False
    office.reconciler.nudge(office.head)
    office.reconciler.nudge(office.head)
    await settle_down()
    latest = reader.latest_reconciliation()
    assert latest is not None
    assert latest.verdict == "opened"
    await office.reconciler.aclose()
    await office.reconciler.aclose()


async def test_look_tells_of_failures(office: Office) -> None:
    office.chain.is_down = True
    with pytest.raises(ChainError, match="no node answers"):
        await office.look()


async def test_a_restart_goes_on_where_the_books_are(office: Office) -> None:
    await office.opened()
    office.trade(1, block=15, nonce=0)
    office.reconciler = office.another()
    found = await office.later()
    assert found is not None
    assert found.verdict == "agreed"


def test_the_newest_comparisons_are_kept_and_shortfalls_for_ever(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "KEPT", 5)

    def found(block: int, verdict: str) -> Reconciliation:
        return Reconciliation(office.store.book, CHAIN_ID, block, "", 1.8e9, verdict, 1, "")

    with office.store.engine.begin() as connection:
        keep(connection, found(1, "shortfall"))
        for block in range(2, 20):
            keep(connection, found(block, "agreed"))
    kept = AccountsReader(reader_of(office.store)).reconciliations(limit=99)
    assert [each.block_number for each in kept] == [19, 18, 17, 16, 15, 1]
    assert kept[-1].verdict == "shortfall"


def test_what_cannot_be_is_refused(office: Office, tmp_path: Path) -> None:
    chain: Any = office.chain
    with pytest.raises(LedgerError, match="every_blocks 0"):
        Reconciler(chain, office.store, office.stop, 0, holders=office._holders)
    with open_book(tmp_path) as book, pytest.raises(MixedBooks, match="no accounts"):
        Reconciler(chain, book, office.stop, 5, holders=office._holders)


def test_a_rehearsal_book_on_disk_keeps_chains_apart(tmp_path: Path) -> None:
    with open_rehearsal(database_url(tmp_path / "rehearsal.db")) as store:
        run_id = begin(store)
        store.write(
            attempts=[attempted(run_id, 1), attempted(run_id, 2)],
            settlements=[settled(1), settled(2, chain_id=CHAIN_ID + 1)],
        )
        reader = BookReader.of(store)
        newest = AccountsReader(reader)
        assert newest.chain_id() == CHAIN_ID + 1
        older = AccountsReader(reader, CHAIN_ID)
        assert len(newest.balances()) == len(older.balances()) == 6
        assert len(list(older.entries())) == 1
        reader.close()
