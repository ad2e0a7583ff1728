"""Tokens in a book: each is kept once, and what is learnt of it later is added."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, insert, select, update

from aineon.ledger.rows import token_of
from aineon.ledger.tables import TokenRow, table_of
from aineon.primitives import Token

_TOKENS: Final = table_of(TokenRow)


def save_token(connection: Connection, token: Token) -> None:
    """Keep `token`, within the transaction that is open."""
    here = _TOKENS.c.address == token.address
    row = connection.execute(select(_TOKENS).where(here)).mappings().first()
    values = {"symbol": token.symbol, "decimals": token.decimals}
    if row is None:
        connection.execute(insert(_TOKENS).values(address=token.address, **values))
    elif not describes(token_of(token.address, row), token):
        connection.execute(update(_TOKENS).where(here).values(**values))


def describes(known: Token, token: Token) -> bool:
    """Whether nothing about `token` is missing from `known`."""
    return (known.symbol == token.symbol or not token.symbol) and (
        known.decimals == token.decimals or token.decimals is None
    )
