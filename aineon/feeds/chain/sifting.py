"""Telling the events that a market can take from those that would spoil the whole update."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, count
from typing import NamedTuple

from aineon.errors import BlockOutOfOrder, MarketError, PoolError
from aineon.market import Market, MarketEvent, MarketUpdate, PoolVanished
from aineon.primitives import Address, Block


class Sifted(NamedTuple):
    """The events of an update, without those that cannot happen.

    Attributes:
        events: what the market can take; pools whose events it cannot take vanish.
        refused: those pools, each with the reason.
    """

    events: tuple[MarketEvent, ...]
    refused: Mapping[Address, str]


def sift(market: Market, block: Block, events: Sequence[MarketEvent]) -> Sifted:
    """Return what of `events` can happen to `market`, which stays as it is.

    One pool's events stand or fall together. Few attempts find the bad ones among many: what
    cannot be applied is divided until it can, or is one pool's.

    Raises:
        BlockOutOfOrder: the block does not follow the market's.
    """
    of_pool: dict[Address, list[MarketEvent]] = {}
    for event in events:
        of_pool.setdefault(event.address, []).append(event)
    trial = _Trial(market, block)
    trial.add(list(of_pool.items()))
    kept = [event for event in events if event.address not in trial.refused]
    kept += [
        PoolVanished(address, reason)
        for address, reason in trial.refused.items()
        if address in market
    ]
    return Sifted(tuple(kept), trial.refused)


class _Trial:
    """A copy of a market, in which events are tried."""

    def __init__(self, market: Market, block: Block) -> None:
        self._market = market.with_pools(())
        self._block = block
        self._steps = count(market.step + 1)
        self.refused: dict[Address, str] = {}

    def add(self, groups: list[tuple[Address, list[MarketEvent]]]) -> None:
        events = tuple(chain.from_iterable(each for _, each in groups))
        try:
            self._market.apply(MarketUpdate(self._block, events, next(self._steps)))
        except BlockOutOfOrder:
            raise
        except (MarketError, PoolError) as error:
            if len(groups) == 1:
                self.refused[groups[0][0]] = str(error)
                return
            middle = len(groups) // 2
            self.add(groups[:middle])
            self.add(groups[middle:])
