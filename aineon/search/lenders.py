"""Lenders: whose money carries a route out, what that money costs, and where it may be used."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from aineon.amm import (
    ComposableStablePool,
    ConcentratedPool,
    ConstantProductPool,
    Pool,
    StablePool,
    WeightedPool,
)
from aineon.errors import ConfigurationError
from aineon.primitives import Address, Token
from aineon.primitives.units import BPS
from aineon.search.route import Route

if TYPE_CHECKING:
    from aineon.chain.snapshot.lenders import LenderTerms

OWN = "own"
"""The operator's own capital, pulled from its owner and given back in the same transaction."""

BALANCER_V2 = "balancer_v2"
"""A flash loan of Balancer's V2 Vault."""

AAVE_V3 = "aave_v3"
"""A flash loan of Aave's V3 Pool (`flashLoanSimple`)."""

FLASH_SWAP = "flash_swap"
"""The first pool of the route pays before it is paid: Uniswap's V2 and V3 pools allow it."""

LENDER_NAMES = (OWN, FLASH_SWAP, BALANCER_V2, AAVE_V3)
"""Every kind of money, the cheapest in gas first."""

BALANCER_FLASH_GAS = 41_000
"""A Balancer V2 flash loan, over own capital, measured."""

AAVE_FLASH_GAS = 131_000
"""An Aave V3 flash loan, over own capital, measured."""

FLASH_SWAP_GAS = 13_000
"""Swapping on within the first pool's callback, over own capital, measured between two pairs: the
most that it costs. From a Uniswap V3 pool it is up to 20,000 cheaper than own capital."""

AAVE_FEE_BPS = 5
"""Aave V3's premium as governance has set it in 2023; `FLASHLOAN_PREMIUM_TOTAL` tells."""

_FIRST_AAVE_REVISION_THAT_ROUNDS_UP = 9
_SHARES_OF_ONE = 10**18
_VAULT_POOLS = (WeightedPool, StablePool, ComposableStablePool)
_FLASH_SWAP_POOLS = (ConstantProductPool, ConcentratedPool)


class FeeRounding(StrEnum):
    """How a fee becomes whole units."""

    UP = "up"
    HALF_UP = "half_up"


