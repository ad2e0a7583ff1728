"""The base fee of the next blocks: exact for the next one, likely for the nine after it.

The next block's base fee follows from the newest block (EIP-1559). Beyond it everything hangs on
how full blocks will be, and that on what people are willing to pay: a block as full as its target
was one whose base fee met that willingness, a full one lay below it, an empty one above it. So
every block tells a willingness, which a few trackers follow, each with another quickness and
another pull back to where it usually is; the tracker that foretold best of late gives the path.

How far such paths were off is remembered for each distance. The band is what covered nine in ten
of the last misses, held there by adaptive conformal inference: a miss on one side widens that side
(Gibbs and Candès, "Adaptive Conformal Inference Under Distribution Shift", 2021). It needs no
belief about how fees are spread. Until enough is known the band is everything that the protocol
lets happen, an eighth down or up with every block.

Amounts that leave here are ints of wei, and never outside of what the protocol lets happen.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from aineon.chain.fees import BASE_FEE_CHANGE_DENOMINATOR, next_base_fee_wei
from aineon.errors import InvalidHeader
from aineon.primitives import Block

MOST_BLOCKS: Final = 10
"""How many blocks are looked ahead."""

COVERED: Final = 0.90
"""The share of base fees that the band is to hold."""

LEAST_MISSES: Final = 40
"""Forecasts of one distance that must have come due before its band is told."""

_REMEMBERED: Final = 400
_ONE_SIDE: Final = (1.0 - COVERED) / 2
_LEARNING: Final = 0.01
_LEAST_FULLNESS: Final = 0.002
_FULL: Final = 0.995
_PUSH: Final = 0.05
_USUALLY: Final = 0.003
_FORGETTING: Final = 0.998
_SCALE: Final = 1 << 40
# The base fee itself follows the willingness by an eighth a block, so it is hard to beat: one
# tracker foretells that it stays (no gain), and the others must be better to be believed.
_TRACKERS: Final = ((0.0, 0.0), (0.1, 0.0), (0.2, 0.0), (0.2, 0.02), (0.35, 0.02))


@dataclass(frozen=True, slots=True)
class BlockFee:
    """The base fee that one block to come will have.

    Attributes:
        number: of the block.
        low_wei, high_wei: between them lie nine in ten; equal for the next block, which is exact.
        likely_wei: the best guess.
        is_told: False where too little is known yet: low and high are then what the protocol lets
            happen, and the likely fee is the next block's.
    """

    number: int
    low_wei: int
    likely_wei: int
    high_wei: int
    is_told: bool = True


@dataclass(frozen=True, slots=True)
class Coverage:
    """How forecasts of one distance held.

    Attributes:
        blocks: how far ahead they looked.
        forecasts: how many came due while the band was told.
        share: of base fees that lay in their band; None where none came due.
    """

    blocks: int
    forecasts: int
    share: float | None


@dataclass(slots=True)
class _Tracker:
    """Follows what people are willing to pay, as the logarithm of a base fee."""

    gain: float
    pull: float
    level: float | None = None
    loss: float = 0.0
    paths: deque[tuple[float, ...]] = field(default_factory=lambda: deque(maxlen=MOST_BLOCKS))

    def learn(self, fee: float, fullness: float, usual: float) -> None:
        """Take in a block's base fee (logarithm) and how full it was."""
        if not self.gain:
            return
        told = fee + math.log(2.0 * max(fullness, _LEAST_FULLNESS))
        if self.level is None:
            self.level = told
        self.level += self.pull * (usual - self.level)
        if fullness >= _FULL:
            # A full block says "at least": those who did not fit in are not seen.
            told = max(told, self.level + _PUSH)
        self.level += self.gain * (told - self.level)

    def judge(self, came: float) -> None:
        """Compare what was foretold of a base fee (logarithm), at every distance, with it."""
        missed = sum(
            abs(path[ahead] - came)
            for ahead, path in enumerate(reversed(self.paths), start=1)
            if ahead < MOST_BLOCKS
        )
        self.loss = _FORGETTING * self.loss + missed

    def look_ahead(self, following: float, usual: float) -> tuple[float, ...]:
        """Return the likely base fees from the next block on, as logarithms."""
        fee, level = following, following if self.level is None else self.level
        path = [fee]
        for _ in range(MOST_BLOCKS - 1):
            level += self.pull * (usual - level)
            fullness = min(max(math.exp(min(level - fee, 1.0)) / 2, _LEAST_FULLNESS), 1.0)
            fee += math.log1p((2 * fullness - 1) / BASE_FEE_CHANGE_DENOMINATOR)
            path.append(fee)
        return tuple(path)


