"""Watching: what a market shows of its regime, block by block."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import nan
from typing import Final

from aineon.amm import Pool
from aineon.optimizer.regimes.regime import Observation
from aineon.primitives import Address, Token

DOLLARS: Final = (
    Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", symbol="USDC", decimals=6),
    Token("0xdAC17F958D2ee523a2206206994597C13D831ec7", symbol="USDT", decimals=6),
    Token("0x6B175474E89094C44Da98b954EedeAC495271d0F", symbol="DAI", decimals=18),
)
"""Tokens on Ethereum mainnet that are worth a dollar each."""


class MarketWatcher:
    """Makes observations of a market.

    The price is that of the deepest pool between the native token and a dollar: the one whose
    rate halves last. It is chosen once and kept, because a change of pool is no move of prices;
    where it vanishes, another one takes its place and one move stays unknown.

    Args:
        native: the wrapped native token.
        dollars: tokens that are worth a dollar.
    """

    __slots__ = ("_dollars", "_has_looked", "_native", "_pool")

    def __init__(self, native: Token, dollars: Collection[Token] = DOLLARS) -> None:
        self._native = native
        self._dollars = frozenset(dollars)
        self._pool: Address | None = None
        self._has_looked = False

    def observe(
        self, block: int, pools: Mapping[Address, Pool], changed: Collection[Address]
    ) -> Observation:
        """Return what a block shows.

        Args:
            block: its number.
            pools: as they stand at its end.
            changed: addresses of those that it changed.
        """
        price = nan
        if self._pool is not None and self._pool in pools:
            price = self._price(pools[self._pool])
        else:
            # Where none was found, one can only be among those that changed since.
            nothing_new = self._has_looked and self._pool is None
            among = [a for a in changed if a in pools] if nothing_new else pools
            depths = ((self._depth(pools[address]), address) for address in among)
            _, self._pool = max(filter(_is_deep, depths), default=(0.0, None))
            self._has_looked = True
        return Observation(block, price, float(len(changed)))

    def _price(self, pool: Pool) -> float:
        dollar = self._dollar(pool)
        return nan if dollar is None else pool.spot_price(self._native, dollar)

    def _depth(self, pool: Pool) -> float:
        """Input of the native token that halves the average rate; zero for other pools."""
        dollar = self._dollar(pool)
        if dollar is None:
            return 0.0
        curve = pool.local_curve(self._native, dollar)
        return 1 / curve.bend if curve.rate > 0 and curve.bend > 0 else 0.0

    def _dollar(self, pool: Pool) -> Token | None:
        """The dollar of a pool of just the native token and a dollar."""
        others = [token for token in pool.tokens if token != self._native]
        if len(pool.tokens) == 2 and len(others) == 1 and others[0] in self._dollars:
            return others[0]
        return None


def _is_deep(found: tuple[float, Address]) -> bool:
    return found[0] > 0
