"""RateTable: the marginal rate of every directed hop of a market, as logarithms.

All pools are concave: the marginal rate after the fee is an upper bound of what any size gets.
So a cycle whose rates multiply to no more than 1 cannot profit, whatever its size, and the
logarithms of the rates, which add up along a cycle, are all that a search has to look at.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from aineon.amm import LocalCurve, Pool
from aineon.market import Market, TokenGraph
from aineon.primitives import Address, Token
from aineon.search.route import Hop, Route

_IMPOSSIBLE = -math.inf
_HIGHEST_LOG = 1e4  # finite, so that sums with minus infinity stay numbers


class RateTable:
    """The directed hops of a market by number, kept in step with it.

    `refresh` looks at each pool once and computes anew only where the pool is another object
    than before: pools are frozen values, so the same object has the same rates. Hops are
    grouped by the token that they leave.

    Attributes:
        tokens: the market's tokens; a token's number is its place here.
        token_numbers: the inverse.
        hop_to: for each hop the number of the token that it ends with.
        hop_pool: for each hop the number of its pool.
        log_rates: for each hop the logarithm of its marginal rate; minus infinity where
            nothing can be swapped.
        group_starts: the first hop of each token's group, and behind them the number of hops.
    """

    def __init__(self) -> None:
        self.tokens: tuple[Token, ...] = ()
        self.token_numbers: dict[Token, int] = {}
        self.hop_to: list[int] = []
        self.hop_pool: list[int] = []
        self.log_rates: npt.NDArray[np.float64] = np.empty(0)
        self.group_starts: list[int] = []
        self._graph: TokenGraph | None = None
        self._addresses: list[Address] = []
        self._pools: list[Pool | None] = []
        self._hops_of: list[list[int]] = []
        self._hop_tokens: list[tuple[Token, Token]] = []

    @property
    def pools(self) -> int:
        """How many pools the table covers."""
        return len(self._pools)

    def refresh(self, market: Market) -> int:
        """Take over the market's states; return how many pools were computed anew."""
        if market.graph is not self._graph:
            self._rebuild(market)
        pools = market.pools
        changed = 0
        for number, address in enumerate(self._addresses):
            pool = pools[address]
            if pool is not self._pools[number]:
                self._pools[number] = pool
                self._rate(number, pool)
                changed += 1
        return changed

    def route(self, hops: tuple[int, ...]) -> Route:
        """Return the hops of these numbers as a route through the pools as they are."""
        return Route(self._hop(number) for number in hops)

    def is_current(self, hops: tuple[int, ...], route: Route) -> bool:
        """Whether `route` is what `hops` mean now: the same tokens through the very same pools.

        It may have been made before hops were numbered anew.
        """
        return len(hops) == len(route) and all(
            hop.pool is self._pools[self.hop_pool[number]]
            and (hop.token_in, hop.token_out) == self._hop_tokens[number]
            for number, hop in zip(hops, route, strict=True)
        )

    def _hop(self, number: int) -> Hop:
        pool = self._pools[self.hop_pool[number]]
        assert pool is not None
        return Hop(pool, *self._hop_tokens[number])

    def _rebuild(self, market: Market) -> None:
        """Number tokens, pools and hops anew; every rate is then computed anew too."""
        self._graph = market.graph
        self.tokens = market.tokens
        self.token_numbers = {token: number for number, token in enumerate(self.tokens)}
        self._addresses = list(market.pools)
        pool_numbers = {address: number for number, address in enumerate(self._addresses)}
        self._pools = [None] * len(self._addresses)
        self._hops_of = [[] for _ in self._addresses]
        self.hop_to, self.hop_pool, self.group_starts, self._hop_tokens = [], [], [], []
        for token in self.tokens:
            self.group_starts.append(len(self.hop_to))
            for hop in market.graph.hops_from(token):
                pool_number = pool_numbers[hop.pool]
                self._hops_of[pool_number].append(len(self.hop_to))
                self.hop_pool.append(pool_number)
                self.hop_to.append(self.token_numbers[hop.token_out])
                self._hop_tokens.append((token, hop.token_out))
        self.group_starts.append(len(self.hop_to))
        self.log_rates = np.full(len(self.hop_to), _IMPOSSIBLE)

    def _rate(self, pool_number: int, pool: Pool) -> None:
        for hop in self._hops_of[pool_number]:
            self.log_rates[hop] = _log_rate(pool.local_curve(*self._hop_tokens[hop]))


def _log_rate(curve: LocalCurve) -> float:
    if not curve.rate > 0:
        return _IMPOSSIBLE
    return min(math.log(curve.rate), _HIGHEST_LOG)
