"""Journal entries balance, or they are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.errors import LedgerError
from aineon.ledger.accounts import NATIVE, EntryKind, JournalEntry, Move, Posting, wallet, withdrawn
from aineon.ledger.accounts.entries import gathered
from aineon.ledger.accounts.names import GAS, INCOME, address_of, is_wallet
from tests.ledger.accounts.chain import FRIEND, OPERATOR
from tests.ledger.booked import NOON, USDC, WETH


def entry(*postings: tuple[str, Any, int], reference: str = "trade:1") -> JournalEntry:
    made = tuple(Posting(*posting) for posting in postings)
    return JournalEntry(reference, EntryKind.TRADE, NOON, 1, 5, None, made)


def test_moves_go_from_who_gives_to_who_gets() -> None:
    made = entry(
        (INCOME, WETH, -10),
        ("expense:flash_fee", WETH, 3),
        (wallet(OPERATOR), WETH, 7),
        (wallet(OPERATOR), NATIVE, -2),
        (GAS, NATIVE, 2),
    )
    assert made.moves == (
        Move(INCOME, "expense:flash_fee", WETH, 3),
        Move(INCOME, wallet(OPERATOR), WETH, 7),
        Move(wallet(OPERATOR), GAS, NATIVE, 2),
    )


@pytest.mark.parametrize(
    ("postings", "words"),
    [
        ([], "nothing to post"),
        ([("a", WETH, 5)], "add up to 5, not to zero"),
        ([("a", WETH, 5), ("b", USDC, -5)], "does not balance"),
        ([("a", WETH, 0), ("b", WETH, 0)], "an int other than zero"),
        ([("a", WETH, 1.0), ("b", WETH, -1.0)], "an int other than zero"),
        ([("a", WETH, True), ("b", WETH, -1)], "an int other than zero"),
        ([("a", WETH, 1), ("a", WETH, -1)], "twice to one account"),
    ],
)
def test_what_does_not_balance_is_refused(postings: list[Any], words: str) -> None:
    with pytest.raises(LedgerError, match=words):
        entry(*postings)


def test_an_entry_needs_a_name() -> None:
    with pytest.raises(LedgerError, match="no name"):
        entry(("a", WETH, 1), ("b", WETH, -1), reference="")


accounts = st.sampled_from(["a", "b", "c", "d"])
tokens = st.sampled_from([WETH, USDC, NATIVE])
moved = st.tuples(accounts, accounts, tokens, st.integers(1, 2**256 - 1))


@given(st.lists(moved, min_size=1, max_size=12))
def test_moves_and_postings_say_the_same(made: list[tuple[str, str, Any, int]]) -> None:
    postings = gathered(
        posting
        for source, destination, token, amount in made
        for posting in (Posting(source, token, -amount), Posting(destination, token, amount))
    )
    if not postings:
        return
    moves = entry(*postings).moves
    assert all(move.amount > 0 and move.source != move.destination for move in moves)
    back = gathered(
        posting
        for move in moves
        for posting in (
            Posting(move.source, move.token, -move.amount),
            Posting(move.destination, move.token, move.amount),
        )
    )
    assert sorted(back) == sorted(postings)


def test_accounts_by_name() -> None:
    assert wallet(OPERATOR.upper().replace("0X", "0x")) == f"wallet:{OPERATOR}"
    assert address_of(wallet(OPERATOR)) == OPERATOR
    assert address_of(withdrawn(FRIEND)) == FRIEND
    assert address_of(GAS) is None
    assert is_wallet(wallet(OPERATOR))
    assert not is_wallet(withdrawn(FRIEND))
