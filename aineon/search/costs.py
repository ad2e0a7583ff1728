"""CostModel: what it costs to carry out a route, in gas, flash fee and base token."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.errors import ConfigurationError
from aineon.market import Market
from aineon.primitives import Block, Token
from aineon.primitives.units import BPS, GWEI, ceil_div
from aineon.search.route import Hop, Route

WRAPPED_ETHER = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", symbol="WETH", decimals=18)
"""WETH9 on Ethereum mainnet; one of it is one ether, in which gas is paid."""

TRANSACTION_GAS = 21_000
"""What every transaction costs before it does anything (Ethereum yellow paper, G_transaction)."""

EXECUTOR_GAS = 19_000
"""The executor contract's own work around the swaps, measured with own capital."""

BALANCER_FLASH_GAS = 41_000
"""A Balancer V2 flash loan, over own capital, measured."""

AAVE_FLASH_GAS = 131_000
"""An Aave V3 flash loan, over own capital, measured."""

CONSTANT_PRODUCT_GAS = 90_000
"""A Uniswap V2 swap with both token transfers."""

CONCENTRATED_GAS = 110_000
"""A Uniswap V3 swap within one range, with both token transfers and the callback."""

CROSSED_TICK_GAS = 22_000
"""Crossing one initialised tick of a Uniswap V3 pool: `Tick.cross` writes three cold slots
(5,000 each, EIP-2200 and EIP-2929) and reads a fourth (2,100); the rest is the next look into
the bitmap and the step's arithmetic."""

OTHER_POOL_GAS = 160_000
"""A swap through any other kind of pool (Curve, Balancer): on the dear side of what is usual."""


@dataclass(frozen=True, slots=True)
class CostModel:
    """How a route's costs are estimated; every rounding is against the operator.

    Attributes:
        flash_fee_bps: the flash loan's premium in basis points of the loan; Balancer's is 0,
            Aave V3's is 5 where governance has not changed it.
        flash_gas: gas of the flash loan over own capital; see `BALANCER_FLASH_GAS` and
            `AAVE_FLASH_GAS`; 0 for own capital.
        priority_fee_wei: what is paid for each gas on top of the base fee (EIP-1559).
        native_token: the wrapped native token, in which gas is paid; None where the market has
            none, and then no gas cost is known.

    Raises:
        ConfigurationError: a figure is negative or not an int, or the fee is above 10,000 bps.
    """

    flash_fee_bps: int = 0
    flash_gas: int = BALANCER_FLASH_GAS
    priority_fee_wei: int = GWEI
    native_token: Token | None = WRAPPED_ETHER

    def __post_init__(self) -> None:
        for name in ("flash_fee_bps", "flash_gas", "priority_fee_wei"):
            value = getattr(self, name)
            if type(value) is not int or value < 0:
                raise ConfigurationError(f"{name} is {value!r}; allowed is an int from 0 on")
        if self.flash_fee_bps > BPS:
            raise ConfigurationError(f"flash_fee_bps is {self.flash_fee_bps}; at most {BPS}")
        if not isinstance(self.native_token, Token | None):
            raise ConfigurationError(
                f"native_token is {self.native_token!r}; allowed is a Token or None"
            )

    def flash_fee(self, amount: int) -> int:
        """The flash loan's fee for `amount`, in the same token, rounded up."""
        return ceil_div(amount * self.flash_fee_bps, BPS)

    def gas_units(self, route: Route, amounts: Sequence[int] | None = None) -> int:
        """Estimate the gas of the whole transaction that carries out `route`.

        Args:
            route: the hops.
            amounts: what goes into each hop; with it the initialised ticks that a Uniswap V3
                swap crosses are counted, without it one a pool is assumed.
        """
        inputs: Iterable[int | None] = [None] * len(route) if amounts is None else amounts
        hops = sum(_hop_gas(hop, amount) for hop, amount in zip(route, inputs, strict=False))
        return TRANSACTION_GAS + EXECUTOR_GAS + self.flash_gas + hops

    def gas_price_wei(self, block: Block | None) -> int | None:
        """Base fee and priority fee for one gas; None where the base fee is not known."""
        if block is None or block.base_fee_wei is None:
            return None
        return block.base_fee_wei + self.priority_fee_wei

    def gas_cost(
        self,
        route: Route,
        block: Block | None,
        market: Market | None = None,
        amounts: Sequence[int] | None = None,
    ) -> int | None:
        """The gas of `route` in smallest units of its base token, rounded up.

        None where the block's base fee is not known, or the worth of the native token in the
        base token is not: neither the market nor the route has a pool of these two.
        """
        return self.cost_of_gas(self.gas_units(route, amounts), route, block, market)

    def cost_of_gas(
        self, gas_units: int, route: Route, block: Block | None, market: Market | None = None
    ) -> int | None:
        """The cost of so many units of gas, as `gas_cost` gives it."""
        gas_price_wei = self.gas_price_wei(block)
        if gas_price_wei is None or self.native_token is None:
            return None
        worth = _worth(self.native_token, route[0].token_in, market, route)
        return None if worth is None else math.ceil(gas_units * gas_price_wei * worth)

    def native_value(
        self, amount: int, token: Token, market: Market | None, route: Route | None = None
    ) -> int | None:
        """The worth of `amount` units of `token` in wei, rounded down; None where not known.

        The rate is the spot price of the deepest pool of `token` and the native token in the
        market, or else of such a hop of `route`: a float, good to 15 digits. Pools that can
        trade in one direction only do not count. It is a worth for comparing, not what a sale
        would bring.
        """
        if self.native_token is None:
            return None
        worth = _worth(token, self.native_token, market, route)
        return None if worth is None else math.floor(amount * worth)


