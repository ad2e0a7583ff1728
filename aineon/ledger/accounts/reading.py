"""AccountsReader: balances, entries and reconciliations, for pages and exports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, func, select

from aineon.ledger.accounts.entries import EntryKind, Move
from aineon.ledger.accounts.tables import (
    AccountBalanceRow,
    AccountEntryRow,
    AccountMoveRow,
    ReconciliationRow,
)
from aineon.ledger.reading import BookReader
from aineon.ledger.rows import token_of
from aineon.ledger.tables import TokenRow, table_of
from aineon.primitives import Book, Token

_BALANCES: Final = table_of(AccountBalanceRow)
_ENTRIES: Final = table_of(AccountEntryRow)
_MOVES: Final = table_of(AccountMoveRow)
_RECONCILIATIONS: Final = table_of(ReconciliationRow)
_TOKENS: Final = table_of(TokenRow)
_PORTION: Final = 500


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """What all entries come to for an account, in one token's smallest units.

    `opened_block` is the block at which the chain's balance was taken over into the books; None
    for accounts that are not on chain, and until that has happened.
    """

    book: Book
    chain_id: int
    account: str
    token: Token
    amount: int
    entries: int
    opened_block: int | None


@dataclass(frozen=True, slots=True)
class BookedEntry:
    """A journal entry as it stands in the book, with the moves that it is made of."""

    book: Book
    number: int
    reference: str
    kind: EntryKind
    at: float
    chain_id: int
    block: int
    transaction_hash: str | None
    detail: str
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The books compared with the chain at one final block.

    Attributes:
        verdict: `agreed`, `opened` (a first look, which takes the chain's balances over),
            `surplus` (the chain has more, which was booked as funding), `shortfall` (it has
            less: the emergency stop was latched) or `unread` (a balance could not be read).
        balances: how many were compared.
        words: what was found, a sentence for people.
    """

    book: Book
    chain_id: int
    block_number: int
    block_hash: str
    at: float
    verdict: str
    balances: int
    words: str


