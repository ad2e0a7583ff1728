"""Where liquidity providers of a Uniswap V3 pool put their money, and how pools are set up."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from aineon.amm import ConcentratedPool, ConstantProductPool
from aineon.amm.concentrated.tick_math import sqrt_ratio_at_tick, tick_at_sqrt_ratio
from aineon.feeds.sandbox.prices import OutsidePrices
from aineon.feeds.sandbox.states import AnyPool
from aineon.feeds.sandbox.universe import UNISWAP_V3, PoolPlan, Universe
from aineon.primitives import Address

SPACING_OF_FEE = {100: 1, 500: 10, 3000: 60, 10_000: 200}

# Share of the money and half-width of the range in ticks; the first range is the backbone,
# which is never withdrawn, so that there is a price at all times.
_RANGES_OF_FEE: dict[int, tuple[tuple[float, int], ...]] = {
    100: ((0.15, 8000), (0.25, 200), (0.30, 40), (0.30, 12)),
    500: ((0.20, 40_000), (0.25, 4000), (0.30, 900), (0.25, 250)),
    3000: ((0.30, 60_000), (0.30, 6000), (0.25, 2400), (0.15, 900)),
    10_000: ((0.40, 80_000), (0.35, 9000), (0.25, 3000)),
}
_Q96 = float(2**96)


@dataclass(frozen=True, slots=True)
class Position:
    """Liquidity between two ticks."""

    tick_lower: int
    tick_upper: int
    liquidity: int

    def holds(self, tick: int) -> bool:
        """Return whether it is in range at `tick`."""
        return self.tick_lower <= tick < self.tick_upper


def half_widths(fee_pips: int) -> tuple[int, ...]:
    """The half-widths that providers choose from, in ticks, the backbone's left out."""
    return tuple(ticks for _, ticks in _RANGES_OF_FEE[fee_pips][1:])


def around(tick: int, half_width: int, spacing: int) -> tuple[int, int]:
    """Return usable ticks that lie about `half_width` below and above `tick`."""
    lower = (tick - half_width) // spacing * spacing
    upper = -(-(tick + half_width) // spacing) * spacing
    return lower, max(upper, lower + spacing)


def build_pools(
    universe: Universe, prices: OutsidePrices
) -> tuple[list[AnyPool], dict[Address, list[Position]]]:
    """Set every pool up at the outside prices; return them with the positions they hold."""
    pools: list[AnyPool] = []
    positions: dict[Address, list[Position]] = {}
    for plan in universe.pools:
        price = prices.rate(plan.token0, plan.token1)
        unit1_dollars = prices.dollars[plan.token1]
        if plan.venue == UNISWAP_V3:
            pool, held = build_concentrated(plan, price, unit1_dollars)
            positions[plan.address] = held
            pools.append(pool)
        else:
            pools.append(build_constant_product(plan, price, unit1_dollars))
    return pools, positions


def build_constant_product(
    plan: PoolPlan, price: float, unit1_dollars: float
) -> ConstantProductPool:
    """Set a pool up that holds `plan.dollars`, half of it in each token.

    `price` is units of token1 for one unit of token0.
    """
    reserve1 = plan.dollars / 2 / unit1_dollars
    return ConstantProductPool(
        address=plan.address,
        token0=plan.token0,
        token1=plan.token1,
        reserve0=int(reserve1 / price),
        reserve1=int(reserve1),
        fee_pips=plan.fee_pips,
        venue=plan.venue,
    )


def build_concentrated(
    plan: PoolPlan, price: float, unit1_dollars: float
) -> tuple[ConcentratedPool, list[Position]]:
    """Set a pool up with several positions around `price`; the first one is the backbone."""
    root = sqrt(price)
    sqrt_price_x96 = int(root * _Q96)
    tick = tick_at_sqrt_ratio(sqrt_price_x96)
    spacing = SPACING_OF_FEE[plan.fee_pips]
    positions = []
    for share, half_width in _RANGES_OF_FEE[plan.fee_pips]:
        lower, upper = around(tick, half_width, spacing)
        worth1 = plan.dollars * share / unit1_dollars
        # A position worth 2 * L * sqrt(P) * (1 - 1 / sqrt(width)) units of token1.
        narrowness = 1.0 - sqrt_ratio_at_tick(lower) / sqrt_price_x96
        liquidity = int(worth1 / (2.0 * root * narrowness))
        positions.append(Position(lower, upper, liquidity))
    pool = ConcentratedPool(
        address=plan.address,
        token0=plan.token0,
        token1=plan.token1,
        fee_pips=plan.fee_pips,
        tick_spacing=spacing,
        sqrt_price_x96=sqrt_price_x96,
        tick=tick,
        liquidity=sum(position.liquidity for position in positions if position.holds(tick)),
        ticks=_ticks(positions),
        venue=plan.venue,
    )
    return pool, positions


def _ticks(positions: list[Position]) -> dict[int, tuple[int, int]]:
    ticks: dict[int, tuple[int, int]] = {}
    for position in positions:
        for tick, net in (
            (position.tick_lower, position.liquidity),
            (position.tick_upper, -position.liquidity),
        ):
            gross_before, net_before = ticks.get(tick, (0, 0))
            ticks[tick] = (gross_before + position.liquidity, net_before + net)
    return ticks
