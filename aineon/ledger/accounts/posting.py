"""Posting: journal entries and the balances they lead to, within one transaction.

What a caller has to do with an entry (settle an attempt, say that a transaction is final) and
the entry are kept together or not at all, because both are written on one connection.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from aineon.errors import LedgerError, MixedBooks
from aineon.ledger.accounts.entries import JournalEntry
from aineon.ledger.accounts.tables import AccountBalanceRow, AccountEntryRow, AccountMoveRow
from aineon.ledger.tables import BookMeta, table_of
from aineon.ledger.tokens import save_token
from aineon.primitives import Book

_ENTRIES: Final = table_of(AccountEntryRow)
_MOVES: Final = table_of(AccountMoveRow)
_BALANCES: Final = table_of(AccountBalanceRow)


def post(connection: Connection, entry: JournalEntry) -> bool:
    """Keep `entry` and bring the balances it touches up to date.

    Returns:
        False where it was posted before, which changes nothing.

    Raises:
        LedgerError: another entry has its reference.
        MixedBooks: the book is a simulation, in which nothing is ever proven by a receipt.
    """
    known = connection.execute(select(_ENTRIES).where(_ENTRIES.c.reference == entry.reference))
    row = known.mappings().first()
    if row is not None:
        _require_same(connection, entry, row)
        return False
    _require_chain_book(connection, entry)
    for token in dict.fromkeys(posting.token for posting in entry.postings):
        save_token(connection, token)
    columns = _columns(entry) | {"at": entry.at, "detail": entry.detail}
    key = connection.execute(insert(_ENTRIES).values(**columns)).inserted_primary_key
    if key is None:
        raise LedgerError(f"entry {entry.reference} got no number")
    connection.execute(insert(_MOVES), [{"entry_id": key[0], **row} for row in _moves(entry)])
    for account, token, amount in entry.postings:
        _add(connection, (entry.chain_id, account, token.address), amount, entry.at)
    return True


def _columns(entry: JournalEntry) -> dict[str, Any]:
    return {
        "reference": entry.reference,
        "kind": entry.kind.value,
        "chain_id": entry.chain_id,
        "block_number": entry.block,
        "transaction_hash": entry.transaction_hash,
    }


def _moves(entry: JournalEntry) -> list[dict[str, Any]]:
    return [
        {
            "ordinal": ordinal,
            "source": move.source,
            "destination": move.destination,
            "token": move.token.address,
            "amount": move.amount,
        }
        for ordinal, move in enumerate(entry.moves)
    ]


def _add(connection: Connection, key: tuple[int, str, str], amount: int, at: float) -> None:
    chain_id, account, token = key
    here = (
        (_BALANCES.c.chain_id == chain_id)
        & (_BALANCES.c.account == account)
        & (_BALANCES.c.token == token)
    )
    row = connection.execute(select(_BALANCES.c.amount, _BALANCES.c.entries).where(here)).first()
    if row is None:
        connection.execute(
            insert(_BALANCES).values(
                chain_id=chain_id,
                account=account,
                token=token,
                amount=amount,
                entries=1,
                changed_at=at,
            )
        )
    else:
        connection.execute(
            update(_BALANCES)
            .where(here)
            .values(amount=row.amount + amount, entries=row.entries + 1, changed_at=at)
        )


def _require_same(connection: Connection, entry: JournalEntry, row: Any) -> None:
    query = select(_MOVES).where(_MOVES.c.entry_id == row["id"]).order_by(_MOVES.c.ordinal)
    kept = [dict(move) for move in connection.execute(query).mappings()]
    same = [{"entry_id": row["id"], **move} for move in _moves(entry)] == kept
    if not same or any(row[name] != value for name, value in _columns(entry).items()):
        raise LedgerError(
            f"entry {entry.reference} is booked with other figures; what is booked stays, and "
            "what happened once is posted once"
        )


def _require_chain_book(connection: Connection, entry: JournalEntry) -> None:
    book = connection.execute(select(table_of(BookMeta).c.book)).scalar_one()
    if book == Book.SIMULATION.value:
        raise MixedBooks(
            f"entry {entry.reference} is of a chain, and the simulation book has no accounts: "
            "nothing in it is proven by a receipt"
        )
