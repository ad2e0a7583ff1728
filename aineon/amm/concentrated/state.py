"""What makes the state of a Uniswap V3 pool possible, and what a mint or burn does to ticks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from aineon.amm.checks import checked_int
from aineon.amm.concentrated.borders import TickLiquidity
from aineon.amm.concentrated.liquidity_math import max_liquidity_per_tick
from aineon.amm.concentrated.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    is_well_inside,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)
from aineon.errors import InsufficientLiquidity, InvalidPoolState


def checked_ticks(
    ticks: Mapping[int, TickLiquidity], tick_spacing: int
) -> dict[int, TickLiquidity]:
    """Return a copy of initialised ticks that a contract could hold.

    Raises:
        InvalidPoolState: a tick that is no multiple of the spacing or out of range, gross
            liquidity that is not positive or more than a tick may carry, net beyond gross, or
            net liquidities that do not add up to zero.
    """
    if not isinstance(ticks, Mapping):
        raise InvalidPoolState(
            f"ticks is {ticks!r}; allowed is {{tick: (liquidity_gross, liquidity_net)}}"
        )
    most = max_liquidity_per_tick(tick_spacing)
    checked: dict[int, TickLiquidity] = {}
    for tick, entry in ticks.items():
        check_tick("tick", tick, tick_spacing)
        try:
            gross, net = entry
        except (TypeError, ValueError) as error:
            raise InvalidPoolState(
                f"tick {tick} has {entry!r}; allowed is (liquidity_gross, liquidity_net)"
            ) from error
        checked_int(f"liquidity_gross of tick {tick}", gross, 1, most)
        checked_int(f"liquidity_net of tick {tick}", net, -gross, gross)
        # Most ticks end positions of one kind: then one int serves both, in thousands of pools.
        checked[tick] = (gross, gross if net == gross else net)
    surplus = sum(net for _, net in checked.values())
    if surplus:
        raise InvalidPoolState(f"liquidity_net of all ticks adds up to {surplus}; allowed is 0")
    return checked


def check_tick(name: str, tick: int, tick_spacing: int) -> None:
    """Raise InvalidPoolState unless a position may start or end at this tick."""
    checked_int(name, tick, MIN_TICK, MAX_TICK)
    if tick % tick_spacing:
        raise InvalidPoolState(f"{name} is {tick}; allowed are multiples of {tick_spacing}")


def check_range(tick_lower: int, tick_upper: int, tick_spacing: int) -> None:
    """Raise InvalidPoolState unless two ticks bound a position."""
    check_tick("tick_lower", tick_lower, tick_spacing)
    check_tick("tick_upper", tick_upper, tick_spacing)
    if tick_lower >= tick_upper:
        raise InvalidPoolState(
            f"tick_lower is {tick_lower}; allowed is less than tick_upper {tick_upper}"
        )


def check_price_and_tick(sqrt_price_x96: int, tick: int, tick_spacing: int) -> None:
    """Raise InvalidPoolState unless the contract can note this tick at this price.

    It notes the tick below where a falling price crossed a border and ended exactly on it.
    """
    if (
        type(sqrt_price_x96) is int
        and type(tick) is int
        and MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO
        and is_well_inside(sqrt_price_x96, tick)
    ):
        return
    checked_int("sqrt_price_x96", sqrt_price_x96, MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1)
    checked_int("tick", tick, MIN_TICK, MAX_TICK - 1)
    proper = tick_at_sqrt_ratio(sqrt_price_x96)
    on_border = proper % tick_spacing == 0 and sqrt_ratio_at_tick(proper) == sqrt_price_x96
    if tick != proper and not (on_border and tick == proper - 1):
        raise InvalidPoolState(
            f"tick is {tick}; the square-root price {sqrt_price_x96} belongs to tick {proper}"
        )


def ticks_after(
    ticks: MappingProxyType[int, TickLiquidity],
    tick_lower: int,
    tick_upper: int,
    liquidity_delta: int,
    tick_spacing: int,
) -> dict[int, TickLiquidity]:
    """Return the ticks after a mint (positive delta) or a burn (negative) between two of them.

    Raises:
        InvalidPoolState: a tick would carry more than its most.
        InsufficientLiquidity: a burn of more than was minted.
    """
    most = max_liquidity_per_tick(tick_spacing)
    changed = ticks.copy()
    for tick, net_delta in ((tick_lower, liquidity_delta), (tick_upper, -liquidity_delta)):
        gross, net = changed.get(tick, (0, 0))
        new_gross, new_net = gross + liquidity_delta, net + net_delta
        if new_gross > most:
            raise InvalidPoolState(
                f"liquidity_gross of tick {tick} would be {new_gross}; allowed is up to {most}"
            )
        if new_gross < abs(new_net):
            raise InsufficientLiquidity(
                f"tick {tick} carries {gross}; {-liquidity_delta} cannot be burnt there"
            )
        if new_gross:
            changed[tick] = (new_gross, new_net)
        else:
            del changed[tick]
    return changed
