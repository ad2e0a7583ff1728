"""How the accounts stand at a block, and what of it they do not know yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, and_, delete, exists, func, insert, or_, select, update

from aineon.ledger.accounts.reading import Reconciliation
from aineon.ledger.accounts.tables import (
    AccountBalanceRow,
    AccountEntryRow,
    AccountMoveRow,
    ReconciliationRow,
)
from aineon.ledger.outbox_tables import OutboxIntentRow, OutboxTransactionRow
from aineon.ledger.rows import token_of
from aineon.ledger.tables import SettlementRow, TokenRow, table_of
from aineon.ledger.tokens import save_token
from aineon.primitives import Address, Token

KEPT: Final = 2_000
"""How many of the newest comparisons are kept; those that found money missing are for ever."""

_BALANCES: Final = table_of(AccountBalanceRow)
_ENTRIES: Final = table_of(AccountEntryRow)
_MOVES: Final = table_of(AccountMoveRow)
_TRANSACTIONS: Final = table_of(OutboxTransactionRow)
_INTENTS: Final = table_of(OutboxIntentRow)
_SETTLEMENTS: Final = table_of(SettlementRow)
_RECONCILIATIONS: Final = table_of(ReconciliationRow)
_TOKENS: Final = table_of(TokenRow)
_ENDED: Final = ("finalised", "replaced")


class Stand(NamedTuple):
    """What the books say of an account and token; whether the chain's balance was taken over."""

    amount: int
    is_opened: bool


def stand(connection: Connection, chain_id: int, account: str, token: Token, block: int) -> Stand:
    """Return how an account stood after `block`: as it stands, less what came later."""
    row = connection.execute(select(_BALANCES).where(_here(chain_id, account, token))).first()
    if row is None:
        return Stand(0, is_opened=False)
    later = (
        select(_MOVES.c.source, _MOVES.c.amount)
        .join(_ENTRIES, _ENTRIES.c.id == _MOVES.c.entry_id)
        .where(
            _ENTRIES.c.chain_id == chain_id,
            _ENTRIES.c.block_number > block,
            _MOVES.c.token == token.address,
            or_(_MOVES.c.source == account, _MOVES.c.destination == account),
        )
    )
    amount = row.amount
    for source, moved in connection.execute(later):
        amount += moved if source == account else -moved
    return Stand(amount, row.opened_block is not None)


def tokens_held(
    connection: Connection, chain_id: int, accounts: Iterable[str]
) -> tuple[Token, ...]:
    """Return the tokens in which any of `accounts` was ever posted to."""
    query = (
        select(_TOKENS)
        .join(_BALANCES, _BALANCES.c.token == _TOKENS.c.address)
        .where(_BALANCES.c.chain_id == chain_id, _BALANCES.c.account.in_(list(accounts)))
        .distinct()
        .order_by(_TOKENS.c.address)
    )
    rows = connection.execute(query).mappings()
    return tuple(token_of(row["address"], row) for row in rows)


def mark_opened(
    connection: Connection, chain_id: int, account: str, token: Token, block: int, at: float
) -> None:
    """Keep that the chain's balance was taken over into the books, at `block`."""
    here = _here(chain_id, account, token)
    done = connection.execute(update(_BALANCES).where(here).values(opened_block=block))
    if done.rowcount == 0:
        save_token(connection, token)
        connection.execute(
            insert(_BALANCES).values(
                chain_id=chain_id,
                account=account,
                token=token.address,
                amount=0,
                entries=0,
                changed_at=at,
                opened_block=block,
            )
        )


def backlog(
    connection: Connection,
    chain_id: int,
    block: int,
    nonces: Mapping[Address, int],
    settled: Mapping[Address, int],
) -> str:
    """Return what of the blocks up to `block` is not posted yet, in words; empty where nothing.

    Args:
        connection: of the open transaction.
        chain_id: which chain.
        block: up to which everything is to be posted.
        nonces: how many transactions of each sender are in those blocks.
        settled: how many of them were found posted before, and are not looked at again.
    """
    for sender, nonce in nonces.items():
        first = settled.get(sender, 0)
        row = connection.execute(_unposted(chain_id, sender, first, nonce, block)).first()
        if row is not None:
            return f"transaction {row.hash} of {sender} ({row.kind}, {row.state}) is not posted"
    return ""


def _unposted(chain_id: int, sender: Address, first: int, nonce: int, block: int) -> Any:
    of = _TRANSACTIONS.c
    settled = exists(
        select(_SETTLEMENTS.c.id).where(
            _SETTLEMENTS.c.transaction_hash == of.hash,
            _SETTLEMENTS.c.outcome.in_(("included", "reverted")),
        )
    )
    posted = exists(
        select(_ENTRIES.c.id).where(
            _ENTRIES.c.transaction_hash == of.hash, _ENTRIES.c.kind != "gas"
        )
    )
    final = and_(of.state == "finalised", of.block_number <= block)
    return (
        select(of.hash, of.state, _INTENTS.c.kind)
        .join(_INTENTS, _INTENTS.c.intent_id == of.intent_id)
        .where(
            of.chain_id == chain_id,
            of.sender == sender,
            of.nonce >= first,
            of.nonce < nonce,
            or_(
                of.state.not_in(_ENDED),
                and_(final, _INTENTS.c.kind == "trade", ~settled),
                and_(final, _INTENTS.c.kind == "withdrawal", of.succeeded, ~posted),
            ),
        )
        .order_by(of.nonce, of.ordinal)
        .limit(1)
    )


def keep(connection: Connection, found: Reconciliation) -> None:
    """Keep a comparison, and drop the oldest of those that found nothing missing."""
    columns = {
        name: getattr(found, name) for name in Reconciliation.__match_args__ if name != "book"
    }
    connection.execute(insert(_RECONCILIATIONS).values(**columns))
    newest = select(func.max(_RECONCILIATIONS.c.id)).scalar_subquery()
    connection.execute(
        delete(_RECONCILIATIONS).where(
            _RECONCILIATIONS.c.id <= newest - KEPT, _RECONCILIATIONS.c.verdict != "shortfall"
        )
    )


def _here(chain_id: int, account: str, token: Token) -> Any:
    return and_(
        _BALANCES.c.chain_id == chain_id,
        _BALANCES.c.account == account,
        _BALANCES.c.token == token.address,
    )
