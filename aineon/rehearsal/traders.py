"""Traders: those who know nothing and those who know the outside price, by real transactions.

Nobody else looks for cycles here, so what they leave between the venues stays until AINEON, or
an informed trader, takes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from aineon.amm import Pool
from aineon.feeds.sandbox.dice import Dice
from aineon.feeds.sandbox.prices import OutsidePrices
from aineon.primitives import Address, Token
from aineon.rehearsal.listing import Listing
from aineon.rehearsal.sites import Site

# How far a swap moves a price: usually, how widely that scatters, and at most.
_USUAL_IMPACT = 0.0015
_SPREAD = 1.2
_HIGHEST_IMPACT = 0.012
_WATCH = 0.12
# A curve that is flat at first bends soon: nobody swaps more than this share of a pool's worth.
_LARGEST_SHARE = 0.006
# An informed trader's least gain, as a share of the price.
_WORTH_WHILE = 0.0005


class Order(NamedTuple):
    """A swap that somebody sends."""

    trader: Address
    to: Address
    data: bytes


class Traders:
    """Everybody who swaps for a reason of their own; the same seed, the same wishes."""

    def __init__(
        self,
        seed: int,
        listings: Sequence[Listing],
        sites: Sequence[Site],
        prices: OutsidePrices,
        accounts: Sequence[Address],
    ) -> None:
        self._market = tuple(zip(listings, sites, strict=True))
        self._prices = prices
        self._accounts = accounts
        self._noise = Dice(seed, "rehearsal noise traders")
        self._informed = Dice(seed, "rehearsal informed traders")

    def orders(self, pools: Sequence[Pool]) -> list[Order]:
        """Return the next block's swaps; `pools` are the sites' states, in their order."""
        self._prices.advance()
        wishes = []
        for (listed, site), pool in zip(self._market, pools, strict=True):
            if self._noise.chance(listed.busyness):
                wishes.append(self._wander(listed, site, pool))
            if self._informed.chance(_WATCH):
                wishes.append(self._correct(listed, site, pool))
        return [order for order in wishes if order is not None]

    def _wander(self, listed: Listing, site: Site, pool: Pool) -> Order | None:
        """Swap a random amount."""
        dice = self._noise
        pair = list(self._traded(site))
        token_in = pair.pop(int(len(pair) * dice.uniform()))
        token_out = dice.pick(pair)
        impact = min(dice.log_normal(_USUAL_IMPACT, _SPREAD), _HIGHEST_IMPACT)
        amount = impact / pool.local_curve(token_in, token_out).bend
        return self._order(listed, site, (token_in, token_out), amount)

    def _correct(self, listed: Listing, site: Site, pool: Pool) -> Order | None:
        """Move a pool to the outside price after its fee, where that is worth the while."""
        held = self._traded(site)
        for token_in, token_out in ((a, b) for a in held for b in held if a != b):
            curve = pool.local_curve(token_in, token_out)
            gain = curve.rate / self._prices.rate(token_in, token_out)
            if gain > 1.0 + _WORTH_WHILE:
                amount = (sqrt(gain) - 1.0) / curve.bend
                return self._order(listed, site, (token_in, token_out), amount)
        return None

    def _traded(self, site: Site) -> tuple[Token, ...]:
        """A site's tokens that have an outside price: a pool's own token has none."""
        return tuple(token for token in site.tokens if token in self._prices.dollars)

    def _order(
        self, listed: Listing, site: Site, pair: tuple[Token, Token], amount: float
    ) -> Order | None:
        most = listed.dollars * _LARGEST_SHARE / self._prices.dollars[pair[0]]
        amount_in = int(min(amount, most))
        if amount_in < 1:
            return None
        trader = self._noise.pick(self._accounts)
        return Order(trader, site.spender, site.swap(trader, *pair, amount_in))
