"""The fields of a recorded pool: how each kind of value is written, and read back.

Integers beyond 2^53 are written as decimal strings, because other languages' JSON readers turn
them into floats; both spellings are read. What is unknown (None) is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple

from aineon.feeds.replay.fields import UINT256_MAX, Field
from aineon.primitives import Address, Token

Json = dict[str, Any]
Tokens = Mapping[Address, Token]

MAX_RESERVE = 2**112 - 1
MAX_LIQUIDITY = 2**128 - 1
MAX_TICK = 887_272
MAX_PRICE = 2**160 - 1
_EXACT_IN_JSON = 2**53


def number(value: int) -> int | str:
    """Return `value` as JSON readers of any language read it without loss."""
    return value if -_EXACT_IN_JSON <= value <= _EXACT_IN_JSON else str(value)


class Part(NamedTuple):
    """One field of a pool.

    Attributes:
        name: in JSON, and of the constructor's argument.
        write, read: the field's value to JSON, and back.
        get: the value of a pool; None where it is unknown.
        is_optional: whether it may be left out, and is `absent` then.
    """

    name: str
    write: Callable[[Any], Any]
    read: Callable[[Field, Tokens], Any]
    get: Callable[[Any], Any]
    is_optional: bool = False
    absent: Any = None


def integer(name: str, least: int = 0, most: int = UINT256_MAX) -> Part:
    """A whole number from `least` to `most`."""
    return Part(name, number, lambda field, _: field.integer(least, most), attrgetter(name))


def integers(name: str, source: str = "") -> Part:
    """A list of whole numbers from 0 on."""

    def write(values: tuple[int, ...]) -> list[int | str]:
        return [number(value) for value in values]

    def read(field: Field, _: Tokens) -> tuple[int, ...]:
        return tuple(each.integer() for each in field)

    return Part(name, write, read, attrgetter(source or name))


def text(name: str) -> Part:
    """A string."""
    return Part(name, str, lambda field, _: field.text(), attrgetter(name))


def flag(name: str) -> Part:
    """True or false."""
    return Part(name, bool, lambda field, _: field.flag(), attrgetter(name))


def token(name: str) -> Part:
    """The address of a declared token."""
    return Part(name, attrgetter("address"), declared, attrgetter(name))


def optional(part: Part, absent: Any = None) -> Part:
    """The same field, which is left out where its value is `absent`."""
    return part._replace(is_optional=True, absent=absent)


def declared(field: Field, tokens: Tokens) -> Token:
    """Return the token whose address stands in `field`."""
    found = tokens.get(field.address())
    if found is None:
        raise field.refuse("the address of a token that an earlier line declares")
    return found


def price_state(field: Field) -> tuple[int, int, int]:
    """Return price, tick and liquidity of a V3 pool."""
    return (
        field["sqrt_price_x96"].integer(0, MAX_PRICE),
        field["tick"].integer(-MAX_TICK, MAX_TICK),
        field["liquidity"].integer(0, MAX_LIQUIDITY),
    )


def chosen(name: str, choices: Mapping[str, Any]) -> Part:
    """One of several values, by its name."""

    def read(field: Field, _: Tokens) -> Any:
        if field.text() not in choices:
            raise field.refuse(f"one of {', '.join(choices)}")
        return choices[field.text()]

    return Part(name, lambda value: value.name, read, attrgetter(name))


def write_parts(parts: tuple[Part, ...], value: object) -> Json:
    """Return the parts of a value as a JSON object, without those that may be left out."""
    found = ((part, part.get(value)) for part in parts)
    return {
        part.name: part.write(content)
        for part, content in found
        if content is not None and not (part.is_optional and content == part.absent)
    }


def read_parts(parts: tuple[Part, ...], field: Field, tokens: Tokens) -> dict[str, Any]:
    """Return the values of all parts that stand in `field`, by name.

    Raises:
        InvalidRecording: one is missing or cannot be.
    """
    values: dict[str, Any] = {}
    for part in parts:
        content = field.get(part.name) if part.is_optional else field[part.name]
        values[part.name] = part.absent if content is None else part.read(content, tokens)
    return values
