"""Routes on states of their pools that are not the market's: what trying an order leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aineon.amm import Pool
from aineon.errors import IncompleteState
from aineon.market import Market
from aineon.primitives import Address
from aineon.search.entangled import read_by
from aineon.search.parallel import ParallelPools
from aineon.search.route import Hop, Route

State = dict[Address, Pool | None]
"""The pools that differ from the market's; None where it is not known how they stand."""


def on_state(way: Route, pool_at: Callable[[Address], Pool]) -> Route:
    """The same way through the pools as they stand in a state.

    The checks of `Route` passed when the way was made, and know nothing of states.
    """
    route: Route = tuple.__new__(Route, [_hop_on(hop, pool_at) for hop in way])
    return route


def _hop_on(hop: Hop, pool_at: Callable[[Address], Pool]) -> Hop:
    pools = [pool_at(pool.address) for pool in hop.pools]
    if len(pools) == 1:
        return hop._replace(pool=pools[0])
    return hop._replace(pool=ParallelPools(pools, hop.token_in, hop.token_out))


def market_in(state: State, market: Market) -> Market:
    """The market in a state; pools of which nothing is known stay as they were."""
    moved = [pool for pool in state.values() if pool is not None]
    return market.with_pools(moved) if moved else market


def amounts_along(route: Route, amount_in: int) -> tuple[int, ...] | None:
    """The input and what each hop pays; None where one cannot fill its input."""
    amounts = [amount_in]
    for hop in route:
        tokens = hop.token_in, hop.token_out
        if not 1 <= amounts[-1] <= hop.pool.max_amount_in(*tokens):
            return None
        amounts.append(hop.pool.output_function(*tokens)(amounts[-1]))
    return tuple(amounts)


def pools_after(route: Route, amounts: Sequence[int]) -> State:
    """The real pools as a route leaves them; None where a quote cannot tell."""
    moved: State = {}
    for hop, amount_in in zip(route, amounts, strict=False):
        for pool, share in hop.shares(amount_in):
            quote = pool.quote_exact_input(hop.token_in, hop.token_out, share)
            try:
                moved[pool.address] = quote.pool_after
            except IncompleteState:
                moved[pool.address] = None
    return moved


def readers_of(pools: Iterable[Pool]) -> dict[Address, list[Address]]:
    """For each contract that other pools count with, all pools that do, itself included."""
    readers: dict[Address, list[Address]] = {}
    for pool in pools:
        for address in read_by(pool) - {pool.address}:
            readers.setdefault(address, [address]).append(pool.address)
    return readers
