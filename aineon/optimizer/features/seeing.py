"""What the features see of routes and of other searchers, in their own plain words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aineon.amm import Pool
from aineon.primitives import Address, Token
from aineon.search import Opportunity, Route

DirectedPools = frozenset[tuple[Address, Address]]
"""(pool, token in) of each swap: who takes one of them in the same direction is after the same
money."""


@dataclass(frozen=True, slots=True)
class TakingSeen:
    """What another searcher took, as far as a chain shows it.

    Attributes:
        pools: the pools that it went through.
        net_wei: what it left after gas, before what was paid to the builder; None where unknown.
        builder_payment_wei: what the block's builder was paid; None where unknown.
        searcher: the account or name.
    """

    pools: tuple[Address, ...]
    net_wei: int | None
    builder_payment_wei: int | None
    searcher: str


def gap_of(route: Route) -> DirectedPools:
    """The swaps of a route, all members of divided hops included."""
    return frozenset((pool.address, hop.token_in.address) for hop in route for pool in hop.pools)


def pair_of(route: Route) -> str:
    """The name of what a route trades: its tokens' symbols, sorted, such as `USDC/WETH`."""
    return named({hop.token_in for hop in route})


def pair_of_pools(pools: Iterable[Pool]) -> str:
    """The name of what a cycle through `pools` trades: each of its tokens is in two of them."""
    return named(_held_twice(list(pools)))


def shared_tokens(pools: Iterable[Pool]) -> list[tuple[Token, Token]]:
    """The two tokens that each pool of a cycle trades; none of a pool where that is not clear."""
    cycle = list(pools)
    held = _held_twice(cycle)
    traded = [[token for token in pool.tokens if token in held] for pool in cycle]
    return [(two[0], two[1]) for two in traded if len(two) == 2]


def named(tokens: Iterable[Token]) -> str:
    """The tokens' symbols, sorted; of one without a symbol its shortened address."""
    return "/".join(sorted(map(str, tokens)))


def one_a_gap(opportunities: Iterable[Opportunity]) -> list[Opportunity]:
    """Of opportunities that share a swap only the first: they are after the same money."""
    taken: set[tuple[Address, Address]] = set()
    chosen: list[Opportunity] = []
    for opportunity in opportunities:
        swaps = gap_of(opportunity.route)
        if taken.isdisjoint(swaps):
            taken |= swaps
            chosen.append(opportunity)
    return chosen


def _held_twice(pools: Sequence[Pool]) -> set[Token]:
    held = Counter(token for pool in pools for token in pool.tokens)
    return {token for token, count in held.items() if count > 1}
