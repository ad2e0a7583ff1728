"""Wei: the column type of every amount.

SQLite has no integer wide enough for wei and SQLModel's Decimal loses digits there, so an
amount is kept as text whose order is the order of the numbers, sign included:

* `p` and 78 digits, zero padded, for zero and above;
* `n` and the nine's complement of the 78 digits for amounts below zero.

`n` sorts before `p`, and a complement turns larger magnitudes into smaller digits. 78 digits
hold every uint256. A CHECK constraint refuses any other text. PostgreSQL has
NUMERIC(78, 0), which needs none of this. Sums are made in Python: the database would add
the text up as floats.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Dialect, Numeric, String
from sqlalchemy.types import TypeDecorator, TypeEngine

WEI_DIGITS: Final = 78
LARGEST_WEI: Final = 10**WEI_DIGITS - 1

_TEXT = re.compile(rf"[np][0-9]{{{WEI_DIGITS}}}", re.ASCII)
_MINUS_ZERO = "n" + "9" * WEI_DIGITS


def encode_wei(value: int) -> str:
    """Return `value` as text that sorts as the number does.

    Raises:
        ValueError: not an int, or more than 78 digits.
    """
    if type(value) is not int or abs(value) > LARGEST_WEI:
        raise ValueError(f"amount {value!r} is not an int of at most {WEI_DIGITS} digits")
    if value < 0:
        return f"n{LARGEST_WEI + value:0{WEI_DIGITS}d}"
    return f"p{value:0{WEI_DIGITS}d}"


def decode_wei(text: str) -> int:
    """Return the int that `encode_wei` made `text` of.

    Raises:
        ValueError: `text` is not in the canonical form.
    """
    if not _TEXT.fullmatch(text) or text == _MINUS_ZERO:
        raise ValueError(f"{text!r} is not an amount in the ledger's form")
    digits = int(text[1:])
    return digits - LARGEST_WEI if text[0] == "n" else digits


def wei_check(column: str) -> str:
    """Return the SQL condition that refuses malformed text in `column` on SQLite.

    NULL passes, as everywhere in SQL; NOT NULL is a constraint of its own.
    """
    return (
        f"typeof({column}) = 'text' AND length({column}) = {WEI_DIGITS + 1} "
        f"AND substr({column}, 1, 1) IN ('n', 'p') "
        f"AND substr({column}, 2) NOT GLOB '*[^0-9]*' "
        f"AND {column} <> '{_MINUS_ZERO}' OR {column} IS NULL"
    )


class Wei(TypeDecorator[int]):
    """An exact signed integer of up to 78 digits: wei, or any token's smallest units."""

    impl = String(WEI_DIGITS + 1)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return NUMERIC(78, 0) on PostgreSQL, and text elsewhere."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(WEI_DIGITS, 0))
        return dialect.type_descriptor(String(WEI_DIGITS + 1))

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | Decimal | None:
        """Encode what is written, or what a query compares with."""
        if value is None:
            return None
        text = encode_wei(value)
        return Decimal(value) if dialect.name == "postgresql" else text

    def process_result_value(self, value: object | None, dialect: Dialect) -> int | None:
        """Decode what is read."""
        if value is None:
            return None
        return int(value) if isinstance(value, Decimal) else decode_wei(str(value))
