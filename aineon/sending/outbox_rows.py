"""Between the outbox's rows and its values."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, select

from aineon.ledger.outbox_tables import (
    OutboxIntentRow,
    OutboxKeyRow,
    OutboxNonceRow,
    OutboxTransactionRow,
)
from aineon.ledger.tables import table_of
from aineon.primitives import Address
from aineon.sending.intent import BASE_GAS, Fees, Intent, IntentKind, Window
from aineon.sending.lease import Party
from aineon.sending.slots import Landing, Slot, Version
from aineon.sending.states import ENDED, OPEN, TransactionState

KEYS: Final = table_of(OutboxKeyRow)
INTENTS: Final = table_of(OutboxIntentRow)
NONCES: Final = table_of(OutboxNonceRow)
TRANSACTIONS: Final = table_of(OutboxTransactionRow)

_ALIVE: Final = [state.value for state in TransactionState if state not in ENDED]
_OPEN: Final = [state.value for state in OPEN]
_VERSION: Final = [
    TRANSACTIONS.c[name]
    for name in (
        *("id", "intent_id", "nonce", "ordinal", "hash", "raw", "gas_limit"),
        *("max_fee", "priority_fee", "first_block", "last_block", "is_public", "signed_head"),
        *("state", "block_number", "block_hash", "succeeded", "gas_used", "gas_price"),
    )
]
# Rows of hundreds of signed transactions are read several times a block, and hardly one of them
# has changed: decoding a row takes six times as long as finding it here.
_KNOWN_VERSIONS: Final = 1024


def of_party(table: Any, party: Party) -> Any:
    """Return the condition that picks a sender's rows."""
    return and_(table.c.chain_id == party.chain_id, table.c.sender == party.sender)


def versions_where(condition: Any) -> Select[Any]:
    """Return the query for versions, in the order of nonces and of signing."""
    return (
        select(*_VERSION, INTENTS.c.kind, INTENTS.c.cancels)
        .join(INTENTS, INTENTS.c.intent_id == TRANSACTIONS.c.intent_id)
        .where(condition)
        .order_by(TRANSACTIONS.c.nonce, TRANSACTIONS.c.ordinal)
    )


# Made once: SQLAlchemy takes longer to put a statement together than SQLite to carry it out.
_BOUND: Final = Party(bindparam("chain_id"), bindparam("sender"))  # type: ignore[arg-type]
_ALIVE_VERSIONS: Final = versions_where(
    and_(of_party(TRANSACTIONS, _BOUND), TRANSACTIONS.c.state.in_(_ALIVE))
)
_OPEN_ONES: Final = TRANSACTIONS.alias("open_ones")
_OPEN_NONCES: Final = select(_OPEN_ONES.c.nonce).where(
    of_party(_OPEN_ONES, _BOUND), _OPEN_ONES.c.state.in_(_OPEN)
)
_OPEN_VERSIONS: Final = versions_where(
    and_(
        of_party(TRANSACTIONS, _BOUND),
        TRANSACTIONS.c.state.in_(_ALIVE),
        TRANSACTIONS.c.nonce.in_(_OPEN_NONCES),
    )
)
_LAST_NONCE: Final = select(func.max(NONCES.c.nonce)).where(of_party(NONCES, _BOUND))
_FIRST_NONCE: Final = select(KEYS.c.first_nonce).where(of_party(KEYS, _BOUND))
VERSIONS_OF_INTENT: Final = versions_where(TRANSACTIONS.c.intent_id == bindparam("intent_id"))
VERSIONS_OF_INTENTS: Final = versions_where(
    TRANSACTIONS.c.intent_id.in_(bindparam("intent_ids", expanding=True))
)
VERSION_OF_HASH: Final = versions_where(TRANSACTIONS.c.hash == bindparam("hash"))
INTENT: Final = select(INTENTS).where(INTENTS.c.intent_id == bindparam("intent_id"))
STATE: Final = select(TRANSACTIONS.c.state).where(TRANSACTIONS.c.id == bindparam("id"))
CANCELLED: Final = (
    select(INTENTS.c.cancels)
    .join(TRANSACTIONS, TRANSACTIONS.c.intent_id == INTENTS.c.intent_id)
    .where(
        INTENTS.c.cancels.in_(bindparam("intent_ids", expanding=True)),
        TRANSACTIONS.c.state == TransactionState.FINALISED.value,
    )
)
"""The intents among `intent_ids` in whose place a cancel has been mined for good."""


def version_of(row: Row[Any]) -> Version:
    """Return the version that a row of `versions_where` holds."""
    return _version_of(tuple(row))


@lru_cache(_KNOWN_VERSIONS)
def _version_of(row: tuple[Any, ...]) -> Version:
    row_id, intent_id, nonce, ordinal, transaction_hash, raw, gas_limit = row[:7]
    max_fee, priority_fee, first_block, last_block, is_public, signed_head = row[7:13]
    state, *landing, kind, cancels = row[13:]
    return Version(
        row_id=row_id,
        intent_id=intent_id,
        kind=IntentKind(kind),
        cancels=cancels,
        nonce=nonce,
        ordinal=ordinal,
        hash=transaction_hash,
        raw=bytes(raw),
        fees=Fees(max_fee, priority_fee),
        gas_limit=gas_limit,
        window=None if first_block is None else Window(first_block, last_block),
        is_public=is_public,
        signed_head=signed_head,
        state=TransactionState(state),
        landing=None if landing[0] is None else Landing(*landing),
    )


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


def intent_of(row: Row[Any]) -> Intent:
    """Return the intent that a row holds; its fees and gas are nominal, as no row holds them.

    What it does is the same, so a further version of it can be signed for other fees.
    """
    return Intent(
        row.intent_id,
        IntentKind(row.kind),
        Address(row.to_address),
        BASE_GAS,
        Fees(0, 0),
        value=row.value,
        data=bytes(row.data),
        digest=row.digest,
        memo=row.memo,
    )


def retired_columns(intent_id: str, party: Party, now: float) -> dict[str, object]:
    """Return what is stored of a name under which nothing was signed, nor ever is."""
    nothing = Intent(intent_id, IntentKind.WITHDRAWAL, party.sender, BASE_GAS, Fees(0, 0))
    return intent_columns(nothing, party, now) | {"retired_at": now}


def alive_slots(connection: Connection, party: Party) -> tuple[Slot, ...]:
    """Return the nonces that are not spent for good, in their order."""
    return slots_of(party, map(version_of, connection.execute(_ALIVE_VERSIONS, party._asdict())))


def open_slots(connection: Connection, party: Party) -> tuple[Slot, ...]:
    """Return those of them that may still be mined, which are few: the next one is signed on them.

    What is mined stays alive until its block is final.
    """
    slots = slots_of(party, map(version_of, connection.execute(_OPEN_VERSIONS, party._asdict())))
    return tuple(slot for slot in slots if slot.is_open)


def slots_of(party: Party, versions: Iterable[Version]) -> tuple[Slot, ...]:
    """Group versions that are in order by their nonces."""
    groups = groupby(versions, key=lambda version: version.nonce)
    return tuple(Slot(party.sender, nonce, tuple(group)) for nonce, group in groups)


def next_nonce(connection: Connection, party: Party) -> int:
    """Return the first nonce that the outbox does not know."""
    last = connection.execute(_LAST_NONCE, party._asdict()).scalar_one_or_none()
    adopted = connection.execute(_FIRST_NONCE, party._asdict()).scalar_one_or_none()
    return max(adopted or 0, 0 if last is None else last + 1)