class _Misses:
    """How far forecasts of one distance were off, as logarithms, and what band follows from it."""

    def __init__(self) -> None:
        self._newest: deque[float] = deque()
        self._sorted: list[float] = []
        # What share of misses either side of the band leaves out.
        self._below = self._above = _ONE_SIDE
        self.due = self.held = 0

    def band(self) -> tuple[float, float] | None:
        """Return by how much a path is to be moved for its low and its high end, where known."""
        if len(self._sorted) < LEAST_MISSES:
            return None
        return self._at(self._below), self._at(1.0 - self._above)

    def add(self, miss: float, band: tuple[float, float] | None) -> None:
        """Take in how far off a forecast was, and the band told with it, if there was one."""
        if band is not None:
            low, high = band
            self.due += 1
            self.held += low <= miss <= high
            self._below = _followed(self._below, missed=miss < low)
            self._above = _followed(self._above, missed=miss > high)
        insort(self._sorted, miss)
        self._newest.append(miss)
        if len(self._newest) > _REMEMBERED:
            oldest = self._newest.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]

    def _at(self, share: float) -> float:
        # The finite-sample quantile of split conformal prediction, on either side.
        count = len(self._sorted)
        place = share * (count + 1) - 1
        place = math.floor(place) if share < 0.5 else math.ceil(place)
        return self._sorted[min(max(place, 0), count - 1)]


def _followed(share: float, *, missed: bool) -> float:
    moved = share + _LEARNING * (_ONE_SIDE - missed)
    return min(max(moved, 0.0), 2 * _ONE_SIDE)


@dataclass(frozen=True, slots=True)
class _Told:
    """A forecast that has not come due: a path, and the band about it where it was told."""

    path: tuple[float, ...]
    bands: tuple[tuple[float, float] | None, ...]


