"""How figures, times and names are written on pages.

Amounts are written from ints, never through floats. None is written as a dash: what is not
known is not zero.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from aineon.primitives import Money, Token
from aineon.primitives.units import format_units

UNKNOWN = "—"
_SIGNIFICANT = 4
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#|~$:])")

STAGES: Mapping[str, str] = {
    "detected": "a cycle that seems to pay",
    "sized": "the size that pays best was found",
    "scored": "its confidence was worked out",
    "passed risk": "within all limits",
    "planned": "written down as a plan",
    "preflight ok": "carried out on present states without sending",
    "submitted": "handed to the executor",
    "landed": "included in a block",
}
"""The stages of the funnel in order, and what passing each one means."""

GATES: Mapping[str, str] = {
    "min_profit": "Profit below the minimum",
    "max_gas_price": "Gas price above the limit",
    "gas_unknown": "Gas price not known",
    "worth_unknown": "Worth in ETH not known",
    "score": "Not worth an attempt",
    "confidence": "Confidence below the threshold",
    "max_position": "Size above the limit",
    "mid_transaction": "State inside somebody's transaction",
    "pool_in_flight": "A pool is in flight already",
    "max_concurrent": "Enough attempts in flight",
    "cooldown": "Pair cools down",
    "combined_away": "Leaves more to others of the block",
    "crowded_out": "Behind the best of the block",
    "taken_already": "Taken already by an attempt",
    "plan": "No plan could be made",
    "preflight": "Preflight failed",
    "not_ready": "Executor is not ready",
    "gas_money": "No ether left for gas",
    "stop": "Emergency stop is set",
    "fence": "Nonces do not agree",
    "lease": "Another engine may sign",
    "nonce": "A nonce has to be waited for",
    "gas": "Gas does not pay",
    "stale": "Came too late for its block",
    "relays": "Refused by the relays",
    "sending": "Could not be sent",
    "outbox": "Outbox cannot be written",
    "node": "Node did not answer",
    "slippage": "Price impact above the limit",
    "breaker": "Breaker lets nothing through",
    "daily_loss": "The day's loss is at the limit",
    "max_exposure": "Too much in flight",
    "max_token_exposure": "Too much in flight through a token",
    "max_venue_exposure": "Too much in flight through a venue",
    "exposure_unknown": "Worth in flight not known",
    "rate_minute": "Enough attempts this minute",
    "rate_hour": "Enough attempts this hour",
    "venue_denied": "Venue on the denied list",
    "venue_not_allowed": "Venue not on the allowed list",
    "token_denied": "Token on the denied list",
    "token_not_allowed": "Token not on the allowed list",
    "token_decimals": "Token's decimals not known",
    "token_transfers": "Token moves other amounts",
    "token_impersonates": "Token bears another's name",
    "pool_jump": "Pool jumped and is left alone",
}
"""The gates as people call them."""


def gate_words(gate: str | None) -> str:
    """Return a gate's name for people; a dash where nothing stopped it."""
    return UNKNOWN if gate is None else GATES.get(gate, gate)


def amount(raw: int | None, decimals: int | None) -> str:
    """Return smallest units as a number, rounded to at most four significant decimals.

    Tables round too, so a figure and a cell of the same amount agree. Where the decimals are not
    known the smallest units themselves are written.
    """
    if raw is None:
        return UNKNOWN
    if decimals is None:
        return f"{raw:,} units"
    digits = len(str(abs(raw)))
    leading_zeros = max(0, decimals - digits)
    places = min(decimals, leading_zeros + _SIGNIFICANT)
    unit = 10 ** (decimals - places)
    rounded = (abs(raw) + unit // 2) // unit * unit
    return format_units(rounded if raw >= 0 else -rounded, decimals, places)


def signed(raw: int | None, decimals: int | None) -> str:
    """Return `amount` with a plus sign where it is above zero."""
    text = amount(raw, decimals)
    return f"+{text}" if raw is not None and raw > 0 else text


def ether(money: Money | int | None) -> str:
    """Return money as `0.1234 ETH`."""
    raw = wei_of(money)
    return UNKNOWN if raw is None else f"{amount(raw, 18)} ETH"


def signed_ether(money: Money | int | None) -> str:
    """Return money as `+0.1234 ETH`."""
    raw = wei_of(money)
    return UNKNOWN if raw is None else f"{signed(raw, 18)} ETH"


def exact_ether(money: Money | int | None) -> str:
    """Return money with every digit it has."""
    raw = wei_of(money)
    return "not known" if raw is None else f"{format_units(raw, 18)} ETH"


def gwei(wei: int | None) -> str:
    """Return wei as `12.34 gwei`."""
    return UNKNOWN if wei is None else f"{format_units(wei, 9, 3)} gwei"


def decimal(raw: int | None, decimals: int | None = 18) -> Decimal | None:
    """Return smallest units as an exact number for a table's column."""
    if raw is None or decimals is None:
        return None
    # Built from its digits: arithmetic would round to the context's 28.
    return Decimal((int(raw < 0), tuple(map(int, str(abs(raw)))), -decimals))


def wei_of(money: Money | int | None) -> int | None:
    """Return the wei of money that may not be known."""
    return money.wei if isinstance(money, Money) else money


def percent(share: float | None) -> str:
    """Return a share from 0 to 1 as per cent."""
    return UNKNOWN if share is None else f"{share:.1%}"


def count(number: int | None) -> str:
    """Return a number of things."""
    return UNKNOWN if number is None else f"{number:,}"


def token_name(token: Token) -> str:
    """Return a token's symbol with its address, because anybody may take any symbol."""
    short = f"{token.address[:6]}…{token.address[-4:]}"
    return f"{token.symbol} ({short})" if token.symbol else short


def time_utc(at: float | None) -> str:
    """Return a time as `2026-11-23 14:02:33 UTC`."""
    return UNKNOWN if at is None else f"{time_cell(at)} UTC"


def time_cell(at: float | None) -> str:
    """Return a time for a column whose heading says UTC; in text order it is in time order."""
    return UNKNOWN if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"


def moment(at: float, now: float) -> str:
    """Return a time as `14:02 UTC`, with its date where that is not today's."""
    then = datetime.fromtimestamp(at, UTC)
    same_day = then.date() == datetime.fromtimestamp(now, UTC).date()
    return f"{then:%H:%M} UTC" if same_day else f"{then:%Y-%m-%d %H:%M} UTC"


def age(seconds: float) -> str:
    """Return an age in words, e.g. `3 s` or `2 h 5 min`."""
    whole = max(0, int(seconds))
    if whole < 120:
        return f"{whole} s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if hours < 2:
        return f"{minutes} min"
    return f"{hours} h {minutes % 60} min" if days < 2 else f"{days} days"


def plain(text: str) -> str:
    """Return `text` so that Markdown shows it as it is."""
    return _MARKDOWN.sub(r"\\\1", text)
