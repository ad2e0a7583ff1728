"""What one event does to one pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, final

from aineon.amm import (
    ConcentratedPool,
    ConstantProductPool,
    Pool,
    StableSwapPool,
    UnderlyingPool,
)
from aineon.errors import MarketError, PoolError
from aineon.market.events import (
    BalancesChanged,
    BalancesMoved,
    CoinsExchanged,
    CoinsMoved,
    LiquidityChanged,
    PoolAppeared,
    PoolVanished,
    PriceMoved,
    ReservesChanged,
)

_FEE_DENOMINATOR = 10**10  # of Curve's fees


@final
class Lost(NamedTuple):
    """What stands for a pool whose state is no longer known, and why it is not."""

    reason: str


Transition = Callable[[Pool, Any], Pool | Lost]


def checked_pool(pool: Pool) -> Pool:
    """Return what is a pool, or raise MarketError."""
    if not (hasattr(pool, "address") and hasattr(pool, "tokens")):
        raise MarketError(f"{pool!r} is no pool")
    return pool


def _appeared(_: Pool, event: PoolAppeared) -> Pool:
    return checked_pool(event.pool)


def _vanished(_: Pool, event: PoolVanished) -> Lost:
    return Lost(event.reason)


def _reserves_changed(pool: Pool, event: ReservesChanged) -> Pool:
    if not isinstance(pool, ConstantProductPool):
        raise _misfit(pool, event)
    return pool.with_reserves(event.reserve0, event.reserve1)


def _price_moved(pool: Pool, event: PriceMoved) -> Pool:
    if not isinstance(pool, ConcentratedPool):
        raise _misfit(pool, event)
    return pool.with_state(event.sqrt_price_x96, event.tick, event.liquidity)


def _liquidity_changed(pool: Pool, event: LiquidityChanged) -> Pool:
    if not isinstance(pool, ConcentratedPool):
        raise _misfit(pool, event)
    return pool.with_liquidity(event.tick_lower, event.tick_upper, event.liquidity_delta)


def _balances_changed(pool: Pool, event: BalancesChanged) -> Pool:
    return _with_balances(pool, event, event.balances)


def _balances_moved(pool: Pool, event: BalancesMoved) -> Pool:
    balances = list(_balances_of(pool, event))
    places = {token.address: place for place, token in enumerate(pool.tokens)}
    try:
        for address, delta in event.deltas:
            balances[places[address]] += delta
    except KeyError as error:
        raise MarketError(
            f"BalancesMoved names token {error.args[0]}, which pool {pool.address} does not hold"
        ) from error
    except (TypeError, ValueError) as error:
        raise MarketError(
            f"BalancesMoved has deltas {event.deltas!r}; allowed are pairs of a token's address "
            "and an int"
        ) from error
    return _with_balances(pool, event, tuple(balances))


def _coins_exchanged(pool: Pool, event: CoinsExchanged) -> Pool | Lost:
    _balances_of(pool, event)
    tokens = pool.tokens
    for coin in (event.sold, event.bought):
        if type(coin) is not int or not 0 <= coin < len(tokens):
            raise MarketError(
                f"CoinsExchanged names coins {event.sold!r} and {event.bought!r}; pool "
                f"{pool.address} has {len(tokens)}, counted from 0"
            )
    try:
        quote = pool.quote_exact_input(tokens[event.sold], tokens[event.bought], event.amount_in)
        if quote.amount_out == event.amount_out and not quote.partial:
            return quote.pool_after
        paid = f"{quote.amount_out}"
    except PoolError as error:
        paid = f"nothing ({error})"
    return Lost(
        f"it paid {event.amount_out} for {event.amount_in}, where its known state pays {paid}"
    )


def _coins_moved(pool: Pool, event: CoinsMoved) -> Pool | Lost:
    if not isinstance(pool, StableSwapPool):
        return Lost("liquidity was moved, and what its contract made of that is not known")
    balances = pool.balances
    for name, values in (("amounts", event.amounts), ("fees", event.fees)):
        if not isinstance(values, tuple) or not all(type(value) is int for value in values):
            raise MarketError(f"CoinsMoved has {name} {values!r}; allowed is a tuple of ints")
    if not len(balances) == len(event.amounts) == len(event.fees):
        raise MarketError(
            f"CoinsMoved has {len(event.amounts)} amounts and {len(event.fees)} fees; pool "
            f"{pool.address} has {len(balances)} coins"
        )
    after = pool.with_balances(
        tuple(
            balance + amount - fee * pool.admin_fee // _FEE_DENOMINATOR
            for balance, amount, fee in zip(balances, event.amounts, event.fees, strict=True)
        )
    )
    return after if event.supply is None else after.with_lp_total_supply(event.supply)


def _in_metapool(transition: Transition) -> Transition:
    """The same for a metapool that the market holds over its base pool's coins."""

    def within(pool: Pool, event: Any) -> Pool | Lost:
        if not isinstance(pool, UnderlyingPool):
            return transition(pool, event)
        after = transition(pool.metapool, event)
        return UnderlyingPool(after) if isinstance(after, StableSwapPool) else after

    return within


def _balances_of(pool: Pool, event: object) -> tuple[int, ...]:
    balances = getattr(pool, "balances", None)
    if balances is None or not hasattr(pool, "with_balances"):
        raise _misfit(pool, event)
    found: tuple[int, ...] = balances
    return found


def _with_balances(pool: Pool, event: object, balances: tuple[int, ...]) -> Pool:
    change = getattr(pool, "with_balances", None)
    if change is None:
        raise _misfit(pool, event)
    changed: Pool = change(balances)
    return changed


def _misfit(pool: Pool, event: object) -> MarketError:
    return MarketError(
        f"{type(event).__name__} cannot happen to pool {pool.address}, "
        f"which is a {type(pool).__name__}"
    )


TRANSITIONS: Mapping[type, Transition] = MappingProxyType(
    {
        PoolAppeared: _appeared,
        PoolVanished: _vanished,
        ReservesChanged: _reserves_changed,
        PriceMoved: _price_moved,
        LiquidityChanged: _liquidity_changed,
        BalancesChanged: _in_metapool(_balances_changed),
        BalancesMoved: _balances_moved,
        CoinsExchanged: _in_metapool(_coins_exchanged),
        CoinsMoved: _in_metapool(_coins_moved),
    }
)
"""For each kind of event the function that gives a pool as the event leaves it.

Each raises MarketError where such an event cannot happen to such a pool, and PoolError where
the event's integers cannot be the state of such a contract.
"""