def _hop_gas(hop: Hop, amount_in: int | None) -> int:
    if isinstance(hop.pool, ConstantProductPool):
        return CONSTANT_PRODUCT_GAS
    if isinstance(hop.pool, ConcentratedPool):
        return CONCENTRATED_GAS + CROSSED_TICK_GAS * _crossed_ticks(hop.pool, hop, amount_in)
    return OTHER_POOL_GAS


def _crossed_ticks(pool: ConcentratedPool, hop: Hop, amount_in: int | None) -> int:
    """How many initialised ticks the swap crosses; 1 is assumed where its size is not known."""
    if amount_in is None:
        return 1
    after = pool.quote_exact_input(hop.token_in, hop.token_out, amount_in).pool_after
    assert isinstance(after, ConcentratedPool)
    low, high = sorted((pool.tick, after.tick))
    # A rising price crosses what it reaches; a falling one ends below what it crossed.
    return sum(low < tick <= high for tick in pool.ticks)


def _worth(
    token: Token, in_token: Token, market: Market | None, route: Route | None
) -> Fraction | None:
    """Units of `in_token` for one unit of `token` at the spot price; None where not known."""
    if token == in_token:
        return Fraction(1)
    best: tuple[float, float] | None = None
    for hop in _joining(token, in_token, market, route):
        curve = hop.pool.local_curve(token, in_token)
        back = hop.pool.local_curve(in_token, token)
        # A pool that trades one way only may stand at any price: nobody can move it back.
        tradable = curve.rate > 0 and back.rate > 0
        # 1 / bend is the input at which the average rate has halved: the pool's depth.
        if tradable and (best is None or curve.bend < best[0]):
            best = (curve.bend, hop.pool.spot_price(token, in_token))
    return None if best is None else Fraction(best[1])


def _joining(
    token: Token, in_token: Token, market: Market | None, route: Route | None
) -> Iterator[Hop]:
    """The market's pools of the two tokens; where it has none, those of the route."""
    pools = () if market is None else market.registry.pools_between(token, in_token)
    for pool in pools:
        yield Hop(pool, token, in_token)
    if not pools:
        for hop in route or ():
            if {hop.token_in, hop.token_out} == {token, in_token}:
                yield Hop(hop.pool, token, in_token)
