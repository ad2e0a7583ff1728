"""Records turned into rows, and rows into records."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar

from aineon.ledger.records import (
    AttemptRecord,
    NearMissRecord,
    ObservationRecord,
    OpportunityRecord,
    PriceRecord,
    RunRecord,
    SampleRecord,
    SettlementRecord,
    StepRecord,
    TakingRecord,
)
from aineon.primitives import MONEY_OF, Book, Money, Provenance, Token

R = TypeVar("R")


def row_of(record: Any) -> dict[str, Any]:
    """Return a record's fields as column values."""
    row = {}
    for name in _NAMES_OF[type(record)]:
        value = getattr(record, name)
        # Most values are plain already, and a look at their type alone is fast.
        row[name] = value if type(value) in _PLAIN_TYPES else _plain(value)
    return row


_PLAIN_TYPES: Final = frozenset({int, float, str, bool, bytes, type(None)})
_NAMES_OF: Final[Mapping[object, tuple[str, ...]]] = {
    record: tuple(field.name for field in fields(record))
    for record in (
        RunRecord,
        StepRecord,
        OpportunityRecord,
        SampleRecord,
        AttemptRecord,
        SettlementRecord,
        TakingRecord,
        PriceRecord,
        NearMissRecord,
        ObservationRecord,
    )
}


def _plain(value: Any) -> Any:
    if isinstance(value, Token):
        return value.address
    if isinstance(value, Money):
        return value.wei
    if isinstance(value, Provenance):
        return value.value
    return dict(value) if isinstance(value, Mapping) else list(value)


def token_of(address: str, row: Mapping[Any, Any] | None) -> Token:
    """Return the token that a row of `tokens` describes."""
    if row is None:
        return Token(address)
    return _token(address, row["symbol"], row["decimals"])


# The same few tokens stand in hundreds of rows, and checking an address costs more than reading.
@functools.lru_cache(maxsize=4096)
def _token(address: str, symbol: str, decimals: int | None) -> Token:
    return Token(address, symbol=symbol, decimals=decimals)


def record_of(
    kind: Callable[..., R], row: Mapping[Any, Any], tokens: Mapping[str, Mapping[Any, Any]]
) -> R:
    """Return the record of class `kind` in a row; `tokens` are rows of `tokens` by address."""
    values: dict[str, Any] = {}
    for name in _NAMES_OF[kind]:
        value = row[name]
        if value is None:
            values[name] = None
        elif name in ("base_token", "profit_token", "native_token"):
            values[name] = token_of(value, tokens.get(value))
        elif name == "provenance":
            values[name] = Provenance(value)
        else:
            values[name] = tuple(value) if type(value) is list else value
    return kind(**values)


def attempt_of(row: Mapping[Any, Any], base_token: Token) -> AttemptRecord:
    """Return the attempt in a row of `attempts`."""
    attempt = {"symbol": base_token.symbol, "decimals": base_token.decimals}
    return record_of(AttemptRecord, row, {base_token.address: attempt})


def settlement_of(row: Mapping[Any, Any], book: Book) -> SettlementRecord:
    """Return the settlement in a row whose columns begin with `settlement_`."""
    return SettlementRecord(**_with_money(SettlementRecord, "settlement_", row, book))


def observation_of(row: Mapping[Any, Any], book: Book) -> ObservationRecord:
    """Return the observation in a row whose columns begin with `observation_`."""
    return ObservationRecord(**_with_money(ObservationRecord, "observation_", row, book))


def _with_money(kind: type, prefix: str, row: Mapping[Any, Any], book: Book) -> dict[str, Any]:
    values = {name: row[f"{prefix}{name}"] for name in _NAMES_OF[kind]}
    for name in ("gas_cost", "builder_payment", "net"):
        if values.get(name) is not None:
            values[name] = MONEY_OF[book](values[name])
    return values
