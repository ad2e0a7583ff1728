"""Between the outbox's rows and its values."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, func, select

from aineon.ledger.outbox_tables import (
    OutboxIntentRow,
    OutboxKeyRow,
    OutboxNonceRow,
    OutboxTransactionRow,
)
from aineon.ledger.tables import table_of
from aineon.sending.intent import Fees, Intent, IntentKind, Window
from aineon.sending.lease import Party
from aineon.sending.slots import Landing, Slot, Version
from aineon.sending.states import ENDED, TransactionState

KEYS: Final = table_of(OutboxKeyRow)
INTENTS: Final = table_of(OutboxIntentRow)
NONCES: Final = table_of(OutboxNonceRow)
TRANSACTIONS: Final = table_of(OutboxTransactionRow)

_ALIVE: Final = [state.value for state in TransactionState if state not in ENDED]


def of_party(table: Any, party: Party) -> Any:
    """Return the condition that picks a sender's rows."""
    return and_(table.c.chain_id == party.chain_id, table.c.sender == party.sender)


def versions_where(condition: Any) -> Select[Any]:
    """Return the query for versions, in the order of nonces and of signing."""
    return (
        select(TRANSACTIONS, INTENTS.c.kind, INTENTS.c.cancels)
        .join(INTENTS, INTENTS.c.intent_id == TRANSACTIONS.c.intent_id)
        .where(condition)
        .order_by(TRANSACTIONS.c.nonce, TRANSACTIONS.c.ordinal)
    )


def version_of(row: Row[Any]) -> Version:
    """Return the version that a row of `versions_where` holds."""
    return Version(
        row_id=row.id,
        intent_id=row.intent_id,
        kind=IntentKind(row.kind),
        cancels=row.cancels,
        nonce=row.nonce,
        ordinal=row.ordinal,
        hash=row.hash,
        raw=bytes(row.raw),
        fees=Fees(row.max_fee, row.priority_fee),
        gas_limit=row.gas_limit,
        window=None if row.first_block is None else Window(row.first_block, row.last_block),
        is_public=row.is_public,
        signed_head=row.signed_head,
        state=TransactionState(row.state),
        landing=_landing_of(row),
    )


def _landing_of(row: Row[Any]) -> Landing | None:
    if row.block_number is None:
        return None
    return Landing(row.block_number, row.block_hash, row.succeeded, row.gas_used, row.gas_price)


def landing_columns(landing: Landing | None) -> dict[str, object]:
    """Return what is stored of where a transaction was mined."""
    return {
        "block_number": landing and landing.block_number,
        "block_hash": landing and landing.block_hash,
        "succeeded": None if landing is None else landing.succeeded,
        "gas_used": None if landing is None else landing.gas_used,
        "gas_price": None if landing is None else landing.gas_price_wei,
    }


def intent_columns(intent: Intent, party: Party, now: float) -> dict[str, object]:
    """Return what is stored of an intent."""
    return {
        "intent_id": intent.intent_id,
        **party._asdict(),
        "kind": intent.kind.value,
        "to_address": intent.to,
        "value": intent.value,
        "data": intent.data,
        "digest": intent.digest,
        "fingerprint": intent.fingerprint,
        "attempt_id": intent.attempt_id,
        "cancels": intent.cancels,
        "memo": intent.memo,
        "created_at": now,
    }


def alive_slots(connection: Connection, party: Party) -> tuple[Slot, ...]:
    """Return the nonces that are not spent for good, in their order."""
    condition = and_(of_party(TRANSACTIONS, party), TRANSACTIONS.c.state.in_(_ALIVE))
    return slots_of(party, map(version_of, connection.execute(versions_where(condition))))


def slots_of(party: Party, versions: Iterable[Version]) -> tuple[Slot, ...]:
    """Group versions that are in order by their nonces."""
    groups = groupby(versions, key=lambda version: version.nonce)
    return tuple(Slot(party.sender, nonce, tuple(group)) for nonce, group in groups)


def next_nonce(connection: Connection, party: Party) -> int:
    """Return the first nonce that the outbox does not know."""
    last = connection.execute(
        select(func.max(NONCES.c.nonce)).where(of_party(NONCES, party))
    ).scalar_one_or_none()
    adopted = connection.execute(
        select(KEYS.c.first_nonce).where(of_party(KEYS, party))
    ).scalar_one_or_none()
    return max(adopted or 0, 0 if last is None else last + 1)
