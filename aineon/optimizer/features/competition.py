"""Competition: what others paid lately to be first, who they are, and how we fared."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable
from itertools import islice
from math import isnan, log, log1p, nan
from typing import Final

from aineon.optimizer.features.decaying import Mean
from aineon.optimizer.features.feature import Feature, Group
from aineon.optimizer.features.memory import Memory
from aineon.optimizer.features.recent import Recent

_OF_A_PAIR: Final = 128
_OF_ALL: Final = 512
_MOST_PAIRS: Final = 1_000
_MOST_SEARCHERS: Final = 500
_LATELY: Final = 1_000
_WINNERS: Final = 32
_LAST: Final = 24
_HALF: Final = log(0.5)
_PRESENT: Final = 100
_LOWEST: Final = 1e-9
_DEAREST: Final = 2.0

_CHAIN = "others' takings on the chain: their profit and what the builder was paid"
_GAPS = "gaps that stood open, and whether others took them in the next block"
_WHO = "accounts of others' takings"
_OURS = "outcomes of this installation"


def _told(name: str, unit: str, formula: str, source: str) -> Feature:
    return Feature(name, unit, formula, source, Group.COMPETITION)


FEATURES: Final = (
    _told("tip_last", "1", "share of its net profit that the pair's last winner paid", _CHAIN),
    *(
        _told(
            f"tip_mean_{blocks}",
            "1",
            f"mean share that the pair's winners paid, half-life {blocks} blocks",
            _CHAIN,
        )
        for blocks in (10, 50, 200)
    ),
    *(
        _told(
            f"tip_{name}",
            "1",
            f"{share} % quantile of what the pair's winners paid, half-life 200 blocks",
            _CHAIN,
        )
        for name, share in (("low", 25), ("mid", 50), ("high", 75), ("top", 90))
    ),
    _told(
        "tip_similar",
        "1",
        "mean share that the pair's winners of like sizes paid: half-life 600 blocks, weights "
        "exp(-d²/2), d the difference of ln net over 0.5",
        _CHAIN,
    ),
    _told("tip_all_50", "1", "mean share that winners paid anywhere, half-life 50 blocks", _CHAIN),
    _told("tip_all_500", "1", "the same, half-life 500 blocks", _CHAIN),
    _told("tip_all_similar", "1", "as tip_similar, over all pairs", _CHAIN),
    _told("price_mean", "1", "as tip_mean_200, gaps that nobody took counting as 0", _GAPS),
    _told(
        "price_last",
        "1",
        "what the pair's last gap of at least half the size cost, 0 where nobody took it",
        _GAPS,
    ),
    _told("price_last_3", "1", "mean of the same over the last 3 of these", _GAPS),
    _told(
        "price_similar_high",
        "1",
        "80 % quantile of the shares that the pair's gaps of like sizes cost, 0 where nobody "
        "took them; weights as tip_similar",
        _GAPS,
    ),
    _told("taken_200", "1", "share of the pair's gaps that others took, half-life 200", _GAPS),
    _told("taken_similar", "1", "the same of like sizes, weights as tip_similar", _GAPS),
    _told("taken_all_200", "1", "share of all pairs' gaps that others took, half-life 200", _GAPS),
    _told("taken_all_similar", "1", "as taken_similar, over all pairs", _GAPS),
    _told("searchers", "1", "others seen to take on the pair in the last 1,000 blocks", _WHO),
    _told("searchers_all", "1", "others seen to take anywhere in the last 1,000 blocks", _WHO),
    _told("leader_share", "1", "of the pair's last 32 takings, the most frequent winner's", _WHO),
    _told(
        "searchers_tip",
        "1",
        "highest mean tip share, over all pairs with half-life 600 blocks, of the others that took "
        "on the pair in the last 1,000 blocks",
        _WHO,
    ),
    _told(
        "present",
        "1",
        "sum over the others that took on the pair of a weight that halves every 100 blocks since "
        "they last did",
        _WHO,
    ),
    _told(
        "present_tip",
        "1",
        "mean of the tip shares of searchers_tip, weighted as in present",
        _WHO,
    ),
    _told(
        "own_hits",
        "1",
        "share of own attempts on the pair that landed, half-life 200 blocks; on paper, where "
        "every bid's outcome is known, whether the dearest bid would have",
        _OURS,
    ),
    _told("own_hits_all", "1", "the same over all pairs, half-life 50 blocks", _OURS),
    _told("since_contested", "ln blocks", "ln(1 + blocks since others last took the pair)", _CHAIN),
    _told("since_gap", "ln blocks", "ln(1 + blocks since the pair last had a gap)", _GAPS),
)


class _PairRivals:
    """What is known of the competition for one pair."""

    __slots__ = (
        "gap_at",
        "hits",
        "last_prices",
        "last_tip",
        "memory",
        "price",
        "seen",
        "taken",
        "taken_at",
        "tips",
        "winners",
    )

    def __init__(self) -> None:
        self.memory = Memory(_OF_A_PAIR)
        self.tips = {half_life: Mean(half_life) for half_life in (10, 50, 200)}
        self.taken = Mean(200)
        self.price = Mean(200)
        self.last_prices: deque[tuple[float, float]] = deque(maxlen=_LAST)
        self.hits = Mean(200)
        self.seen: dict[str, int] = {}
        self.winners: deque[str] = deque(maxlen=_WINNERS)
        self.last_tip = nan
        self.taken_at: int | None = None
        self.gap_at: int | None = None

    def ended(self, now: int, log_size: float, price: float, taken: bool) -> None:
        """A gap of this pair has ended; see `Competition.ended`."""
        self.taken.add(float(taken), now)
        if not isnan(price):
            self.price.add(price, now)
            self.last_prices.append((log_size, price))
        if taken and not isnan(price):
            _add_all(self.tips.values(), price, now)
            self.last_tip = price

    def met(self, searcher: str, now: int) -> None:
        """Somebody took on this pair."""
        self.seen.pop(searcher, None)
        self.seen[searcher] = now
        if len(self.seen) > _WINNERS:
            del self.seen[next(iter(self.seen))]
        self.winners.append(searcher)
        self.taken_at = now

    def last_of(self, log_size: float) -> list[float]:
        """The prices of the last three gaps of at least half that size, the newest first."""
        large = (price for size, price in reversed(self.last_prices) if size >= log_size + _HALF)
        return list(islice(large, 3))

    def lately(self, now: int) -> list[str]:
        """Who took on this pair not long ago."""
        return [name for name, at in self.seen.items() if now - at <= _LATELY]


class Competition:
    """Keeps what others paid, pair by pair and over all, as far back as it matters."""

    def __init__(self) -> None:
        self._pairs: Recent[str, _PairRivals] = Recent(_MOST_PAIRS, _PairRivals)
        self._all = Memory(_OF_ALL)
        self._tips = {half_life: Mean(half_life) for half_life in (50, 500)}
        self._taken = Mean(200)
        self._searchers: Recent[str, _Searcher] = Recent(_MOST_SEARCHERS, _Searcher)
        self._hits = Mean(50)

    def ended(self, pair: str, now: int, net: float, price: float, taken: bool) -> None:
        """A gap that stood open has ended in block `now`; what is not known is nan.

        Args:
            pair: of which it was.
            now: the block in which others took it, or did not.
            net: ETH that it would have left.
            price: share of it that the winner paid; 0 where nobody took it.
            taken: whether somebody did.
        """
        log_size = _log_size(net)
        capped = min(price, _DEAREST)  # in this order nan stays nan
        rivals = self._pairs[pair]
        rivals.ended(now, log_size, capped, taken)
        rivals.memory.add(now, log_size, capped, taken)
        self._all.add(now, log_size, capped, taken)
        self._taken.add(float(taken), now)
        if taken:
            _add_all(self._tips.values(), capped, now)

    def took(self, pair: str, now: int, searcher: str, price: float) -> None:
        """Another searcher took on `pair` in block `now`, and paid such a share."""
        self._pairs[pair].met(searcher, now)
        self._searchers[searcher].took(now, min(price, _DEAREST))

    def seen(self, pair: str, now: int) -> None:
        """A gap of `pair` stands open in block `now`."""
        self._pairs[pair].gap_at = now

    def own(self, pair: str, now: int, landed: bool) -> None:
        """An own attempt on `pair` ended."""
        self._pairs[pair].hits.add(float(landed), now)
        self._hits.add(float(landed), now)

    def values(self, pair: str, now: int, net: float) -> dict[str, float]:
        """The features of a gap of `pair` that would leave `net` ETH, before it is `seen`."""
        rivals = self._pairs.get(pair) or _PairRivals()
        log_size = _log_size(net)
        return {
            **self._of_pair(rivals, now, log_size),
            **self._of_all(now, log_size),
            **self._of_searchers(rivals, now),
            "leader_share": _most_frequent(rivals.winners),
            "own_hits": rivals.hits.value,
            "since_contested": _since(rivals.taken_at, now),
            "since_gap": _since(rivals.gap_at, now),
        }

    def _of_pair(self, rivals: _PairRivals, now: int, log_size: float) -> dict[str, float]:
        asked = rivals.memory.asked(now)
        alike, last = asked.alike(600, log_size), rivals.last_of(log_size)
        tip, taken = asked.tip_and_taken(alike)
        low, mid, high, top = asked.tips((0.25, 0.5, 0.75, 0.9), asked.weights(200))
        return {
            "tip_last": rivals.last_tip,
            **{f"tip_mean_{blocks}": each.value for blocks, each in rivals.tips.items()},
            "tip_low": low,
            "tip_mid": mid,
            "tip_high": high,
            "tip_top": top,
            "tip_similar": tip,
            "price_mean": rivals.price.value,
            "price_last": last[0] if last else nan,
            "price_last_3": sum(last) / len(last) if last else nan,
            "price_similar_high": asked.prices((0.8,), alike)[0],
            "taken_200": rivals.taken.value,
            "taken_similar": taken,
        }

    def _of_searchers(self, rivals: _PairRivals, now: int) -> dict[str, float]:
        lately = rivals.lately(now)
        known = [
            (math.exp2((at - now) / _PRESENT), searcher.tips.value)
            for name, at in rivals.seen.items()
            if name in lately and (searcher := self._searchers.get(name)) is not None
        ]
        told = [(weight, tip) for weight, tip in known if not isnan(tip)]
        mass = sum(weight for weight, _ in told)
        return {
            "searchers": float(len(lately)),
            "searchers_tip": max((tip for _, tip in told), default=nan),
            "present": sum(weight for weight, _ in known),
            "present_tip": sum(weight * tip for weight, tip in told) / mass if mass else nan,
        }

    def _of_all(self, now: int, log_size: float) -> dict[str, float]:
        asked = self._all.asked(now)
        tip, taken = asked.tip_and_taken(asked.alike(600, log_size))
        searchers = sum(now - each.at <= _LATELY for each in self._searchers.values())
        return {
            **{f"tip_all_{blocks}": each.value for blocks, each in self._tips.items()},
            "tip_all_similar": tip,
            "taken_all_200": self._taken.value,
            "taken_all_similar": taken,
            "searchers_all": float(searchers),
            "own_hits_all": self._hits.value,
        }


class _Searcher:
    """What is known of one other searcher, over all pairs."""

    __slots__ = ("at", "tips")

    def __init__(self) -> None:
        self.at = 0
        self.tips = Mean(600)

    def took(self, now: int, price: float) -> None:
        self.at = now
        if not isnan(price):
            self.tips.add(price, now)


def _add_all(means: Iterable[Mean], value: float, now: int) -> None:
    """Take an event into several means; one that is not known is none."""
    if not isnan(value):
        for mean in means:
            mean.add(value, now)


def _log_size(net: float) -> float:
    return nan if isnan(net) else log(max(net, _LOWEST))


def _since(then: int | None, now: int) -> float:
    return nan if then is None else log1p(max(now - then, 0))


def _most_frequent(winners: deque[str]) -> float:
    return max(Counter(winners).values()) / len(winners) if winners else nan
