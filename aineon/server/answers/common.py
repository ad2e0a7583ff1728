"""What all answers have in common."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import BaseModel, PlainSerializer

from aineon.primitives import Book, Money, Provenance, Token

Exact = Annotated[int, PlainSerializer(str, return_type=str, when_used="json")]
"""A whole number that is written as text."""


class Sourced(BaseModel):
    """Something whose every figure is of one book and one provenance."""

    book: Book
    provenance: Provenance


class TokenTold(BaseModel):
    """A token; `decimals` of its smallest unit, null where not known."""

    address: str
    symbol: str
    decimals: int | None

    @classmethod
    def of(cls, token: Token) -> Self:
        """Return what is told of `token`."""
        return cls(address=token.address, symbol=token.symbol, decimals=token.decimals)


def time_of(at: float) -> datetime:
    """Return a time of ours, seconds since the epoch, as a time in UTC."""
    return datetime.fromtimestamp(at, UTC)


def wei_of(money: Money | None) -> int | None:
    """Return an amount of money in wei; None where it is not known."""
    return None if money is None else money.wei
