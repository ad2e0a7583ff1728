"""CostModel: what it costs to carry out a route, in gas, loan fee and base token."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from aineon.amm import (
    ComposableStablePool,
    ConcentratedPool,
    ConstantProductPool,
    CryptoSwapPool,
    EtherWrapper,
    Pool,
    StablePool,
    StableSwapPool,
    StakedEtherPool,
    StakedEtherWrapper,
    UnderlyingPool,
    WeightedPool,
)
from aineon.errors import ConfigurationError
from aineon.market import Market
from aineon.primitives import Block, Token
from aineon.primitives.units import GWEI
from aineon.search.lenders import Lender, balancer_v2
from aineon.search.parallel import ParallelPools
from aineon.search.route import Hop, Route

WRAPPED_ETHER = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", symbol="WETH", decimals=18)
"""WETH9 on Ethereum mainnet; one of it is one ether, in which gas is paid."""

TRANSACTION_GAS = 21_000
"""What every transaction costs before it does anything (Ethereum yellow paper, G_transaction)."""

EXECUTOR_GAS = 19_000
"""The executor contract's own work around the swaps, measured with own capital."""

CONSTANT_PRODUCT_GAS = 90_000
"""A Uniswap V2 swap with both token transfers."""

CONCENTRATED_GAS = 110_000
"""A Uniswap V3 swap within one range, with both token transfers and the callback."""

CROSSED_TICK_GAS = 22_000
"""Crossing one initialised tick of a Uniswap V3 pool: `Tick.cross` writes three cold slots
(5,000 each, EIP-2200 and EIP-2929) and reads a fourth (2,100); the rest is the next look into
the bitmap and the step's arithmetic."""

STABLE_SWAP_GAS = 176_000
"""A swap between two coins of a Curve pool of three plain coins; this and the next four are what
0x's router reckons with on mainnet (0xProject/protocol, asset-swapper,
market_operation_utils/constants.ts). Pools of two coins are cheaper by some 30,000."""

UNDERLYING_SWAP_GAS = 387_000
"""`exchange_underlying` of a Curve metapool: a swap, and a deposit to its base pool or back."""

CRYPTO_SWAP_GAS = 300_000
"""A swap of Curve's Tricrypto, which may move its price scale; the same source."""

BALANCER_SWAP_GAS = 140_000
"""A single swap through Balancer's V2 vault, whatever the pool; the same source."""

STAKED_ETHER_WRAPPER_GAS = 120_000
"""Wrapping stETH, which reads Lido's share rate; unwrapping takes 95,000. The same source."""

ETHER_WRAPPER_GAS = 33_000
"""WETH9's deposit or withdrawal at most: a cold slot written for the first time (22,100, EIP-2929),
a call that carries ether (9,000) and a log of two topics and a word (1,381)."""

OTHER_POOL_GAS = 300_000
"""A swap through a kind of pool that is not listed: on the dear side of what is usual."""

_GAS_OF_KIND: Mapping[type, int] = {
    ConstantProductPool: CONSTANT_PRODUCT_GAS,
    StableSwapPool: STABLE_SWAP_GAS,
    StakedEtherPool: STABLE_SWAP_GAS,
    UnderlyingPool: UNDERLYING_SWAP_GAS,
    CryptoSwapPool: CRYPTO_SWAP_GAS,
    WeightedPool: BALANCER_SWAP_GAS,
    StablePool: BALANCER_SWAP_GAS,
    ComposableStablePool: BALANCER_SWAP_GAS,
    EtherWrapper: ETHER_WRAPPER_GAS,
    StakedEtherWrapper: STAKED_ETHER_WRAPPER_GAS,
}


