"""Unwrapped: the unwrappings that are final, as the outbox knows them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import exists, select

from aineon.ledger.connect import explained
from aineon.ledger.outbox_tables import OutboxIntentRow, OutboxTransactionRow
from aineon.ledger.store import BookStore
from aineon.ledger.tables import table_of
from aineon.primitives import Address
from aineon.sending.intent import Intent
from aineon.sending.outbox_rows import intent_of
from aineon.sending.states import OPEN, TransactionState
from aineon.treasury.cashier.payments import UNWRAPPING

_INTENTS = table_of(OutboxIntentRow)
_TRANSACTIONS = table_of(OutboxTransactionRow)


@dataclass(frozen=True, slots=True)
class Unwrapping:
    """Wrapped ether that was turned into ether for good; the amount is in wei."""

    transaction_hash: str
    amount: int


class Unwrapped:
    """Tells which unwrappings are still to be posted; posting one twice changes nothing.

    Args:
        store: the book.
        chain_id: the chain.
        account: whose open unwrappings are told; what is final is told of every account, because
            what a former key unwrapped is money of the same books.
    """

    def __init__(self, store: BookStore, chain_id: int, account: Address) -> None:
        self._store = store
        self._posted: set[str] = set()
        self._mine = (
            _INTENTS.c.chain_id == chain_id,
            _INTENTS.c.sender == account,
            _INTENTS.c.intent_id.startswith(UNWRAPPING, autoescape=True),
        )
        self._query = (
            select(_TRANSACTIONS.c.hash, _INTENTS.c.memo)
            .join(_INTENTS, _INTENTS.c.intent_id == _TRANSACTIONS.c.intent_id)
            .where(
                _TRANSACTIONS.c.chain_id == chain_id,
                _TRANSACTIONS.c.state == TransactionState.FINALISED.value,
                _TRANSACTIONS.c.succeeded.is_(True),
                _INTENTS.c.intent_id.startswith(UNWRAPPING, autoescape=True),
            )
        )

    def unposted(self) -> tuple[Unwrapping, ...]:
        """Return what this process has not seen posted.

        Raises:
            LedgerError: the book cannot be read.
        """
        with explained(self._store.place), self._store.engine.begin() as connection:
            rows = connection.execute(self._query).all()
        return tuple(
            Unwrapping(hash_, int(memo)) for hash_, memo in rows if hash_ not in self._posted
        )

    def open(self) -> tuple[Intent, ...]:
        """Return the unwrappings that may still be mined, whatever became of what they are for.

        Raises:
            LedgerError: the book cannot be read.
        """
        still_out = exists(
            select(_TRANSACTIONS.c.id).where(
                _TRANSACTIONS.c.intent_id == _INTENTS.c.intent_id,
                _TRANSACTIONS.c.state.in_([state.value for state in OPEN]),
            )
        )
        query = select(_INTENTS).where(*self._mine, still_out).order_by(_INTENTS.c.created_at)
        with explained(self._store.place), self._store.engine.begin() as connection:
            return tuple(map(intent_of, connection.execute(query)))

    def posted(self, unwrapping: Unwrapping) -> None:
        """Remember that one is in the books."""
        self._posted.add(unwrapping.transaction_hash)
