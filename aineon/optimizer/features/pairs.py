"""Pairs: mid prices, depths and moves of every two tokens that some pool trades."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from itertools import combinations
from math import exp, inf, isfinite, isnan, log, nan

from aineon.amm import Pool
from aineon.optimizer.features.decaying import Level, Rate
from aineon.primitives import Address, Token
from aineon.primitives.units import ETHER
from aineon.search import Route

TwoTokens = tuple[Token, Token]
_REMEMBERED = 256


class PairTrack:
    """The pools of two tokens: what one `base` is worth in `quote`, and how deep they are.

    Prices are natural logarithms of smallest units; a depth is the input of `base` at which a
    pool's average rate has halved (`LocalCurve.bend`), in smallest units. The deepest pool's
    price stands for the pair's.
    """

    __slots__ = (
        "_before",
        "base",
        "changes_10",
        "changes_100",
        "deepest",
        "depth_level",
        "depths",
        "dispersion",
        "dispersion_level",
        "history",
        "mid_level",
        "mids",
        "path",
        "quote",
    )  # fmt: skip

    def __init__(self, base: Token, quote: Token, began: int) -> None:
        self.base = base
        self.quote = quote
        self.mids: dict[Address, float] = {}
        self.depths: dict[Address, float] = {}
        self.deepest: Address | None = None
        self.dispersion = nan
        self.dispersion_level = Level(200)
        self.depth_level = Level(600)
        self.mid_level = Level(50)
        self.changes_10 = Rate(10, began)
        self.changes_100 = Rate(100, began)
        self.path = Rate(50, began)
        self.history: deque[tuple[int, float]] = deque(maxlen=_REMEMBERED)
        self._before: dict[Address, float] = {}

    @property
    def mid(self) -> float:
        """The deepest pool's price; nan where there is none."""
        return nan if self.deepest is None else self.mids[self.deepest]

    @property
    def depth(self) -> float:
        """The deepest pool's depth; nan where there is none."""
        return nan if self.deepest is None else self.depths[self.deepest]

    def price(self, address: Address, pool: Pool | None) -> None:
        """A pool stands at another price, or (None) is gone; `close` ends a block's changes."""
        was = self.mids.pop(address, nan)
        self.depths.pop(address, None)
        if pool is not None and (found := _mid_and_depth(pool, self.base, self.quote)) is not None:
            self.mids[address], self.depths[address] = found
        self._before.setdefault(address, was)

    def close(self, now: int) -> None:
        """All of block `now` is known."""
        self.changes_10.add(now)
        self.changes_100.add(now)
        self.deepest = max(self.depths, key=self._depth_of, default=None)
        mids = self.mids.values()
        self.dispersion = max(mids) - min(mids) if mids else nan
        self.dispersion_level.hold(self.dispersion, now)
        self.mid_level.hold(self.mid, now)
        self.depth_level.hold(log(self.depth) if self.deepest else nan, now)
        if self.deepest is not None:
            # Another pool may be the deepest now: a move is what one and the same pool did.
            move = self.mid - self._before.get(self.deepest, self.mid)
            if not isnan(move):
                self.path.add(now, abs(move))
            self.history.append((now, self.mid))
        self._before.clear()

    def move(self, now: int, blocks: int) -> float:
        """How far the price has moved in the last `blocks` blocks; nan where that is not known."""
        for at, mid in reversed(self.history):
            if at <= now - blocks:
                return self.mid - mid
        return nan

    def _depth_of(self, address: Address) -> tuple[float, Address]:
        return self.depths[address], address


class Pairs:
    """Follows the pools of a market; a block costs what changed in it.

    Args:
        native: the wrapped native token; the price of one of it is what its pairs are about.
    """

    def __init__(self, native: Token | None) -> None:
        self._native = native
        self._tracks: dict[TwoTokens, PairTrack] = {}
        self._of_pool: dict[Address, tuple[Token, ...]] = {}

    def observe(
        self, now: int, pools: Mapping[Address, Pool], changed: Collection[Address]
    ) -> Collection[PairTrack]:
        """Take the changed pools of block `now` in; return the pairs that they belong to."""
        touched: dict[TwoTokens, PairTrack] = {}
        for address in sorted(changed):
            pool = pools.get(address)
            held = self._of_pool.get(address, ())
            tokens = pool.tokens if pool is not None else ()
            for two in _pairs_of(held, tokens):
                track = touched[two] = self._track(two, now)
                track.price(address, pool if set(two) <= set(tokens) else None)
            if pool is None:
                self._of_pool.pop(address, None)
            else:
                self._of_pool[address] = tokens
        for two, track in touched.items():
            track.close(now)
            if not track.mids:
                del self._tracks[two]
        return touched.values()

    def of(self, one: Token, other: Token) -> PairTrack | None:
        """What two tokens trade at; None where no pool trades them."""
        two = (one, other) if one < other else (other, one)
        return self._tracks.get(two)

    def worth(self, token: Token) -> float:
        """What a smallest unit of a token is worth in ETH, at its deepest pool; nan if unknown."""
        if self._native is None or token == self._native:
            return nan if self._native is None else 1 / ETHER
        track = self.of(token, self._native)
        return nan if track is None else exp(-track.mid) / ETHER

    def of_route(self, route: Route, now: int) -> PairTrack | None:
        """The most traded of the pairs that the route's hops trade."""
        return self._busiest((tuple(sorted((hop.token_in, hop.token_out))) for hop in route), now)

    def native_of_route(self, route: Route, now: int) -> PairTrack | None:
        """The most traded of those with the native token."""
        return self._busiest(
            (
                tuple(sorted((hop.token_in, hop.token_out)))
                for hop in route
                if self._native in (hop.token_in, hop.token_out)
            ),
            now,
        )

    def _busiest(self, pairs: Iterable[tuple[Token, ...]], now: int) -> PairTrack | None:
        best, most = None, -inf
        for one, other in pairs:
            track = self._tracks.get((one, other))
            if track is not None and (rate := track.changes_100.at(now)) > most:
                best, most = track, rate
        return best

    def _track(self, two: TwoTokens, now: int) -> PairTrack:
        track = self._tracks.get(two)
        if track is None:
            base, quote = two if two[1] != self._native else (two[1], two[0])
            track = self._tracks[two] = PairTrack(base, quote, now)
        return track


def _pairs_of(*held: tuple[Token, ...]) -> list[TwoTokens]:
    found = {two: None for tokens in held for two in combinations(sorted(tokens), 2)}
    return list(found)


def _mid_and_depth(pool: Pool, base: Token, quote: Token) -> tuple[float, float] | None:
    """Logarithm of the price, and the depth; None where the pool trades one way only, or none."""
    curve = pool.local_curve(base, quote)
    if not curve.rate > 0:
        return None
    price = pool.spot_price(base, quote)
    if not (price > 0 and isfinite(price)):
        return None
    # Where nothing bends the rate, no size is too large: as deep as anything can be.
    return log(price), 1 / curve.bend if curve.bend > 0 else 1e300
