"""Accounts: what is posted besides trades, each time only what the outbox knows to be final.

A trade is posted with its settlement, and the gas of everything else when its transaction is
final, both in the transaction that keeps the fact itself. What is left is money that was paid
out or turned into another token, which whoever had it done posts here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from aineon.errors import LedgerError
from aineon.ledger.accounts.entries import JournalEntry
from aineon.ledger.accounts.making import conversion_entry, gas_entry, withdrawal_entry
from aineon.ledger.accounts.posting import post
from aineon.ledger.connect import explained
from aineon.ledger.outbox_tables import OutboxIntentRow, OutboxTransactionRow
from aineon.ledger.store import BookStore
from aineon.ledger.tables import table_of
from aineon.primitives import Address, Token, TokenAmount

_INTENTS: Final = table_of(OutboxIntentRow)
_TRANSACTIONS: Final = table_of(OutboxTransactionRow)
_FINAL: Final = "finalised"


class FinalTransaction(NamedTuple):
    """A transaction of ours that succeeded in a block which no reorg takes back."""

    chain_id: int
    sender: Address
    hash: str
    block: int
    gas_wei: int
    purpose: str


class PaidOut(NamedTuple):
    """One withdrawal of those that a transaction paid; the amount is in its smallest unit."""

    withdrawal_id: str
    destination: Address
    asset: Token
    amount: int


class Accounts:
    """Posts to the accounts of a rehearsal's or a live book.

    Args:
        store: the book; its outbox says what is final.
    """

    def __init__(self, store: BookStore) -> None:
        self._store = store

    def post_withdrawal(
        self,
        *,
        transaction_hash: str,
        withdrawal_id: str,
        destination: Address,
        asset: Token,
        amount: int,
        at: float,
    ) -> bool:
        """Post money that was paid out, and the gas of its transaction if that is not posted yet.

        For a withdrawal that is all its transaction pays. Block, sender and gas are taken from the
        outbox.

        Returns:
            False where it was posted before, which changes nothing.

        Raises:
            LedgerError: the outbox does not know the transaction as final and successful, or the
                withdrawal is posted with other figures.
        """
        paid = PaidOut(withdrawal_id, destination, asset, amount)
        return self._post(transaction_hash, partial(_payments, [paid], at), at)[1]

    def post_withdrawals(
        self, transaction_hash: str, paid: Sequence[PaidOut], at: float
    ) -> Mapping[str, int]:
        """Post everything that a transaction paid out, all of it or nothing.

        Whoever compares books and chain takes a transaction as posted as soon as one entry of it
        is there; so those that share one are kept in one transaction of the database.

        Args:
            transaction_hash: of the one transaction.
            paid: all withdrawals that it paid.
            at: seconds since the Unix epoch.

        Returns:
            Each withdrawal's share of the gas, in wei: they differ by at most one wei, and add up
            to what the transaction cost.

        Raises:
            LedgerError: as `post_withdrawal`.
        """
        done, _ = self._post(transaction_hash, partial(_payments, paid, at), at)
        return shares_of_gas(done.gas_wei, [each.withdrawal_id for each in paid])

    def post_conversion(
        self, *, transaction_hash: str, given: TokenAmount, got: TokenAmount, at: float
    ) -> bool:
        """Post a token that was turned into another one by a transaction; as `post_withdrawal`."""

        def entries(done: FinalTransaction) -> Iterable[JournalEntry]:
            yield conversion_entry(
                chain_id=done.chain_id,
                holder=done.sender,
                given=given,
                got=got,
                transaction_hash=done.hash,
                block=done.block,
                at=at,
            )

        return self._post(transaction_hash, entries, at)[1]

    def _post(
        self,
        transaction_hash: str,
        entries: Callable[[FinalTransaction], Iterable[JournalEntry]],
        at: float,
    ) -> tuple[FinalTransaction, bool]:
        with explained(self._store.place), self._store.engine.begin() as connection:
            done = _final(connection, transaction_hash)
            posted = [post(connection, entry) for entry in entries(done)]
            if done.gas_wei:
                post(connection, _gas_of(done, at))
        return done, any(posted)


def shares_of_gas(gas_wei: int, withdrawal_ids: Sequence[str]) -> Mapping[str, int]:
    """Divide a transaction's gas among those it paid: whole wei, which add up to all of it."""
    each, left = divmod(gas_wei, len(withdrawal_ids))
    return {name: each + (place < left) for place, name in enumerate(sorted(withdrawal_ids))}


def _payments(paid: Sequence[PaidOut], at: float, done: FinalTransaction) -> Iterator[JournalEntry]:
    shares = shares_of_gas(done.gas_wei, [each.withdrawal_id for each in paid])
    for each in paid:
        share = f", one of {len(paid)} by one transaction; {shares[each.withdrawal_id]} wei of gas"
        yield withdrawal_entry(
            chain_id=done.chain_id,
            source=done.sender,
            destination=each.destination,
            asset=each.asset,
            amount=each.amount,
            transaction_hash=done.hash,
            block=done.block,
            withdrawal_id=each.withdrawal_id,
            at=at,
            detail=share if len(paid) > 1 else "",
        )


def _gas_of(done: FinalTransaction, at: float) -> JournalEntry:
    return gas_entry(
        chain_id=done.chain_id,
        payer=done.sender,
        transaction_hash=done.hash,
        block=done.block,
        gas_wei=done.gas_wei,
        purpose=done.purpose,
        at=at,
    )


def _final(connection: Connection, transaction_hash: str) -> FinalTransaction:
    query = (
        select(_TRANSACTIONS, _INTENTS.c.kind)
        .join(_INTENTS, _INTENTS.c.intent_id == _TRANSACTIONS.c.intent_id)
        .where(_TRANSACTIONS.c.hash == transaction_hash)
    )
    row = connection.execute(query).first()
    if row is None or row.state != _FINAL or not row.succeeded:
        known = "not known" if row is None else row.state
        failed = row is not None and row.state == _FINAL
        raise LedgerError(
            f"transaction {transaction_hash} cannot be posted: to the outbox it is "
            f"{'final, and failed' if failed else known}; allowed is one that is final and "
            "succeeded"
        )
    return FinalTransaction(
        chain_id=row.chain_id,
        sender=row.sender,
        hash=row.hash,
        block=row.block_number,
        gas_wei=row.gas_used * row.gas_price,
        purpose=row.kind,
    )