class AccountsReader:
    """Reads the accounts of a book; those of the chain it was last written on, unless one is named.

    Every rehearsal has a chain of its own, whose money ended with it.
    """

    def __init__(self, reader: BookReader, chain_id: int | None = None) -> None:
        self._reader = reader
        self._chain_id = chain_id

    def chain_id(self) -> int | None:
        """Return whose accounts these are; None where nothing was ever posted."""
        with self._reader.session() as connection:
            return self._chain(connection)

    def balances(self) -> tuple[AccountBalance, ...]:
        """Return all balances, by account and token."""
        with self._reader.session() as connection:
            query = (
                select(_BALANCES, _TOKENS.c.symbol, _TOKENS.c.decimals)
                .join(_TOKENS, _TOKENS.c.address == _BALANCES.c.token)
                .where(_BALANCES.c.chain_id == self._chain(connection))
                .order_by(_BALANCES.c.account, _TOKENS.c.symbol, _BALANCES.c.token)
            )
            rows = connection.execute(query).mappings().all()
        return tuple(
            AccountBalance(
                self._reader.book,
                row["chain_id"],
                row["account"],
                token_of(row["token"], row),
                row["amount"],
                row["entries"],
                row["opened_block"],
            )
            for row in rows
        )

    def recent_entries(self, limit: int = 50) -> tuple[BookedEntry, ...]:
        """Return the entries booked last, newest first."""
        with self._reader.session() as connection:
            query = (
                select(_ENTRIES)
                .where(_ENTRIES.c.chain_id == self._chain(connection))
                .order_by(_ENTRIES.c.id.desc())
                .limit(limit)
            )
            return tuple(self._entries(connection, connection.execute(query).mappings().all()))

    def entries(self) -> Iterator[BookedEntry]:
        """Deliver all entries one by one, oldest first, without holding them all in memory."""
        last = 0
        while True:
            with self._reader.session() as connection:
                query = (
                    select(_ENTRIES)
                    .where(_ENTRIES.c.chain_id == self._chain(connection), _ENTRIES.c.id > last)
                    .order_by(_ENTRIES.c.id)
                    .limit(_PORTION)
                )
                rows = connection.execute(query).mappings().all()
                found = tuple(self._entries(connection, rows))
            if not found:
                return
            yield from found
            last = found[-1].number

    def latest_reconciliation(self) -> Reconciliation | None:
        """Return the newest comparison with the chain; None before the first."""
        return next(iter(self.reconciliations(1)), None)

    def reconciliations(
        self, limit: int = 50, verdict: str | None = None
    ) -> tuple[Reconciliation, ...]:
        """Return comparisons with the chain, newest first; of one verdict where it is given."""
        with self._reader.session() as connection:
            query = select(_RECONCILIATIONS).order_by(_RECONCILIATIONS.c.id.desc()).limit(limit)
            if verdict is not None:
                query = query.where(_RECONCILIATIONS.c.verdict == verdict)
            if self._chain_id is not None:
                query = query.where(_RECONCILIATIONS.c.chain_id == self._chain_id)
            rows = connection.execute(query).mappings().all()
        return tuple(
            Reconciliation(
                self._reader.book, *(row[name] for name in Reconciliation.__match_args__[1:])
            )
            for row in rows
        )

    def unbalanced(self) -> tuple[str, ...]:
        """Add up all moves anew and return where the balances kept say otherwise; none must.

        It reads every move there is: for audits, not for pages.
        """
        sums: dict[tuple[int, str, str], int] = {}
        with self._reader.session() as connection:
            query = select(_ENTRIES.c.chain_id, _MOVES).join(
                _ENTRIES, _ENTRIES.c.id == _MOVES.c.entry_id
            )
            for row in connection.execution_options(yield_per=_PORTION).execute(query):
                for account, sign in ((row.source, -1), (row.destination, 1)):
                    key = (row.chain_id, account, row.token)
                    sums[key] = sums.get(key, 0) + sign * row.amount
            kept = {
                (row.chain_id, row.account, row.token): row.amount
                for row in connection.execute(select(_BALANCES))
            }
        return tuple(
            f"{account} on chain {chain_id} has {kept.get((chain_id, account, token), 0)} of "
            f"{token}, and its moves add up to {sums.get((chain_id, account, token), 0)}"
            for chain_id, account, token in sorted(kept.keys() | sums.keys())
            if kept.get((chain_id, account, token), 0) != sums.get((chain_id, account, token), 0)
        )

    def _chain(self, connection: Connection) -> int | None:
        if self._chain_id is not None:
            return self._chain_id
        newest = select(func.max(_ENTRIES.c.id)).scalar_subquery()
        query = select(_ENTRIES.c.chain_id).where(_ENTRIES.c.id == newest)
        return connection.execute(query).scalar_one_or_none()

    def _entries(self, connection: Connection, rows: Iterable[Any]) -> Iterator[BookedEntry]:
        rows = list(rows)
        query = (
            select(_MOVES, _TOKENS.c.symbol, _TOKENS.c.decimals)
            .join(_TOKENS, _TOKENS.c.address == _MOVES.c.token)
            .where(_MOVES.c.entry_id.in_([row["id"] for row in rows]))
            .order_by(_MOVES.c.entry_id, _MOVES.c.ordinal)
        )
        moves: dict[int, list[Move]] = {}
        for move in connection.execute(query).mappings():
            token = token_of(move["token"], move)
            made = Move(move["source"], move["destination"], token, move["amount"])
            moves.setdefault(move["entry_id"], []).append(made)
        for row in rows:
            yield BookedEntry(
                book=self._reader.book,
                number=row["id"],
                reference=row["reference"],
                kind=EntryKind(row["kind"]),
                at=row["at"],
                chain_id=row["chain_id"],
                block=row["block_number"],
                transaction_hash=row["transaction_hash"],
                detail=row["detail"],
                moves=tuple(moves.get(row["id"], ())),
            )
