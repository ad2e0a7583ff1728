"""What makes the state of a pool in Balancer's Vault possible."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aineon.amm.balancer.fixed_point import MAX_UINT256, ONE
from aineon.amm.checks import checked_int, checked_ints
from aineon.errors import InvalidPoolState
from aineon.primitives.address import Address
from aineon.primitives.token import Token

MAX_BALANCE = 2**112 - 1
MAX_SCALING_FACTOR = 2**160 - 1
_MOST_DECIMALS = 18
_MOST_SCALED = MAX_UINT256 // ONE
_POOL_ID = re.compile(r"0x[0-9a-f]{64}")


def checked_balances(balances: Sequence[int], tokens: int) -> tuple[int, ...]:
    """Return one balance for each token, each a uint112 as the Vault keeps them."""
    return checked_ints("balances", balances, tokens, 0, MAX_BALANCE)


def checked_factors(factors: Sequence[int] | None, tokens: Sequence[Token]) -> tuple[int, ...]:
    """Return one scaling factor for each token: those given, or what its decimals make it.

    The contracts bring every token to 18 decimals and refuse one that has more.
    """
    if factors is not None:
        name = "scaling_factors"
        return checked_ints(name, factors, len(tokens), 1, MAX_SCALING_FACTOR)
    for token in tokens:
        if token.decimals is None or token.decimals > _MOST_DECIMALS:
            raise InvalidPoolState(
                f"{token!r} has {token.decimals} decimals; such a pool takes tokens of 0 to "
                f"{_MOST_DECIMALS} decimals, known ones or with scaling_factors given"
            )
    return tuple(ONE * 10 ** (_MOST_DECIMALS - (token.decimals or 0)) for token in tokens)


def checked_swap_fee(swap_fee: int) -> int:
    """Return a fee, 1e18 being all, that leaves something to swap."""
    return checked_int("swap_fee", swap_fee, 0, ONE - 1)


def checked_pool_id(pool_id: str | None, address: Address) -> str | None:
    """Return the Vault's id of a pool, which begins with the pool's address."""
    if pool_id is None:
        return None
    canonical = pool_id.lower() if isinstance(pool_id, str) else ""
    if not _POOL_ID.fullmatch(canonical) or not canonical.startswith(address):
        raise InvalidPoolState(
            f"pool_id is {pool_id!r}; allowed is 0x and 64 hexadecimal digits that begin with "
            f"the pool's address {address}"
        )
    return canonical


def checked_weights(
    weights: Sequence[int], tokens: int, lowest: int, tolerance: int
) -> tuple[int, ...]:
    """Return one weight for each token, together about one."""
    checked = checked_ints("weights", weights, tokens, lowest, ONE)
    if abs(sum(checked) - ONE) > tolerance:
        raise InvalidPoolState(
            f"weights add up to {sum(checked)}; allowed is {ONE}, give or take {tolerance}"
        )
    return checked


def scaled(balance: int, factor: int) -> int:
    """Return a balance brought to 18 decimals, rate included."""
    brought = balance * factor // ONE
    if brought > _MOST_SCALED:
        raise InvalidPoolState(
            f"balance {balance} scaled by {factor} overflows the contract's 256-bit arithmetic"
        )
    return brought
