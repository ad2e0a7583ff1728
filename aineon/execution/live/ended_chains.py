"""What a rehearsal left open on a chain that is gone.

A rehearsal's own chain ends with its process, and no later one has its id. Nobody can tell any
more what became of the attempts that were not settled there, and nothing signed for it can ever
be mined. A live book has no such attempts: its chain goes on whether or not anybody looks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import case, select, update

from aineon.errors import MixedBooks
from aineon.execution.settlement import Outcome
from aineon.ledger.connect import explained
from aineon.ledger.outbox_tables import OutboxIntentRow, OutboxTransactionRow
from aineon.ledger.records import SettlementRecord
from aineon.ledger.store import BookStore
from aineon.ledger.tables import AttemptRow, SettlementRow, table_of
from aineon.primitives import Book, Clock
from aineon.sending.states import ENDED, TransactionState

REASON: Final = "its chain has ended"

_INTENTS: Final = table_of(OutboxIntentRow)
_TRANSACTIONS: Final = table_of(OutboxTransactionRow)
_ATTEMPTS: Final = table_of(AttemptRow)
_SETTLEMENTS: Final = table_of(SettlementRow)
_OPEN: Final = [state.value for state in TransactionState if state not in ENDED]


def settle_ended_chains(store: BookStore, has_ended: Callable[[int], bool], clock: Clock) -> int:
    """Settle as unresolved what is open on chains that have ended; returns how many attempts.

    Args:
        store: the rehearsal's book; nobody else may be writing into its outbox.
        has_ended: tells of a chain's id whether there will never be a block of it again.
        clock: seconds since the epoch.

    Raises:
        MixedBooks: the book is not the rehearsal's.
        LedgerError: the database cannot be read or written.
    """
    if store.book is not Book.REHEARSAL:
        raise MixedBooks(
            f"the {store.book.value} book's chain does not end; only a rehearsal's does"
        )
    ended = sorted(filter(has_ended, _chains_of(store)))
    open_attempts = _open_attempts(store, ended)
    now = clock.now()
    if open_attempts:
        settlements = [_unresolved(*attempt, at=now) for attempt in open_attempts.items()]
        store.write(settlements=settlements)
    _end_transactions(store, ended, now)
    return len(open_attempts)


def _chains_of(store: BookStore) -> list[int]:
    with explained(store.place), store.engine.begin() as connection:
        return list(connection.execute(select(_INTENTS.c.chain_id).distinct()).scalars())


def _open_attempts(store: BookStore, chains: list[int]) -> dict[str, tuple[int, str]]:
    """Attempt id → chain and hash of the transaction that was signed last for it."""
    query = (
        select(_ATTEMPTS.c.attempt_id, _TRANSACTIONS.c.chain_id, _TRANSACTIONS.c.hash)
        .join(_INTENTS, _INTENTS.c.attempt_id == _ATTEMPTS.c.attempt_id)
        .join(_TRANSACTIONS, _TRANSACTIONS.c.intent_id == _INTENTS.c.intent_id)
        .outerjoin(_SETTLEMENTS, _SETTLEMENTS.c.attempt_id == _ATTEMPTS.c.attempt_id)
        .where(_SETTLEMENTS.c.attempt_id.is_(None), _INTENTS.c.chain_id.in_(chains))
        .order_by(_TRANSACTIONS.c.id)
    )
    with explained(store.place), store.engine.begin() as connection:
        return {name: (chain, told) for name, chain, told in connection.execute(query)}


def _unresolved(attempt_id: str, signed: tuple[int, str], at: float) -> SettlementRecord:
    chain_id, transaction_hash = signed
    return SettlementRecord(
        attempt_id=attempt_id,
        outcome=str(Outcome.UNRESOLVED),
        reason=REASON,
        settled_block=None,
        settled_at=at,
        amount_out=None,
        gross_profit=None,
        flash_fee=0,
        gas_used=None,
        gas_cost=None,
        builder_payment=None,
        net=None,
        chain_id=chain_id,
        transaction_hash=transaction_hash,
    )


def _end_transactions(store: BookStore, chains: list[int], at: float) -> None:
    """What was mined can no longer be taken back, and what was not can no longer happen."""
    state = _TRANSACTIONS.c.state
    final = case(
        (state == TransactionState.MINED.value, TransactionState.FINALISED.value),
        else_=TransactionState.REPLACED.value,
    )
    with explained(store.place), store.engine.begin() as connection:
        connection.execute(
            update(_TRANSACTIONS)
            .where(_TRANSACTIONS.c.chain_id.in_(chains), state.in_(_OPEN))
            .values(state=final, changed_at=at)
        )
