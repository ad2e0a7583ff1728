"""Gap: a cycle that pays at the end of a block, and how long it has stood open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aineon.feeds.sandbox.cycles import Hops
from aineon.feeds.sandbox.prizes import Prize
from aineon.primitives import Address

Direction = tuple[Address, Address]
"""A pool and the token that goes in."""

Pair = tuple[Address, Address]
"""Two tokens that trade with each other, ordered by address."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is auctioned at the top of the next block.

    Attributes:
        prize: the cycle, and what it leaves after the next block's gas.
        directions: (pool, token in) of its hops.
        pairs: the pairs of tokens of its hops.
        blocks_open: how many blocks have ended with it open before this one.
    """

    prize: Prize
    directions: tuple[Direction, ...]
    pairs: tuple[Pair, ...]
    blocks_open: int


class Gaps:
    """Finds the gaps of a block's end and remembers since when they stand open."""

    def __init__(self) -> None:
        self._open: dict[Hops, int] = {}

    def at_end(self, prizes: Iterable[Prize]) -> tuple[Gap, ...]:
        """The gaps among everything that pays when a block ends, best net first.

        Of two that would trade in one pool in one direction, the better one is a gap: the other
        is the same money, or what may be left of it when the first has been taken.
        """
        still_open: dict[Hops, int] = {}
        gaps: list[Gap] = []
        used: set[Direction] = set()
        for prize in sorted(prizes, key=lambda prize: (-prize.net_wei, prize.cycle.hops)):
            hops = prize.cycle.hops
            blocks_open = self._open.get(hops, 0)
            still_open[hops] = blocks_open + 1
            directions = tuple((pool, token_in.address) for pool, token_in, _ in hops)
            if used.isdisjoint(directions):
                used.update(directions)
                pairs = tuple(pair_of(a.address, b.address) for _, a, b in hops)
                gaps.append(Gap(prize, directions, pairs, blocks_open))
        self._open = still_open
        return tuple(gaps)


def pair_of(token_a: Address, token_b: Address) -> Pair:
    """Return two tokens in the order in which a pair is written."""
    return (token_a, token_b) if token_a < token_b else (token_b, token_a)
