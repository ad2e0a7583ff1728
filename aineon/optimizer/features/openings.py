"""Openings: which gaps stand open, since when, and what they were worth at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, log, log1p, nan

from aineon.optimizer.features.seeing import DirectedPools, TakingSeen
from aineon.primitives import Address
from aineon.primitives.units import ETHER


@dataclass(frozen=True, slots=True)
class Opening:
    """A gap that stands open at the end of a block; `net` in ETH, nan where not known."""

    pair: str
    swaps: DirectedPools
    net: float
    since: int
    first_net: float

    @property
    def pools(self) -> frozenset[Address]:
        """Where it stands open."""
        return frozenset(address for address, _ in self.swaps)


@dataclass(frozen=True, slots=True)
class Ended:
    """How an opening ended: the taking that took it, or None."""

    opening: Opening
    taking: TakingSeen | None

    @property
    def price(self) -> float:
        """The share of the opening's net that was paid for it; see `Competition.ended`."""
        if self.taking is None:
            return 0.0
        return paid_share(self.taking, self.opening.net)


class Openings:
    """Remembers what stood open in the last block that was asked about."""

    def __init__(self) -> None:
        self._now: dict[tuple[Address, Address], Opening] = {}
        self._before: dict[tuple[Address, Address], Opening] = {}
        self._noted: list[Opening] = []

    def note(self, pair: str, swaps: DirectedPools, net: float, now: int) -> dict[str, float]:
        """A gap stands open; return its features. Asked again, it answers the same."""
        earlier = [self._before[each] for each in swaps if each in self._before]
        oldest = min(earlier, key=lambda each: (each.since, each.net), default=None)
        since, first = (now, net) if oldest is None else (oldest.since, oldest.first_net)
        if self._now.keys().isdisjoint(swaps):
            opening = Opening(pair, swaps, net, since, first)
            self._noted.append(opening)
            self._now |= dict.fromkeys(swaps, opening)
        return {
            "stood": float(any(each.swaps == swaps for each in earlier)),
            "age": log1p(max(now - since, 0)),
            "growth": log(net / first) if net > 0 and first > 0 else nan,
        }

    def turn(self, takings: Sequence[TakingSeen]) -> list[Ended]:
        """Another block has ended: say how what stood open in the last one did."""
        noted, self._noted = self._noted, []
        self._before, self._now = self._now, {}
        return [Ended(each, _taker(each, takings)) for each in noted]


def paid_share(taking: TakingSeen, net: float) -> float:
    """Which share of `net` ETH a taking paid its builder; of its own net where that is nan.

    Nan where that is not known. It is not where the builder was paid nothing: no block is filled
    for nothing, so the builder was paid elsewhere, or took it itself.
    """
    if isnan(net) and taking.net_wei is not None:
        net = taking.net_wei / ETHER
    if not taking.builder_payment_wei or not net > 0:
        return nan
    return taking.builder_payment_wei / ETHER / net


def _taker(opening: Opening, takings: Sequence[TakingSeen]) -> TakingSeen | None:
    """Who paid the most of those that went through one of its pools."""
    found = [each for each in takings if not opening.pools.isdisjoint(each.pools)]
    return max(found, key=lambda each: each.builder_payment_wei or 0, default=None)
