"""Reading JSON field by field, with the place of whatever is wrong.

A recording comes from outside, so nothing in it is trusted: every value is taken through a
`Field`, which knows the file and the place it was read from and refuses what does not fit in
one sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aineon.errors import InvalidRecording
from aineon.primitives import Address, parse_address

UINT256_MAX = 2**256 - 1
_DECIMAL = re.compile(r"-?[0-9]{1,80}")
_SHOWN = 60


class Field:
    """A JSON value, the file it comes from, and its place there."""

    __slots__ = ("file", "place", "value")

    def __init__(self, value: Any, file: Path, place: str = "") -> None:
        self.value = value
        self.file = file
        self.place = place

    def refuse(self, allowed: str) -> InvalidRecording:
        """Return the error that says what stands here and what is allowed."""
        shown = repr(self.value)
        if len(shown) > _SHOWN:
            shown = f"{shown[:_SHOWN]}…"
        where = self.place or "the document"
        return InvalidRecording(f"{self.file}: {where} is {shown}, allowed is {allowed}")

    def has(self, key: str) -> bool:
        """Whether this is an object in which `key` is present and not null."""
        return isinstance(self.value, dict) and self.value.get(key) is not None

    def __getitem__(self, key: str) -> Field:
        if not isinstance(self.value, dict):
            raise self.refuse("an object")
        if key not in self.value:
            where = f"{self.place} has" if self.place else "the document has"
            raise InvalidRecording(f"{self.file}: {where} no field {key!r}, which must be there")
        return Field(self.value[key], self.file, self._inner(f".{key}"))

    def get(self, key: str) -> Field | None:
        """Return the field `key`, or None where it is absent or null."""
        if not isinstance(self.value, dict):
            raise self.refuse("an object")
        if self.value.get(key) is None:
            return None
        return Field(self.value[key], self.file, self._inner(f".{key}"))

    def __iter__(self) -> Iterator[Field]:
        if not isinstance(self.value, list):
            raise self.refuse("a list")
        for index, value in enumerate(self.value):
            yield Field(value, self.file, self._inner(f"[{index}]"))

    def fixed(self, length: int) -> list[Field]:
        """Return the `length` items of this list."""
        items = list(self)
        if len(items) != length:
            raise self.refuse(f"a list of {length} items")
        return items

    def entries(self) -> Iterator[tuple[str, Field]]:
        """Yield the keys and fields of this object."""
        if not isinstance(self.value, dict):
            raise self.refuse("an object")
        for key in self.value:
            yield key, self[key]

    def text(self) -> str:
        """Return this string."""
        if not isinstance(self.value, str):
            raise self.refuse("a string")
        return self.value

    def flag(self) -> bool:
        """Return this true or false."""
        if not isinstance(self.value, bool):
            raise self.refuse("true or false")
        return self.value

    def integer(self, least: int = 0, most: int = UINT256_MAX) -> int:
        """Return this whole number, given as a JSON integer or as a decimal string."""
        value = self.value
        if isinstance(value, str) and _DECIMAL.fullmatch(value):
            value = int(value)
        if type(value) is not int or not least <= value <= most:
            raise self.refuse(f"a whole number from {_bound(least)} to {_bound(most)}")
        return value

    def optional_integer(self, key: str, least: int = 0, most: int = UINT256_MAX) -> int | None:
        """Return the whole number at `key`, or None where it is absent or null."""
        field = self.get(key)
        return None if field is None else field.integer(least, most)

    def optional_text(self, key: str) -> str | None:
        """Return the string at `key`, or None where it is absent or null."""
        field = self.get(key)
        return None if field is None else field.text()

    def address(self) -> Address:
        """Return this address in canonical form."""
        try:
            return parse_address(self.text())
        except ValueError as error:
            raise self.refuse("0x followed by 40 hexadecimal digits") from error

    def _inner(self, step: str) -> str:
        if not self.place:
            return step.removeprefix(".")
        if self.place.startswith("line ") and ":" not in self.place:
            return f"{self.place}: {step.removeprefix('.')}"
        return self.place + step


def _bound(limit: int) -> str:
    magnitude = abs(limit)
    sign = "-" if limit < 0 else ""
    if magnitude > 10**9:
        for power in (256, 255, 160, 128, 127, 112):
            if magnitude == 2**power - 1:
                return f"{sign}(2^{power} - 1)" if sign else f"2^{power} - 1"
            if magnitude == 2**power:
                return f"{sign}2^{power}"
    return str(limit)
