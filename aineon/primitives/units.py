"""Exact conversions between smallest units, wei, gwei, ether and basis points.

Money is an int in the smallest unit. Text and Decimal appear only where people read or write
amounts; floats never do.
"""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation

from aineon.base_error import InvalidValue

GWEI = 10**9
ETHER = 10**18
BPS = 10_000
PIPS = 1_000_000

_EXACT = Context(prec=120)


def parse_units(text: str | int | Decimal, decimals: int) -> int:
    """Return the smallest units in a decimal number, e.g. `parse_units("0.5", 18)`.

    Raises:
        InvalidValue: not a finite number, or more decimals than the unit has.
    """
    try:
        value = _EXACT.create_decimal(text)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise InvalidValue(f"{text!r} is not a decimal number") from error
    if not value.is_finite() or abs(value.adjusted()) > 90:
        raise InvalidValue(f"{text!r} is not a finite amount")
    scaled = value.scaleb(decimals, _EXACT)
    if scaled != scaled.to_integral_value():
        raise InvalidValue(f"{text!r} has more than {decimals} decimals")
    return int(scaled)


def format_units(raw: int, decimals: int, places: int | None = None) -> str:
    """Return smallest units as an exact decimal number without exponent.

    `places` is the most decimals that are shown, cut toward zero; None shows all there are.
    """
    whole, fraction = divmod(abs(raw), 10**decimals)
    tail = f"{fraction:0{decimals}d}" if decimals else ""
    tail = tail[:places].rstrip("0")
    sign = "-" if raw < 0 and (whole or tail) else ""
    return f"{sign}{whole:,}.{tail}" if tail else f"{sign}{whole:,}"


def ether_to_wei(text: str | int | Decimal) -> int:
    """Return the wei in a number of ether; see `parse_units`."""
    return parse_units(text, 18)


def gwei_to_wei(text: str | int | Decimal) -> int:
    """Return the wei in a number of gwei; see `parse_units`."""
    return parse_units(text, 9)


def format_ether(wei: int, places: int | None = None) -> str:
    """Return wei as a number of ether; see `format_units`."""
    return format_units(wei, 18, places)


def ceil_div(numerator: int, denominator: int) -> int:
    """Return `numerator / denominator` rounded up; `denominator` must be positive."""
    return -(-numerator // denominator)
