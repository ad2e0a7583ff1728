"""Rivals: the chance that nobody else bids as much, by what is thought of everybody else.

What stands open is compared with what others took in the next block: who it was, what it left to
them, and what they paid. Those are the auctions that `bidders` follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, isnan, nan
from typing import Final

import numpy as np

from aineon.amm import Pool
from aineon.optimizer.arms import ARMS, FIRST
from aineon.optimizer.features.alternatives import Alternative
from aineon.optimizer.features.bidders import Auctioned, Bidders, Floats
from aineon.optimizer.features.feature import Feature, Group
from aineon.optimizer.features.recent import Recent
from aineon.optimizer.features.seeing import DirectedPools, TakingSeen, shared_tokens
from aineon.optimizer.features.sizes import Worth
from aineon.primitives import Address, Token
from aineon.primitives.units import ETHER
from aineon.search import Route

FEATURES: Final = tuple(
    Feature(
        name,
        "ln odds",
        f"odds that nobody else bids {arm:.0%} of the net or more, by what is thought of each "
        "searcher that was seen: pairs, least profit, punctuality and bids",
        "who took what others took, what they paid, and gaps that nobody took",
        Group.COMPETITION,
    )
    for name, arm in zip(FIRST, ARMS, strict=True)
)

_SHARES: Final = np.array(ARMS)
_LEAST: Final = 1e-4
_FARTHEST: Final = 3.0
_MOST_PLACES: Final = 1_000
_SILENT_BLOCKS: Final = 50
"""For so many blocks nothing is told after one came again."""

_GAS, _GAS_WORTH = 0.95, 5.0
"""What others' gas costs over ours, as if that had been seen so often."""
_GAS_OF_PLACES: Final = 2.0
_REAL, _REAL_WORTH = 0.5, 2.0
"""How often a better gap that local curves promise is there, likewise."""

Places = frozenset[Address]


class _Ratio:
    """A figure that is learned: the mean of what was seen, leaning on what was thought before."""

    __slots__ = ("_seen", "_sum")

    def __init__(self) -> None:
        self._sum = 0.0
        self._seen = 0.0

    def mean(self, before: float, worth: float) -> float:
        return (self._sum + worth * before) / (self._seen + worth)

    def learn(self, value: float) -> None:
        # So that what is old counts less, one that was seen often gains no more weight.
        keep = min(1.0, 50.0 / (self._seen + 1))
        self._sum, self._seen = keep * self._sum + value, keep * self._seen + 1


@dataclass(frozen=True, slots=True)
class _Open:
    """What stands open.

    Attributes:
        auctioned: what others see in it.
        gross, gas: ETH that it leaves before gas, and what our gas costs in the next block.
        larger: the pool through which a better gap over one of its swaps comes back, where local
            curves promise one: then it may have no auction of its own.
    """

    auctioned: Auctioned
    gross: float
    gas: float
    larger: Address | None


