"""The refusals that pools have in common."""

from __future__ import annotations

from collections.abc import Collection

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
