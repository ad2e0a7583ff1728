"""The refusals that pools have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from aineon.errors import (
    InvalidAmount,
    InvalidPoolState,
    SameToken,
    UnknownToken,
    UnsupportedToken,
)
from aineon.primitives.address import Address, parse_address
from aineon.primitives.token import Token, Transfers
from aineon.primitives.units import PIPS

_Entry = TypeVar("_Entry")


def checked_address(address: str) -> Address:
    """Return a pool's canonical address, or raise InvalidPoolState."""
    try:
        return parse_address(address)
    except ValueError as error:
        raise InvalidPoolState(f"pool {error}") from error


def checked_int(name: str, value: int, lowest: int, highest: int) -> int:
    """Return an int of a pool's state that lies in its range, or raise InvalidPoolState."""
    if type(value) is not int or not lowest <= value <= highest:
        raise InvalidPoolState(f"{name} is {value!r}; allowed is an int from {lowest} to {highest}")
    return value


def checked_ints(
    name: str, values: Sequence[int], count: int, lowest: int, highest: int
) -> tuple[int, ...]:
    """Return as many ints as there must be, all in their range, or raise InvalidPoolState."""
    checked = checked_entries(name, values)
    if len(checked) != count:
        raise InvalidPoolState(f"{name} has {len(checked)} entries; allowed are {count}")
    for place, value in enumerate(checked):
        if type(value) is not int or not lowest <= value <= highest:
            checked_int(f"{name}[{place}]", value, lowest, highest)
    return checked


def checked_entries(name: str, values: Iterable[_Entry]) -> tuple[_Entry, ...]:
    """Return what comes in an order, as a tuple, or raise InvalidPoolState.

    Text, mappings and sets are refused: what they yield is not one entry for each token.
    """
    if isinstance(values, Sequence) and not isinstance(values, str | bytes | bytearray):
        return tuple(values)
    raise InvalidPoolState(f"{name} is {values!r}; allowed is a tuple or list, one for each token")


def checked_flag(name: str, value: bool) -> bool:
    """Return True or False, or raise InvalidPoolState: a text such as "false" counts as true."""
    if value is True or value is False:
        return value
    raise InvalidPoolState(f"{name} is {value!r}; allowed is True or False")


def checked_venue(venue: str) -> str:
    """Return the name of a protocol, or raise InvalidPoolState."""
    if not isinstance(venue, str) or not venue:
        raise InvalidPoolState(f"venue is {venue!r}; allowed is the name of a protocol")
    return venue


def checked_tokens(tokens: Sequence[Token], most: int) -> tuple[Token, ...]:
    """Return two to `most` different tokens, in the contract's order (not sorted).

    Raises:
        InvalidPoolState: too few, too many, or something else than a Token.
        SameToken: one of them twice.
    """
    held = checked_entries("tokens", tokens)
    if not 2 <= len(held) <= most:
        raise InvalidPoolState(f"tokens has {len(held)} entries; allowed are 2 to {most}")
    for token in held:
        if not isinstance(token, Token):
            raise InvalidPoolState(f"tokens holds {token!r}; allowed is a Token")
    if len(set(held)) < len(held):
        names = ", ".join(str(token) for token in held)
        raise SameToken(f"tokens holds one token twice: {names}; a pool holds each once")
    return held


def checked_fee(fee_pips: int) -> int:
    """Return a fee in millionths that leaves something to swap, or raise InvalidPoolState."""
    return checked_int("fee_pips", fee_pips, 0, PIPS - 1)


def check_pair(token0: Token, token1: Token) -> None:
    """Raise unless two different tokens come in the order that the contracts keep."""
    for name, token in (("token0", token0), ("token1", token1)):
        if not isinstance(token, Token):
            raise InvalidPoolState(f"{name} is {token!r}; allowed is a Token")
    if token0 == token1:
        raise SameToken(f"token0 and token1 are both {token0!r}; a pool holds two tokens")
    if token1 < token0:
        raise InvalidPoolState(
            f"token0 {token0.address} comes after token1 {token1.address}; "
            "tokens are ordered by address"
        )


def check_transfers(
    tokens: Collection[Token],
    followed: Collection[Transfers] = (Transfers.NOMINAL,),
) -> None:
    """Raise UnsupportedToken where a token moves amounts that a pool does not follow.

    `followed` is what the pool's arithmetic follows to the unit; most believe what was asked.
    """
    for token in tokens:
        if token.transfers not in followed:
            allowed = ", ".join(kind.value for kind in followed)
            raise UnsupportedToken(
                f"the transfers of {token!r} are {token.transfers.value}; "
                f"this pool is exact for {allowed} transfers only"
            )


def check_index(name: str, index: int, pool: object, tokens: tuple[Token, ...]) -> None:
    """Raise UnknownToken unless `index` is the place of a token, counted from 0."""
    if type(index) is not int or not 0 <= index < len(tokens):
        raise UnknownToken(
            f"{name} is {index!r}; allowed for {pool!r} is an int from 0 to {len(tokens) - 1}"
        )


def check_indices(i: int, j: int, pool: object, tokens: tuple[Token, ...]) -> None:
    """Raise UnknownToken or SameToken unless i and j are the places of two tokens."""
    check_index("i", i, pool, tokens)
    check_index("j", j, pool, tokens)
    if i == j:
        raise SameToken(f"i and j are both {i}; a swap joins two tokens")


def places_of(
    pool: object, tokens: tuple[Token, ...], token_in: Token, token_out: Token
) -> tuple[int, int]:
    """Return the places of two tokens among a pool's, or raise UnknownToken or SameToken."""
    try:
        i, j = tokens.index(token_in), tokens.index(token_out)
    except ValueError:
        raise refuse_tokens(pool, tokens, token_in, token_out) from None
    if i == j:
        raise refuse_tokens(pool, tokens, token_in, token_out)
    return i, j


def refuse_amount(name: str, amount: object, most: int) -> InvalidAmount:
    """Return the error for an amount that is not an int from 1 to `most`."""
    return InvalidAmount(f"{name} is {amount!r}; allowed is an int from 1 to {most}")


def refuse_tokens(
    pool: object, tokens: tuple[Token, ...], token_in: object, token_out: object
) -> SameToken | UnknownToken:
    """Return the error for two tokens that a pool cannot swap into each other."""
    for token in (token_in, token_out):
        if token not in tokens:
            held = ", ".join(str(held) for held in tokens)
            return UnknownToken(f"{pool!r} holds {held}, not {token!r}")
    return SameToken(f"token_in and token_out are both {token_in}; a swap joins two tokens")
