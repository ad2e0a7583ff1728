"""HopNumbers: the directed hops of a market's topology by number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import count, permutations

import numpy as np

from aineon.amm import Pool
from aineon.market import Market
from aineon.primitives import Address, Token
from aineon.search.anchor import Anchor, Ints
from aineon.search.route import Hop, Route

PoolOf = Callable[[int], Pool]
_NONE = np.empty(0, np.intp)

_new_tuple = tuple.__new__


class HopNumbers:
    """Which hop, token and pool has which number while no pool appears or vanishes.

    Numbers are functions of the market alone: the same market is always numbered alike. Hops
    are ordered by the token that they leave, then by the one that they lead to, then by pool.

    Args:
        market: whose pools to number.
        before: a numbering of pools that are still there, which spares asking them again.
        kept: for each of the market's pools its number in `before`, where it still holds the
            same tokens; -1 for all others.

    Attributes:
        tokens, token_numbers: the market's tokens, and the inverse.
        addresses, pool_numbers: of the market's pools, and the inverse.
        hop_from, hop_to, hop_pool: for each hop the numbers of its tokens and its pool.
        first_places: places list the directions pool by pool, each pool's in the order of
            `itertools.permutations(pool.tokens, 2)`; where each pool's begin, and their end.
        hop_at: the hop at each place.
    """

    def __init__(
        self, market: Market, before: HopNumbers | None = None, kept: Sequence[int] = ()
    ) -> None:
        self.tokens: tuple[Token, ...] = market.tokens
        self.token_numbers = {token: number for number, token in enumerate(self.tokens)}
        self.addresses: tuple[Address, ...] = tuple(market.pools)
        self.pool_numbers = dict(zip(self.addresses, count()))
        self.first_places: Ints = _NONE
        by_place = self._places(list(market.pools.values()), before, np.array(kept, np.intp))
        # Pools come by rising number, so a stable sort need not look at them.
        order = np.lexsort((by_place[1], by_place[0]))
        self.hop_from, self.hop_to, self.hop_pool = by_place[:, order].copy()
        self.hop_at: Ints = np.empty(len(order), np.intp)
        self.hop_at[order] = np.arange(len(order))
        # As lists, because single entries of arrays take ten times as long to read.
        self._pool_of_hop: list[int] = self.hop_pool.tolist()
        self._ends = [
            (self.tokens[one], self.tokens[two])
            for one, two in zip(self.hop_from.tolist(), self.hop_to.tolist(), strict=True)
        ]
        self._anchors: dict[Token, Anchor] = {}

    @property
    def hops(self) -> int:
        """How many there are."""
        return len(self.hop_from)

    def anchor(self, base: Token) -> Anchor | None:
        """Return the hops as cycles through `base` use them; None where no pool holds it."""
        number = self.token_numbers.get(base)
        if number is None:
            return None
        if base not in self._anchors:
            found = Anchor(self.hop_from, self.hop_to, number, len(self.tokens))
            self._anchors[base] = found
        return self._anchors[base]

    def hops_between(self, token: Token, other: Token) -> slice:
        """Return the hops from one token straight to another."""
        one, two = self.token_numbers.get(token), self.token_numbers.get(other)
        if one is None or two is None:
            return slice(0, 0)
        first, end = np.searchsorted(self.hop_from, [one, one + 1])
        start, stop = first + np.searchsorted(self.hop_to[first:end], [two, two + 1])
        return slice(int(start), int(stop))

    def hop(self, number: int, pool_of: PoolOf) -> Hop:
        """Return the hop of this number; `pool_of` knows the pools as they are by number."""
        return _new_tuple(Hop, (pool_of(self._pool_of_hop[number]), *self._ends[number]))

    def route(self, hops: Iterable[int], pool_of: PoolOf) -> Route:
        """Return the hops of these numbers, which make a cycle, as a route.

        They are hops of pools that hold these tokens, and a cycle's pools differ: the checks
        of `Route`, which take longer than all the rest, could only agree.
        """
        of_hop, ends = self._pool_of_hop, self._ends
        # As `hop`, without the call: hundreds of routes are made for each block.
        route: Route = tuple.__new__(
            Route, [_new_tuple(Hop, (pool_of(of_hop[at]), *ends[at])) for at in hops]
        )
        return route

    def hops_of(self, pools: Ints) -> Ints:
        """Return the hops of these pools, pool by pool in the order of places."""
        firsts, ends = self.first_places[pools], self.first_places[pools + 1]
        return self.hop_at[spans(firsts, ends - firsts)]

    def _places(self, pools: Sequence[Pool], before: HopNumbers | None, kept: Ints) -> Ints:
        """Tokens and pool of every direction, in the order of places."""
        fresh: Iterable[int] = range(len(pools))
        directions = np.zeros(len(pools), np.intp)
        if before is not None:
            known = np.flatnonzero(kept >= 0)
            fresh = np.flatnonzero(kept < 0).tolist()
            directions[known] = np.diff(before.first_places)[kept[known]]
        held = {number: [self.token_numbers[t] for t in pools[number].tokens] for number in fresh}
        for number, tokens in held.items():
            directions[number] = len(tokens) * (len(tokens) - 1)
        self.first_places = np.concatenate([[0], np.cumsum(directions)]).astype(np.intp)
        by_place = np.empty((3, self.first_places[-1]), dtype=np.intp)
        by_place[2] = np.repeat(np.arange(len(pools)), directions)
        if before is not None:
            places = spans(self.first_places[known], directions[known])
            hops = before.hops_of(kept[known])
            renamed = self._renamed(before)
            by_place[:2, places] = renamed[before.hop_from[hops]], renamed[before.hop_to[hops]]
        asked = np.array(list(held), np.intp)
        pairs = [pair for tokens in held.values() for pair in permutations(tokens, 2)]
        places = spans(self.first_places[asked], directions[asked])
        by_place[:2, places] = np.array(pairs, np.intp).reshape(-1, 2).T
        return by_place

    def _renamed(self, before: HopNumbers) -> Ints:
        """The numbers now of tokens by their numbers before; -1 for those that are gone."""
        if self.tokens[: len(before.tokens)] == before.tokens:
            return np.arange(len(before.tokens))
        return np.array([self.token_numbers.get(token, -1) for token in before.tokens], np.intp)


def spans(starts: Ints, lengths: Ints) -> Ints:
    """Return the numbers of all spans, one span after the other: each start and what follows."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - ends + lengths, lengths) + np.arange(total)