@dataclass(frozen=True, slots=True)
class Lender:
    """Money that a route can be carried out with.

    Attributes:
        name: one of `LENDER_NAMES`.
        fee_bps: what it takes of the amount, in basis points; a Fraction where it is no whole
            number of them.
        gas_units: what borrowing costs over own capital.
        rounding: how the fee becomes whole units.
        available: how much there is of each token, by its address, and nothing of those that are
            not named; None where that is not known: then any amount is taken to be there.

    Raises:
        ConfigurationError: a name that is none, a negative figure, or a fee above the amount.
    """

    name: str
    fee_bps: int | Fraction = 0
    gas_units: int = 0
    rounding: FeeRounding = FeeRounding.UP
    available: Mapping[Address, int] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        if self.name not in LENDER_NAMES:
            raise ConfigurationError(
                f"lender is {self.name!r}; allowed are {', '.join(LENDER_NAMES)}"
            )
        if type(self.fee_bps) not in (int, Fraction) or not 0 <= self.fee_bps <= BPS:
            raise ConfigurationError(
                f"fee_bps of {self.name} is {self.fee_bps!r}; allowed is 0 to {BPS}"
            )
        if type(self.gas_units) is not int or self.gas_units < 0:
            raise ConfigurationError(
                f"gas_units of {self.name} is {self.gas_units!r}; allowed is an int from 0 on"
            )

    @property
    def whole_fee_bps(self) -> int:
        """The fee in whole basis points, rounded up: what sizes are found with."""
        fee = self.fee_bps
        return fee if type(fee) is int else math.ceil(fee)

    def fee(self, amount: int) -> int:
        """What `amount` costs, in the same token, to the unit as the contract computes it."""
        share, whole = amount * self.fee_bps.numerator, BPS * self.fee_bps.denominator
        if self.rounding is FeeRounding.HALF_UP:
            return (share + whole // 2) // whole
        return -(-share // whole)

    def may_fund(self, route: Route, amount: int | None = None) -> bool:
        """Whether `route` can be carried out with this money; `amount` where it is known.

        The Vault is locked during its own loans, so they fund no route through its pools
        (BAL#400). A flash swap needs one undivided pool of Uniswap's V2 or V3 to begin with.
        """
        if self.name == BALANCER_V2 and _swaps_in_vault(route):
            return False
        if self.name == FLASH_SWAP and not isinstance(route[0].pool, _FLASH_SWAP_POOLS):
            return False
        if self.available is None:
            return True
        return self.available.get(route[0].token_in.address, 0) >= (1 if amount is None else amount)

    def cost(self, amount: int, gas_price: Fraction) -> Fraction:
        """Fee and gas of borrowing `amount`, in its token; `gas_price` is of one gas in it."""
        return self.fee(amount) + self.gas_units * gas_price


def _swaps_in_vault(route: Route) -> bool:
    # Nearly every pool is Uniswap's, and every cycle of every block is asked.
    for hop in route:
        if type(hop[0]) not in _FLASH_SWAP_POOLS and any(map(_is_in_vault, hop.pools)):
            return True
    return False


def _is_in_vault(pool: Pool) -> bool:
    # A pool of stETH is a view of the pool that really swaps.
    return isinstance(getattr(pool, "pool", pool), _VAULT_POOLS)


def own_capital(amounts: Mapping[Token, int]) -> Lender:
    """Own capital, so much of each token."""
    return Lender(OWN, available={token.address: amounts[token] for token in amounts})


def flash_swap() -> Lender:
    """Flash swaps; their fee is part of what the pool pays."""
    return Lender(FLASH_SWAP, gas_units=FLASH_SWAP_GAS)


def balancer_v2(fee_share: int = 0, available: Mapping[Address, int] | None = None) -> Lender:
    """Balancer's Vault.

    Args:
        fee_share: its flash-loan fee as `getFlashLoanFeePercentage` gives it, in parts of 1e18;
            governance has left it at 0.
        available: what the Vault holds of each token.
    """
    fee_bps = Fraction(fee_share * BPS, _SHARES_OF_ONE)
    return Lender(
        BALANCER_V2,
        fee_bps.numerator if fee_bps.denominator == 1 else fee_bps,
        BALANCER_FLASH_GAS,
        available=available,
    )


def aave_v3(
    fee_bps: int = AAVE_FEE_BPS,
    pool_revision: int | None = None,
    available: Mapping[Address, int] | None = None,
) -> Lender:
    """Aave's Pool.

    Args:
        fee_bps: its `FLASHLOAN_PREMIUM_TOTAL`.
        pool_revision: its `POOL_REVISION`. Up to 8 the fee is rounded half up, from 9 on up;
            up as well where it is None, which is never too little.
        available: what can be borrowed of each token.
    """
    half_up = pool_revision is not None and pool_revision < _FIRST_AAVE_REVISION_THAT_ROUNDS_UP
    rounding = FeeRounding.HALF_UP if half_up else FeeRounding.UP
    return Lender(AAVE_V3, fee_bps, AAVE_FLASH_GAS, rounding, available)


def standard_lenders(aave_fee_bps: int = AAVE_FEE_BPS) -> tuple[Lender, ...]:
    """Every kind of money but one's own, on the terms of mainnet, where no chain tells better."""
    return flash_swap(), balancer_v2(), aave_v3(aave_fee_bps)


def lenders_from(
    terms: LenderTerms,
    allowed: Collection[str] = LENDER_NAMES,
    own: Mapping[Token, int] | None = None,
) -> tuple[Lender, ...]:
    """Return the lenders that may be used, on the terms that were read from the chain.

    Args:
        terms: as they are at one block; a lender that could not be read is left out.
        allowed: names of `LENDER_NAMES`.
        own: own capital of each token; None for none.

    Raises:
        ConfigurationError: a name that is none, or nothing is left.
    """
    for name in allowed:
        if name not in LENDER_NAMES:
            raise ConfigurationError(f"lender is {name!r}; allowed are {', '.join(LENDER_NAMES)}")
    known = [flash_swap()]
    if own:
        known.append(own_capital(own))
    if terms.balancer is not None:
        known.append(balancer_v2(terms.balancer.fee_percentage, terms.balancer.available))
    if terms.aave is not None:
        aave = terms.aave
        known.append(aave_v3(aave.premium_bps, aave.revision, aave.available))
    found = tuple(lender for lender in known if lender.name in allowed)
    if not found:
        raise ConfigurationError(
            f"no lender is left of {', '.join(allowed) or 'none'}: nothing could pay for a trade"
        )
    return found
