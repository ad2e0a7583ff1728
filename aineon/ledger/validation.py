"""Checks of records before they are stored.

SQLModel's table classes skip validation and SQLite stores what it is given, so a float in an
integer field or money of another book would be found out years later. Every field is checked
by its annotation, and integers by the width of the column they go to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import BigInteger, Integer
from sqlmodel import SQLModel

from aineon.errors import LedgerError, MixedBooks
from aineon.ledger import records, tables
from aineon.ledger.types import LARGEST_WEI, WEI_DIGITS, Wei
from aineon.primitives import MONEY_OF, Book, Money, Provenance, Token

Check = Callable[[Any], str | None]
"""Returns what is allowed instead, or None where the value is fine."""

_WIDTHS: Final[tuple[tuple[type, int, str], ...]] = (
    (Wei, LARGEST_WEI, f"an int of at most {WEI_DIGITS} digits"),
    (BigInteger, 2**63 - 1, "an int of at most 64 bits"),
    (Integer, 2**31 - 1, "an int of at most 32 bits"),
)

_TIMES: Final = ("at", "block_time", "started_at", "submitted_at", "settled_at", "known_at")
_YEAR_10000: Final = 253_402_300_800

_TABLE_OF: Final[Mapping[type, type[SQLModel]]] = {
    records.RunRecord: tables.RunRow,
    records.StepRecord: tables.StepRow,
    records.OpportunityRecord: tables.OpportunityRow,
    records.SampleRecord: tables.SampleRow,
    records.AttemptRecord: tables.AttemptRow,
    records.SettlementRecord: tables.SettlementRow,
    records.TakingRecord: tables.TakingRow,
    records.PriceRecord: tables.PriceRow,
    records.NearMissRecord: tables.NearMissRow,
    records.ObservationRecord: tables.ObservationRow,
}


def check_record(record: object, book: Book) -> None:
    """Check every field of a record that is to be stored in `book`.

    Raises:
        MixedBooks: money or a provenance that does not belong into this book.
        LedgerError: a value that its field cannot hold.
    """
    for name, check in _PLANS[type(record)]:
        value = getattr(record, name)
        allowed = check(value)
        if allowed is not None:
            raise LedgerError(f"{name} {value!r} of a {type(record).__name__} is not {allowed}")
        if isinstance(value, Money):
            _check_money(value, name, book)
        elif isinstance(value, Provenance) and value not in records.PROVENANCES_OF[book]:
            raise MixedBooks(f"{name} {value.value!r} does not belong into the {book.value} book")
    if isinstance(record, records.SettlementRecord | records.ObservationRecord):
        _check_outcome(record)
    if isinstance(record, records.SettlementRecord):
        _check_settlement(record)


def _check_money(value: Money, name: str, book: Book) -> None:
    expected = MONEY_OF[book]
    if type(value) is not expected:
        raise MixedBooks(
            f"{name} is {type(value).__name__}, and the {book.value} book holds "
            f"{expected.__name__} alone"
        )


def _check_outcome(record: records.SettlementRecord | records.ObservationRecord) -> None:
    if record.outcome not in records.OUTCOMES:
        raise LedgerError(
            f"outcome {record.outcome!r} of attempt {record.attempt_id} is not one of "
            f"{', '.join(records.OUTCOMES)}"
        )


def _check_settlement(record: records.SettlementRecord) -> None:
    if record.finalised is False:
        raise LedgerError(
            f"attempt {record.attempt_id} cannot be settled: what became of it is not final yet"
        )
    if record.verification is not None and record.verification not in records.VERIFICATIONS:
        raise LedgerError(
            f"verification {record.verification!r} of attempt {record.attempt_id} is not one of "
            f"{', '.join(records.VERIFICATIONS)}"
        )
    if record.net is not None and (record.gas_cost is None or record.builder_payment is None):
        raise LedgerError(
            f"net of attempt {record.attempt_id} is given although its gas cost or builder "
            "payment is unknown; a net with an unknown part is unknown"
        )


def _integer(largest: int, words: str) -> Check:
    # `type(...) is int` because True is an int to isinstance, and nobody means it here.
    return lambda value: None if type(value) is int and abs(value) <= largest else words


def _number(value: Any) -> str | None:
    is_number = type(value) in (int, float) and math.isfinite(value)
    return None if is_number else "a finite number"


def _time(value: Any) -> str | None:
    # Milliseconds given for seconds lie far beyond the year 9999.
    fine = _number(value) is None and 0 <= value < _YEAR_10000
    return None if fine else "a time in seconds since 1970 and before the year 10000"


def _share(value: Any) -> str | None:
    return _number(value) or (None if 0 <= value <= 1 else "a number from 0 to 1")


def _text(value: Any) -> str | None:
    if isinstance(value, str) and "\0" not in value:
        try:
            value.encode()
        except UnicodeEncodeError:
            return "text that UTF-8 can write"
        return None
    return "text"


def _texts(value: Any) -> str | None:
    is_list = isinstance(value, tuple) and all(_text(item) is None for item in value)
    return None if is_list else "a tuple of texts"


def _counts(value: Any) -> str | None:
    fine = isinstance(value, Mapping) and all(
        isinstance(key, str) and type(count) is int and count >= 0 for key, count in value.items()
    )
    return None if fine else "a mapping of names to counts"


def _numbers(value: Any) -> str | None:
    fine = isinstance(value, Mapping) and all(
        _text(key) is None and _number(number) is None for key, number in value.items()
    )
    return None if fine else "a mapping of names to finite numbers"


def _instance(kind: type) -> Check:
    return lambda value: None if isinstance(value, kind) else f"a {kind.__name__}"


def _optional(check: Check) -> Check:
    return lambda value: None if value is None else check(value)


_BY_ANNOTATION: Final[Mapping[str, Check]] = {
    "float": _number,
    "bool": _instance(bool),
    "bytes": _instance(bytes),
    "str": _text,
    "tuple[str, ...]": _texts,
    "Mapping[str, int]": _counts,
    "Mapping[str, float]": _numbers,
    "Token": _instance(Token),
    "Money": _instance(Money),
    "Provenance": _instance(Provenance),
}


def _plan(record: type, model: type[SQLModel]) -> Iterator[tuple[str, Check]]:
    columns = tables.table_of(model).c
    for field in fields(record):
        annotation = str(field.type)
        base = annotation.removesuffix(" | None")
        if field.name in ("confidence", "lands"):
            check: Check = _share
        elif field.name in _TIMES:
            check = _time
        elif base == "int":
            kind = columns[field.name].type
            check = next(
                _integer(largest, words)
                for wide, largest, words in _WIDTHS
                if isinstance(kind, wide)
            )
        else:
            check = _BY_ANNOTATION[base]
        yield field.name, check if base == annotation else _optional(check)


_PLANS: Final[Mapping[type, tuple[tuple[str, Check], ...]]] = {
    record: tuple(_plan(record, model)) for record, model in _TABLE_OF.items()
}
