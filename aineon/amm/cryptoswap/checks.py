"""The refusals of a CryptoSwapPool's constructor."""

from __future__ import annotations

from aineon.amm.cryptoswap.contracts import CryptoSwapContract
from aineon.errors import InvalidPoolState
from aineon.primitives.token import Token


def checked_contract(contract: CryptoSwapContract, coins: int) -> CryptoSwapContract:
    """Return a contract that holds so many coins, or raise InvalidPoolState."""
    if not isinstance(contract, CryptoSwapContract):
        raise InvalidPoolState(f"contract is {contract!r}; allowed is a CryptoSwapContract")
    if contract.value.coins != coins:
        raise InvalidPoolState(
            f"contract {contract.name} holds {contract.value.coins} tokens, not {coins}"
        )
    return contract


def precision_of(token: Token) -> int:
    """Return the factor that brings a token to 18 decimals, or raise InvalidPoolState."""
    if token.decimals is None or token.decimals > 18:
        raise InvalidPoolState(
            f"{token!r} has {token.decimals} decimals; allowed is an int from 0 to 18, "
            "or precisions of the pool"
        )
    return int(10 ** (18 - token.decimals))
