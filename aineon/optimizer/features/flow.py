"""Flow: how much is traded, which way prices go, and how often gaps open."""

from __future__ import annotations

from math import nan
from typing import Final

from aineon.optimizer.features.decaying import Rate
from aineon.optimizer.features.feature import Feature, Group
from aineon.optimizer.features.pairs import PairTrack
from aineon.optimizer.features.recent import Recent

_BPS: Final = 1e4
_MOST_PAIRS: Final = 1_000
_POOLS = "changes of the pools' states"
_GAPS = "gaps that stood open at the ends of blocks"


def _told(name: str, unit: str, formula: str, source: str = _POOLS) -> Feature:
    return Feature(name, unit, formula, source, Group.FLOW)


FEATURES: Final = (
    _told("changes_10", "1/block", "blocks in which a pool of the pair changed, half-life 10"),
    _told("changes_100", "1/block", "the same, half-life 100 blocks"),
    _told("path", "bps/block", "moves of the deepest pool's ln mid up and down, half-life 50"),
    _told("move_10", "bps", "ln mid of the pair's deepest pool less that of 10 blocks ago"),
    _told("move_50", "bps", "the same of 50 blocks ago"),
    _told("gaps", "1/block", "gaps that stood open on the pair, half-life 200 blocks", _GAPS),
    _told("gaps_all", "1/block", "gaps that stood open anywhere, half-life 50 blocks", _GAPS),
)


class Flow:
    """Counts gaps, and reads what pools did from their pairs; `began` is the first block seen."""

    def __init__(self, began: int) -> None:
        self._gaps: Recent[str, Rate] = Recent(_MOST_PAIRS, lambda: Rate(200, began))
        self._all = Rate(50, began)

    def seen(self, pair: str, now: int) -> None:
        """A gap of `pair` stood open at the end of block `now`."""
        self._gaps[pair].add(now)
        self._all.add(now)

    def values(self, pair: str, track: PairTrack | None, now: int) -> dict[str, float]:
        """The features of a gap of `pair`; what stands open in this block does not count yet."""
        gaps = self._gaps.get(pair)
        return {
            "gaps": 0.0 if gaps is None else gaps.at(now),
            "gaps_all": self._all.at(now),
            **_of_track(track, now),
        }


def _of_track(track: PairTrack | None, now: int) -> dict[str, float]:
    if track is None:
        return dict.fromkeys(("changes_10", "changes_100", "path", "move_10", "move_50"), nan)
    return {
        "changes_10": track.changes_10.at(now),
        "changes_100": track.changes_100.at(now),
        "path": _BPS * track.path.at(now),
        "move_10": _BPS * track.move(now, 10),
        "move_50": _BPS * track.move(now, 50),
    }
