"""What the chain says of what was signed, as the outbox keeps it."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, and_, update

from aineon.ledger.accounts.making import gas_entry
from aineon.ledger.accounts.posting import post
from aineon.sending.intent import IntentKind
from aineon.sending.lease import Party
from aineon.sending.outbox_rows import NONCES, STATE, TRANSACTIONS, landing_columns, of_party
from aineon.sending.slots import Landing, Version
from aineon.sending.states import TransactionState, check_transition


class Change(NamedTuple):
    """What the chain says of a version now; several of one version follow each other."""

    version: Version
    state: TransactionState
    landing: Landing | None = None


class ForeignSpend(NamedTuple):
    """A nonce of ours that a transaction not of ours spent, in a finalised block."""

    nonce: int
    transaction_hash: str
    block_number: int


def keep_change(connection: Connection, party: Party, change: Change, now: float) -> None:
    """Keep a version's new state, and post the gas of what is final.

    Raises:
        IllegalTransition: this state cannot follow the one that is kept.
    """
    version = change.version
    check_transition(version.hash, state_of(connection, version), change.state)
    connection.execute(
        update(TRANSACTIONS)
        .where(TRANSACTIONS.c.id == version.row_id)
        .values(state=change.state.value, changed_at=now, **landing_columns(change.landing))
    )
    _post_gas(connection, party, change, now)


def keep_foreign(connection: Connection, party: Party, spend: ForeignSpend) -> None:
    """Keep what a stranger spent a nonce on."""
    connection.execute(
        update(NONCES)
        .where(and_(of_party(NONCES, party), NONCES.c.nonce == spend.nonce))
        .values(foreign_hash=spend.transaction_hash, foreign_block=spend.block_number)
    )


def state_of(connection: Connection, version: Version) -> TransactionState:
    """Return the state that is kept of a version."""
    stored = connection.execute(STATE, {"id": version.row_id}).scalar_one()
    return TransactionState(stored)


def _post_gas(connection: Connection, party: Party, change: Change, now: float) -> None:
    """Post what a final transaction cost; a trade's gas is posted with its settlement."""
    version, landing = change.version, change.landing
    if change.state is not TransactionState.FINALISED or landing is None:
        return
    gas_wei = landing.gas_used * landing.gas_price_wei
    if version.kind is IntentKind.TRADE or not gas_wei:
        return
    entry = gas_entry(
        chain_id=party.chain_id,
        payer=party.sender,
        transaction_hash=version.hash,
        block=landing.block_number,
        gas_wei=gas_wei,
        purpose=version.kind.value,
        at=now,
    )
    post(connection, entry)
