"""Addresses that may be paid: their checksum, what is never paid, and look-alikes.

Poisoners send dust from addresses whose first and last digits are those of an address that is
paid often, and wait for somebody to copy the wrong one from a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from aineon.errors import DestinationRefused, InvalidValue
from aineon.primitives import ETHER, Address, parse_address

SHOWN_DIGITS: Final = 4
"""Digits at each end that wallets show, and people compare."""

LEAST_EDITS: Final = 9
"""Two of forty digits drawn at random differ by about 28 edits, never by fewer than this."""

_LAST_PRECOMPILE: Final = 0xFFFF
_GRAVES: Final = frozenset(
    {
        Address("0x000000000000000000000000000000000000dead"),
        Address("0xdead000000000000000042069420694206942069"),
        Address("0x" + "f" * 40),
    }
)


def parse_destination(text: object) -> Address:
    """Return `text` as the canonical address of somebody who can be paid.

    Raises:
        DestinationRefused: it is no address, its mix of upper and lower case is not its EIP-55
            checksum, or nobody holds its key: the zero address, a precompile, a known grave, the
            stand-in for native ether.
    """
    try:
        address = parse_address(text)  # type: ignore[arg-type] # it refuses what is no text
    except InvalidValue as error:
        raise DestinationRefused(f"destination {_short(text)} is not an address: {error}") from None
    digits = str(text)[2:]
    if digits not in (digits.lower(), digits.upper()):
        # eth_utils takes 0.1 s to import, and canonical addresses need no checksum.
        from eth_utils.address import to_checksum_address

        if digits != to_checksum_address(address)[2:]:
            raise DestinationRefused(
                f"destination {text}: its mix of upper and lower case is not the EIP-55 checksum "
                "of the address, so a character is wrong; copy it again from its source"
            )
    if int(address, 16) <= _LAST_PRECOMPILE:
        raise DestinationRefused(
            f"destination {address} is the zero address or a precompile; what is sent there is lost"
        )
    if address in _GRAVES or address == ETHER.address:
        raise DestinationRefused(
            f"destination {address} stands for nobody; what is sent there is lost"
        )
    return address


def refuse_lookalike(address: Address, known: Mapping[Address, str]) -> None:
    """Check that `address` cannot be mistaken for one of `known`, which maps to their names.

    Raises:
        DestinationRefused: it looks like one of them, and is another.
    """
    for other, name in known.items():
        if other != address and look_alike(address, other):
            raise DestinationRefused(
                f"destination {address} looks like {other} ({name}) and is another address; such "
                "addresses are made to be mistaken for each other, so only one of them is allowed"
            )


def refuse_own(address: Address, ours: Mapping[Address, str]) -> None:
    """Check that `address` is none of `ours`, which maps to what each is.

    Raises:
        DestinationRefused: it is a contract, a token or an account that is never a destination.
    """
    if address in ours:
        raise DestinationRefused(
            f"destination {address} is {ours[address]}; money sent there is lost, or stays here"
        )


def look_alike(one: Address, other: Address) -> bool:
    """Whether two different addresses are alike at both ends, or in nearly all digits."""
    first, second = one[2:], other[2:]
    same_ends = (
        first[:SHOWN_DIGITS] == second[:SHOWN_DIGITS]
        and first[-SHOWN_DIGITS:] == second[-SHOWN_DIGITS:]
    )
    return same_ends or edit_distance(first, second) < LEAST_EDITS


def edit_distance(one: str, other: str) -> int:
    """Return how many digits must be put in, taken out or exchanged to make one the other."""
    row = list(range(len(other) + 1))
    for place, digit in enumerate(one, 1):
        row = _next_row(row, place, digit, other)
    return row[-1]


def _next_row(row: list[int], place: int, digit: str, other: Iterable[str]) -> list[int]:
    following = [place]
    for column, opposite in enumerate(other, 1):
        exchanged = row[column - 1] + (digit != opposite)
        following.append(min(exchanged, row[column] + 1, following[-1] + 1))
    return following


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
