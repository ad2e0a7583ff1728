"""The refusals of a CryptoSwapPool's constructor."""

from __future__ import annotations

from collections.abc import Sequence

from aineon.amm.checks import check_transfers, checked_int
from aineon.amm.cryptoswap.contracts import CryptoSwapContract
from aineon.errors import InvalidPoolState, SameToken
from aineon.primitives.token import Token


def checked_tokens(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return two or three different tokens whose transfers the pool can believe, or raise."""
    held = tuple(tokens)
    for token in held:
        if not isinstance(token, Token):
            raise InvalidPoolState(f"a token of the pool is {token!r}; allowed is a Token")
    if not 2 <= len(held) <= 3:
        raise InvalidPoolState(f"tokens has {len(held)} entries; allowed are 2 or 3")
    if len(set(held)) < len(held):
        raise SameToken(f"tokens names one token twice: {held!r}")
    check_transfers(held)
    return held


def checked_venue(venue: str) -> str:
    """Return the name of a protocol, or raise InvalidPoolState."""
    if not isinstance(venue, str) or not venue:
        raise InvalidPoolState(f"venue is {venue!r}; allowed is the name of a protocol")
    return venue


def checked_contract(contract: CryptoSwapContract, coins: int) -> CryptoSwapContract:
    """Return a contract that holds so many coins, or raise InvalidPoolState."""
    if not isinstance(contract, CryptoSwapContract):
        raise InvalidPoolState(f"contract is {contract!r}; allowed is a CryptoSwapContract")
    if contract.value.coins != coins:
        raise InvalidPoolState(
            f"contract {contract.name} holds {contract.value.coins} tokens, not {coins}"
        )
    return contract


def checked_ints(
    name: str, values: Sequence[int], count: int, lowest: int, highest: int
) -> tuple[int, ...]:
    """Return as many ints as there must be, all in their range, or raise InvalidPoolState."""
    held = tuple(values)
    if len(held) != count:
        raise InvalidPoolState(f"{name} has {len(held)} entries; allowed are {count}")
    for index, value in enumerate(held):
        checked_int(f"{name}[{index}]", value, lowest, highest)
    return held


def precision_of(token: Token) -> int:
    """Return the factor that brings a token to 18 decimals, or raise InvalidPoolState."""
    if token.decimals is None or token.decimals > 18:
        raise InvalidPoolState(
            f"{token!r} has {token.decimals} decimals; allowed is an int from 0 to 18, "
            "or precisions of the pool"
        )
    return int(10 ** (18 - token.decimals))
