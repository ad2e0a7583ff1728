"""Posting: what is final is posted once, and balances equal what all moves come to."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from aineon.errors import LedgerError, MixedBooks
from aineon.ledger.accounts import NATIVE, wallet, withdrawn
from aineon.ledger.accounts import posting as posting_module
from aineon.ledger.accounts.book import Accounts
from aineon.ledger.accounts.making import gas_entry, trade_entry
from aineon.ledger.accounts.names import BUILDER, CONVERSION, FLASH_FEE, GAS, INCOME, SUSPENSE
from aineon.ledger.accounts.posting import post
from aineon.ledger.accounts.reading import AccountsReader
from aineon.ledger.connect import sqlite_url
from aineon.ledger.reading import BookReader
from aineon.ledger.store import BookStore
from aineon.primitives import Book, Token, TokenAmount
from tests.ledger.accounts.chain import (
    CHAIN_ID,
    FRIEND,
    OPERATOR,
    TREASURY,
    attempted,
    begin,
    hash_of,
    open_rehearsal,
    settled,
    sign,
)
from tests.ledger.booked import NOON, USDC, WETH, open_book, reader_of, scratch_book, trade
from tests.ledger.booked import run as plain_run


@pytest.fixture
def store() -> Iterator[BookStore]:
    with scratch_book(Book.REHEARSAL) as opened:
        yield opened


def balances(store: BookStore) -> dict[tuple[str, Token], int]:
    reader = AccountsReader(reader_of(store))
    assert reader.unbalanced() == ()
    return {(each.account, each.token): each.amount for each in reader.balances() if each.amount}


def test_an_included_trade_says_where_every_wei_went(store: BookStore) -> None:
    run_id = begin(store)
    store.write(attempts=[attempted(run_id, 1)], settlements=[settled(1)])
    assert balances(store) == {
        (INCOME, WETH): -100,
        (FLASH_FEE, WETH): 1,
        (BUILDER, WETH): 2,
        (wallet(TREASURY), WETH): 97,
        (wallet(OPERATOR), NATIVE): -7,
        (GAS, NATIVE): 7,
    }
    (entry,) = AccountsReader(reader_of(store)).recent_entries()
    assert (entry.transaction_hash, entry.block) == (hash_of(1), 5)
    assert "attempt r-1, included" in entry.detail


def test_a_failed_attempt_costs_its_gas(store: BookStore) -> None:
    run_id = begin(store)
    store.write(attempts=[attempted(run_id, 1)], settlements=[settled(1, gross=None)])
    assert balances(store) == {(wallet(OPERATOR), NATIVE): -7, (GAS, NATIVE): 7}


def test_what_is_missed_or_not_known_posts_nothing(store: BookStore) -> None:
    run_id = begin(store)
    missed = settled(1, gross=None, gas=0, outcome="missed")
    unknown = settled(2, gross=None, gas_cost=None, net=None, outcome="unresolved")
    paper = settled(3, finalised=None, chain_id=None, transaction_hash=None)
    store.write(
        attempts=[attempted(run_id, number) for number in (1, 2, 3)],
        settlements=[missed, unknown, paper],
    )
    assert balances(store) == {}


def test_money_of_an_unknown_account_stands_in_suspense(store: BookStore) -> None:
    run_id = begin(store)
    lost = settled(1, operator=None, treasury=None)
    store.write(attempts=[attempted(run_id, 1)], settlements=[lost])
    found = balances(store)
    assert (found[SUSPENSE, WETH], found[SUSPENSE, NATIVE]) == (97, -7)


def test_what_is_not_final_is_never_posted(store: BookStore) -> None:
    run_id = begin(store)
    with pytest.raises(LedgerError, match="is not final yet"):
        store.write(attempts=[attempted(run_id, 1)], settlements=[settled(1, finalised=False)])
    assert trade_entry(settled(1, finalised=None), WETH) is None
    assert balances(store) == {}


def test_one_transaction_settles_one_attempt(store: BookStore) -> None:
    run_id = begin(store)
    twice = settled(2, transaction_hash=hash_of(1))
    store.write(attempts=[attempted(run_id, 1), attempted(run_id, 2)], settlements=[settled(1)])
    before = balances(store)
    with pytest.raises(LedgerError, match="in the accounts already|with other figures"):
        store.write(settlements=[twice])
    assert balances(store) == before
    assert [each.attempt_id for each in store.unsettled()] == ["r-2"]


def test_the_same_entry_is_posted_once_and_another_one_of_its_name_never(store: BookStore) -> None:
    gas = gas_entry(
        chain_id=CHAIN_ID,
        payer=OPERATOR,
        transaction_hash=hash_of(1),
        block=5,
        gas_wei=9,
        purpose="approval",
        at=NOON,
    )
    with store.engine.begin() as connection:
        assert post(connection, gas)
        assert not post(connection, replace(gas, at=NOON + 1))
        with pytest.raises(LedgerError, match="with other figures"):
            post(connection, replace(gas, block=6))
    assert balances(store) == {(wallet(OPERATOR), NATIVE): -9, (GAS, NATIVE): 9}


def test_the_simulation_book_has_no_accounts(tmp_path: Path) -> None:
    entry = trade_entry(settled(1), WETH)
    assert entry is not None
    with open_book(tmp_path) as book:
        run_id = book.begin_run(plain_run())
        with book.engine.begin() as connection, pytest.raises(MixedBooks, match="no accounts"):
            post(connection, entry)
        from tests.ledger.booked import included

        trade(book, run_id, included())
        with BookReader.of(book) as reader:
            assert AccountsReader(reader).balances() == ()


# --- withdrawals and conversions ---------------------------------------------------------------


def withdraw(store: BookStore, number: int = 1, amount: int = 50, name: str = "w-1") -> bool:
    return Accounts(store).post_withdrawal(
        transaction_hash=hash_of(number),
        withdrawal_id=name,
        destination=FRIEND,
        asset=USDC,
        amount=amount,
        at=NOON,
    )


def test_a_withdrawal_is_posted_with_the_gas_that_the_outbox_tells(store: BookStore) -> None:
    sign(store, 1, nonce=0, kind="withdrawal")
    assert withdraw(store)
    assert not withdraw(store)
    assert withdraw(store, name="w-2")
    assert balances(store) == {
        (wallet(OPERATOR), USDC): -100,
        (withdrawn(FRIEND), USDC): 100,
        (wallet(OPERATOR), NATIVE): -7,
        (GAS, NATIVE): 7,
    }
    with pytest.raises(LedgerError, match="with other figures"):
        withdraw(store, amount=51)


@pytest.mark.parametrize(
    ("state", "succeeded", "words"),
    [("mined", True, "it is mined"), ("finalised", False, "final, and failed")],
)
def test_only_what_is_final_and_succeeded_is_posted(
    store: BookStore, state: str, succeeded: bool, words: str
) -> None:
    sign(store, 1, nonce=0, kind="withdrawal", state=state, succeeded=succeeded)
    with pytest.raises(LedgerError, match=words):
        withdraw(store)
    with pytest.raises(LedgerError, match="not known"):
        withdraw(store, number=2)
    assert balances(store) == {}


def test_a_conversion_balances_in_both_tokens(store: BookStore) -> None:
    sign(store, 1, nonce=0, kind="withdrawal", gas=0)
    given, got = TokenAmount(WETH, 30), TokenAmount(NATIVE, 29)
    convert = Accounts(store).post_conversion
    assert convert(transaction_hash=hash_of(1), given=given, got=got, at=NOON)
    assert balances(store) == {
        (wallet(OPERATOR), WETH): -30,
        (CONVERSION, WETH): 30,
        (CONVERSION, NATIVE): -29,
        (wallet(OPERATOR), NATIVE): 29,
    }


# --- all or nothing ----------------------------------------------------------------------------


@pytest.mark.parametrize("fails_at", ["_moves", "_add", "save_token"])
def test_a_crash_between_writes_leaves_neither_settlement_nor_entry(
    store: BookStore, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    run_id = begin(store)
    store.write(attempts=[attempted(run_id, 1)])

    def crash(*_: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as broken:
        broken.setattr(posting_module, fails_at, crash)
        with pytest.raises(RuntimeError):
            store.write(settlements=[settled(1)])
    assert balances(store) == {}
    assert [each.attempt_id for each in store.unsettled()] == ["r-1"]
    store.write(settlements=[settled(1)])
    assert balances(store)[wallet(TREASURY), WETH] == 97


def test_the_database_itself_refuses_what_is_no_move(tmp_path: Path) -> None:
    with open_rehearsal(sqlite_url(tmp_path / "rehearsal.db")) as opened:
        store = opened
        run_id = begin(store)
        store.write(attempts=[attempted(run_id, 1)], settlements=[settled(1)])
    connection = sqlite3.connect(tmp_path / "rehearsal.db")
    connection.execute("PRAGMA foreign_keys=ON")
    for column, value in (
        ("amount", "p" + "0" * 78),
        ("amount", "n" + "9" * 77 + "8"),
        ("source", None),
        ("destination", None),
        ("source", "expense:flash_fee"),
    ):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(f"UPDATE account_moves SET {column} = ? WHERE ordinal = 0", (value,))
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE account_entries SET reference = NULL")
    connection.close()


def test_a_balance_that_was_tampered_with_is_found(store: BookStore) -> None:
    run_id = begin(store)
    store.write(attempts=[attempted(run_id, 1)], settlements=[settled(1)])
    from sqlalchemy import update

    from aineon.ledger.accounts.tables import AccountBalanceRow
    from aineon.ledger.tables import table_of

    table = table_of(AccountBalanceRow)
    with store.engine.begin() as connection:
        here = table.c.account == wallet(TREASURY)
        connection.execute(update(table).where(here).values(amount=98))
    (words,) = AccountsReader(reader_of(store)).unbalanced()
    assert f"{wallet(TREASURY)} on chain {CHAIN_ID} has 98" in words
    assert "add up to 97" in words


# --- random books ------------------------------------------------------------------------------

amounts = st.integers(0, 10**24)
made_trades = st.lists(
    st.tuples(
        st.none() | st.integers(-(10**24), 10**24),
        amounts,
        amounts,
        amounts,
        st.sampled_from([WETH, USDC]),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=12)
@given(made_trades, st.integers(1, 5))
def test_random_books_balance_and_equal_a_recomputation(made: list[object], portion: int) -> None:
    expected: dict[tuple[str, Token], int] = defaultdict(int)
    with scratch_book(Book.REHEARSAL) as book:
        run_id = begin(book)
        attempts, records = [], []
        for number, one in enumerate(made):
            gross, fee, builder, gas, token, is_final = one  # type: ignore[misc]
            record = settled(
                number, gross=gross, fee=fee, gas=gas, builder=builder,
                finalised=True if is_final else None,
            )  # fmt: skip
            attempts.append(attempted(run_id, number, base_token=token))
            records.append(record)
            if not is_final:
                continue
            expected[GAS, NATIVE] += gas
            expected[wallet(OPERATOR), NATIVE] -= gas
            if gross is not None:
                expected[INCOME, token] -= gross
                expected[FLASH_FEE, token] += fee
                expected[BUILDER, token] += builder
                expected[wallet(TREASURY), token] += gross - fee - builder
        for start in range(0, len(records), portion):
            part = slice(start, start + portion)
            book.write(attempts=attempts[part], settlements=records[part])
        found = balances(book)
    assert found == {key: amount for key, amount in expected.items() if amount}
    sums: dict[Token, int] = defaultdict(int)
    for (_, token), amount in found.items():
        sums[token] += amount
    assert not any(sums.values())


def test_an_integrity_error_is_what_sqlite_says(store: BookStore) -> None:
    """The control of the tests above: a plain insert of a second entry of one name is refused."""
    from sqlalchemy import insert

    from aineon.ledger.accounts.tables import AccountEntryRow
    from aineon.ledger.tables import table_of

    row = {
        "reference": "x", "kind": "gas", "chain_id": 1, "block_number": 1, "at": NOON, "detail": "",
    }  # fmt: skip
    with pytest.raises(IntegrityError), store.engine.begin() as connection:
        connection.execute(insert(table_of(AccountEntryRow)), [row, row])