@dataclass(frozen=True, slots=True)
class CostModel:
    """How a route's costs are estimated; every rounding is against the operator.

    Attributes:
        lenders: the money that may be used, sorted by fee and then by gas; by default
            Balancer's, which takes no fee.
        priority_fee_wei: what is paid for each gas on top of the base fee (EIP-1559).
        native_token: the wrapped native token, in which gas is paid; None where the market has
            none, and then no gas cost is known.

    Raises:
        ConfigurationError: there are no lenders, or one twice, or a figure is no int from 0 on.
    """

    lenders: tuple[Lender, ...] = (balancer_v2(),)
    priority_fee_wei: int = GWEI
    native_token: Token | None = WRAPPED_ETHER

    def __post_init__(self) -> None:
        _check_lenders(self.lenders)
        ordered = sorted(self.lenders, key=lambda lender: (lender.fee_bps, lender.gas_units))
        object.__setattr__(self, "lenders", tuple(ordered))
        if type(self.priority_fee_wei) is not int or self.priority_fee_wei < 0:
            raise ConfigurationError(
                f"priority_fee_wei is {self.priority_fee_wei!r}; allowed is an int from 0 on"
            )
        if not isinstance(self.native_token, Token | None):
            raise ConfigurationError(
                f"native_token is {self.native_token!r}; allowed is a Token or None"
            )

    @property
    def least_fee_bps(self) -> int:
        """What a route's money takes at least, in whole basis points, rounded down."""
        return math.floor(self.lenders[0].fee_bps)

    @property
    def least_loan_gas(self) -> int:
        """What a route's money costs at least in gas, over own capital."""
        return min(lender.gas_units for lender in self.lenders)

    def lender_of(
        self, route: Route, amount: int | None = None, gas_price: Fraction | None = None
    ) -> Lender:
        """Return the cheapest money that may fund `route`.

        Where none may, it is the cheapest of all: what the route would leave at best. Then
        `Lender.may_fund` is False, and nothing can be planned.

        Args:
            route: a cycle.
            amount: its input, where known: own capital has an end, and so have loans.
            gas_price: as `gas_rate` gives it; together with the amount it weighs fees against
                gas. Otherwise the lower fee counts, and of equal ones the lower gas.
        """
        for first in self.lenders:
            if first.may_fund(route, amount):
                break
        else:
            return self.lenders[0]
        if amount is None or gas_price is None:
            return first
        # Only lower gas can make up for a higher fee.
        able = [
            lender
            for lender in self.lenders
            if lender.gas_units < first.gas_units and lender.may_fund(route, amount)
        ]
        if not able:
            return first
        return min([first, *able], key=lambda lender: lender.cost(amount, gas_price))

    def gas_units(
        self,
        route: Route,
        amounts: Sequence[int] | None = None,
        lender: Lender | None = None,
    ) -> int:
        """Estimate the gas of the whole transaction that carries out `route`.

        Args:
            route: the hops; of a divided one every pool that takes a share is counted.
            amounts: what goes into each hop; with it the initialised ticks that a Uniswap V3
                swap crosses are counted, without it one a pool is assumed.
            lender: whose money it is; None for the cheapest.
        """
        inputs: Iterable[int | None] = [None] * len(route) if amounts is None else amounts
        if lender is None:
            lender = self.lender_of(route, None if amounts is None else amounts[0])
        units = TRANSACTION_GAS + EXECUTOR_GAS + lender.gas_units
        for hop, amount in zip(route, inputs, strict=False):
            pool, token_in, token_out = hop
            kind = type(pool)
            if kind is ConcentratedPool:
                units += swap_gas(pool, token_in, token_out, amount)
            elif (known := _GAS_OF_KIND.get(kind)) is not None:
                units += known
            elif not isinstance(pool, ParallelPools):
                units += swap_gas(pool, token_in, token_out, amount)
            elif amount is None:
                units += sum(swap_gas(each, token_in, token_out) for each in pool.members)
            else:
                for each, share in hop.shares(amount):
                    units += swap_gas(each, token_in, token_out, share)
        return units

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
        rate = self.gas_rate(route, block, market)
        return None if rate is None else math.ceil(gas_units * rate)

    def gas_rate(
        self, route: Route, block: Block | None, market: Market | None = None
    ) -> Fraction | None:
        """One gas in smallest units of the route's base token; None where `gas_cost` is."""
        gas_price_wei = self.gas_price_wei(block)
        if gas_price_wei is None or self.native_token is None:
            return None
        worth = _worth(self.native_token, route[0].token_in, market, route)
        return None if worth is None else gas_price_wei * worth

    def native_value(
        self, amount: int, token: Token, market: Market | None, route: Route | None = None
    ) -> int | None:
        """The worth of `amount` units of `token` in wei, rounded down; None where not known.

        The rate is the spot price of the deepest pool of `token` and the native token in the
        market, or else of such a hop of `route`: a float, good to 15 digits. Pools that can
        trade in one direction only do not count. It is a worth for comparing, not what a sale
        would bring.
        """
        rate = self.native_rate(token, market, route)
        return None if rate is None else math.floor(amount * rate)

    def native_rate(
        self, token: Token, market: Market | None, route: Route | None = None
    ) -> Fraction | None:
        """What one smallest unit of `token` is worth in wei, as `native_value` counts it."""
        if self.native_token is None:
            return None
        return _worth(token, self.native_token, market, route)


class Worths:
    """What amounts are worth in the native token at one state of a market.

    The answers are those of `CostModel.native_value`, and each token's rate is looked up once.

    Args:
        costs: the model; every answer is its own.
        market: the state; it must not be changed while this is used.
    """

    __slots__ = ("_costs", "_rates", "market")

    def __init__(self, costs: CostModel, market: Market) -> None:
        self.market = market
        self._costs = costs
        self._rates: dict[Token, Fraction | None] = {}

    def of(self, amount: int, token: Token) -> int | None:
        """The worth of so many units in wei, rounded down; None where it is not known."""
        if token not in self._rates:
            self._rates[token] = self._costs.native_rate(token, self.market)
        rate = self._rates[token]
        return None if rate is None else amount * rate.numerator // rate.denominator


def _check_lenders(lenders: object) -> None:
    if (
        not isinstance(lenders, tuple)
        or not lenders
        or not all(isinstance(lender, Lender) for lender in lenders)
    ):
        raise ConfigurationError(f"lenders is {lenders!r}; allowed is a tuple of Lenders")
    names = [lender.name for lender in lenders]
    if len(set(names)) < len(names):
        raise ConfigurationError(f"lenders are {', '.join(names)}; allowed is each one once")


def swap_gas(pool: Pool, token_in: Token, token_out: Token, amount_in: int | None = None) -> int:
    """Estimate the gas of one swap through a real pool; `amount_in` as in `CostModel.gas_units`."""
    if isinstance(pool, ConcentratedPool):
        crossed = 1 if amount_in is None else pool.crossed_ticks(token_in, token_out, amount_in)
        return CONCENTRATED_GAS + CROSSED_TICK_GAS * crossed
    return _GAS_OF_KIND.get(type(pool), OTHER_POOL_GAS)


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
                yield from (Hop(pool, token, in_token) for pool in hop.pools)