class Rivals:
    """Tells what stands open apart from what was taken, and asks what others would bid.

    Each turn is a block, because its auctions are over then. Of a feed that looks at a block in
    several steps nothing is told, and for a while after a block was replaced neither.
    """

    def __init__(self) -> None:
        self._bidders = Bidders()
        self._block = -1
        self._silent_until = -1
        self._open: dict[DirectedPools, _Open] = {}
        self._ages: dict[DirectedPools, int] = {}
        # What others leave after their gas is what they bid a share of.
        self._gas = _Ratio()
        self._gas_of: Recent[Places, _Ratio] = Recent(_MOST_PLACES, _Ratio)
        self._real_of: Recent[Address, _Ratio] = Recent(_MOST_PLACES, _Ratio)

    def turn(
        self,
        now: int,
        takings: Sequence[TakingSeen],
        pools: Mapping[Address, Pool],
        unrest: float = 0.0,
    ) -> None:
        """Block `now` has ended: learn from what others took of what stood open, and left.

        Args:
            now: its number.
            takings: what others took in it.
            pools: those that they went through.
            unrest: how restless the market was before it.
        """
        passed = now - self._block
        if passed < 1:
            self._silent_until = now + _SILENT_BLOCKS
        self._ages = {
            swaps: (opened.auctioned.age or 0) + max(passed - 1, 0)
            for swaps, opened in self._open.items()
        }
        if passed != 1:
            # What others took in the blocks that are missing, or came twice, is not known.
            self._open = {}
        self._block = now
        if self._is_silent:
            return
        self._bidders.advance(now, unrest)
        by_places = {
            frozenset(pool for pool, _ in swaps): opened for swaps, opened in self._open.items()
        }
        taken = [frozenset(taking.pools) for taking in takings]
        for taking, places in zip(takings, taken, strict=True):
            self._took(taking, places, by_places.get(places), pools)
        for places, opened in by_places.items():
            met = [each for each in taken if not each.isdisjoint(places)]
            if opened.larger is not None and met:
                self._real_of[opened.larger].learn(float(places not in met))
            elif opened.larger is None and not met:
                self._bidders.learn(opened.auctioned, None, 0.0)
        self._open = {}

    def values(
        self,
        route: Route,
        swaps: DirectedPools,
        worth: Worth,
        alternative: Alternative | None,
        gas_grows: float,
    ) -> dict[str, float]:
        """The features of a route with such figures.

        Args:
            route: what would be traded.
            swaps: its directed pools.
            worth: its figures.
            alternative: the best other gap over one of its swaps.
            gas_grows: ln of what the next block's gas costs over this one's; nan is unknown.
        """
        gas = worth.gas * exp(0.0 if isnan(gas_grows) else gas_grows)
        net = worth.gross - gas * self._gas_ratio(frozenset(pool for pool, _ in swaps))
        if self._is_silent or isnan(net) or not worth.net > 0:
            return dict.fromkeys(FIRST, nan)
        pairs = _named({(hop.token_in, hop.token_out) for hop in route})
        own = Auctioned(pairs, max(net, _LEAST * worth.net), self._ages.get(swaps, -1) + 1)
        larger = None if alternative is None else self._larger(alternative, own.net, gas)
        back = None if alternative is None or larger is None else alternative.back
        self._open.setdefault(swaps, _Open(own, worth.gross, gas, back))
        if not len(self._bidders):
            return dict.fromkeys(FIRST, nan)
        beaten = self._beaten(own, worth.net)
        if larger is not None and back is not None:
            doubt = self._real_of.get(back) or _Ratio()
            real = doubt.mean(_REAL, _REAL_WORTH)
            beaten = (1 - real) * beaten + real * self._beaten(larger, worth.net)
        kept = np.clip(beaten, _LEAST, 1 - _LEAST)
        odds = np.log(kept / (1 - kept))
        return dict(zip(FIRST, odds.tolist(), strict=True))

    @property
    def _is_silent(self) -> bool:
        return self._block < self._silent_until

    def _beaten(self, auctioned: Auctioned, net: float) -> Floats:
        """The chance that nobody pays as much as each share of our net."""
        return self._bidders.beaten(auctioned, _SHARES * net / auctioned.net)

    def _larger(self, alternative: Alternative, net: float, gas: float) -> Auctioned | None:
        """What is auctioned instead, where another gap over one of the swaps leaves more."""
        ratio = self._gas.mean(_GAS, _GAS_WORTH)
        leaves = alternative.gross - ratio * gas * alternative.gas_share
        return Auctioned(_named([alternative.tokens]), leaves, None) if leaves > net else None

    def _took(
        self,
        taking: TakingSeen,
        places: Places,
        opened: _Open | None,
        pools: Mapping[Address, Pool],
    ) -> None:
        # Who pays nothing to the builder's address pays by gas price, and how much is not told.
        if taking.net_wei is None or taking.net_wei <= 0 or not taking.builder_payment_wei:
            return
        net = taking.net_wei / ETHER
        if opened is not None:
            pairs, age = opened.auctioned.pairs, opened.auctioned.age
            self._learn_gas(places, opened, net)
        else:
            # It was not looked at: who took it may have had many blocks to notice it.
            through = [pools[each] for each in taking.pools if each in pools]
            pairs, age = _named(shared_tokens(through)), None
        if pairs:
            share = taking.builder_payment_wei / taking.net_wei
            self._bidders.learn(Auctioned(pairs, net, age), taking.searcher, share)

    def _gas_ratio(self, places: Places) -> float:
        anywhere = self._gas.mean(_GAS, _GAS_WORTH)
        here = self._gas_of.get(places)
        return anywhere if here is None else here.mean(anywhere, _GAS_OF_PLACES)

    def _learn_gas(self, places: Places, opened: _Open, net: float) -> None:
        ratio = (opened.gross - net) / opened.gas if opened.gas > 0 else nan
        if 1 / _FARTHEST < ratio < _FARTHEST:
            self._gas.learn(ratio)
            self._gas_of[places].learn(ratio)


def _named(pairs: Iterable[tuple[Token, Token]]) -> tuple[str, ...]:
    """Names of pairs of tokens, each once, by their addresses: symbols may be alike."""
    return tuple(sorted({"/".join(sorted((one.address, other.address))) for one, other in pairs}))