class FeeForecast:
    """Foretells base fees from the blocks that it has seen."""

    def __init__(self) -> None:
        self._trackers = tuple(_Tracker(gain, pull) for gain, pull in _TRACKERS)
        self._misses = tuple(_Misses() for _ in range(MOST_BLOCKS - 1))
        self._waiting: deque[_Told] = deque(maxlen=MOST_BLOCKS - 1)
        self._usual: float | None = None
        self._number: int | None = None
        self._following = 0
        self._path: tuple[float, ...] = ()

    @classmethod
    def of_history(
        cls, first: int, base_fees: Sequence[int], fullness: Sequence[float]
    ) -> FeeForecast:
        """Return a forecast that has seen what `eth_feeHistory` tells.

        Args:
            first: the number of the oldest block.
            base_fees: in wei, of each block and of the one after the last.
            fullness: of each block, gas used over gas limit.

        Raises:
            InvalidHeader: the lists do not fit each other, or hold what no block has.
        """
        if len(base_fees) != len(fullness) + 1:
            raise InvalidHeader(
                f"a fee history has {len(base_fees)} base fees for {len(fullness)} blocks; allowed "
                "is one more than there are blocks"
            )
        forecast = cls()
        told = zip(pairwise(base_fees), fullness, strict=True)
        for number, ((fee, following), full) in enumerate(told, start=first):
            forecast.observe(number, fee, following, full)
        return forecast

    def observe_block(self, block: Block) -> None:
        """Take in a block; one whose base fee or gas is not known is passed over."""
        fee, used, limit = block.base_fee_wei, block.gas_used, block.gas_limit
        if fee is None or used is None or limit is None or block.number == self._number:
            return
        self.observe(block.number, fee, next_base_fee_wei(fee, used, limit), used / limit)

    def observe(self, number: int, fee_wei: int, following_wei: int, fullness: float) -> None:
        """Take in a block.

        After a gap, or a block that takes others back, what was foretold is not held against it.

        Args:
            number: of the block.
            fee_wei: its base fee.
            following_wei: the base fee of the block after it.
            fullness: its gas used over its gas limit.

        Raises:
            InvalidHeader: a value that no block has.
        """
        if min(number, fee_wei, following_wei) < 0 or not 0.0 <= fullness <= 1.0:
            raise InvalidHeader(
                f"block {number} has a base fee of {fee_wei} wei and {following_wei} after it, and "
                f"is {fullness!r} full; allowed are fees from 0 on and a fullness from 0 to 1"
            )
        if self._number is not None and number != self._number + 1:
            self._forget_what_was_told()
        came = _log(following_wei)
        self._settle(came)
        self._learn(_log(fee_wei), fullness)
        self._number, self._following = number, following_wei
        self._tell(came)

    def ahead(self, blocks: int = MOST_BLOCKS) -> tuple[BlockFee, ...]:
        """Return the base fees of the next blocks, the nearest first; none before a block is seen.

        Raises:
            InvalidHeader: `blocks` is not from 1 to 10.
        """
        if type(blocks) is not int or not 1 <= blocks <= MOST_BLOCKS:
            raise InvalidHeader(
                f"{blocks!r} blocks are to be foretold; allowed is an int from 1 to {MOST_BLOCKS}"
            )
        if self._number is None:
            return ()
        least = most = self._following
        told = [BlockFee(self._number + 1, least, least, most)]
        for place in range(1, blocks):
            least -= least // BASE_FEE_CHANGE_DENOMINATOR
            most += max(most // BASE_FEE_CHANGE_DENOMINATOR, 1)
            told.append(self._block_fee(place, least, most))
        return tuple(told)

    def coverage(self) -> tuple[Coverage, ...]:
        """Return how the bands held so far, for each distance from 2 blocks on."""
        return tuple(
            Coverage(blocks, each.due, each.held / each.due if each.due else None)
            for blocks, each in enumerate(self._misses, start=2)
        )

    # --- inside ----------------------------------------------------------------------------

    def _block_fee(self, place: int, least: int, most: int) -> BlockFee:
        number = (self._number or 0) + 1 + place
        band = self._misses[place - 1].band()
        if band is None:
            return BlockFee(number, least, self._following, most, is_told=False)
        path = self._path[place] - self._path[0]
        low, high = (min(max(self._moved(path + end), least), most) for end in band)
        return BlockFee(number, low, min(max(self._moved(path), low), high), high)

    def _moved(self, by: float) -> int:
        """The next block's base fee, moved in log space; exact for however large a fee."""
        return self._following * round(math.exp(min(max(by, -2.0), 2.0)) * _SCALE) // _SCALE

    def _settle(self, came: float) -> None:
        """Hold what was foretold of the block after the newest one against what it has."""
        for tracker in self._trackers:
            tracker.judge(came)
        for place, told in enumerate(reversed(self._waiting), start=1):
            self._misses[place - 1].add(came - told.path[place], told.bands[place - 1])

    def _learn(self, fee: float, fullness: float) -> None:
        told = fee + math.log(2.0 * max(fullness, _LEAST_FULLNESS))
        self._usual = told if self._usual is None else self._usual + _USUALLY * (told - self._usual)
        for tracker in self._trackers:
            tracker.learn(fee, fullness, self._usual)

    def _tell(self, following: float) -> None:
        usual = following if self._usual is None else self._usual
        for tracker in self._trackers:
            tracker.paths.append(tracker.look_ahead(following, usual))
        self._path = min(self._trackers, key=lambda each: each.loss).paths[-1]
        self._waiting.append(_Told(self._path, tuple(each.band() for each in self._misses)))

    def _forget_what_was_told(self) -> None:
        self._waiting.clear()
        for tracker in self._trackers:
            tracker.paths.clear()


def _log(wei: int) -> float:
    return math.log(max(wei, 1))
