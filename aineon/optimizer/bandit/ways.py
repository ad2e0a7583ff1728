"""Ways of sending bundles, and how far each should carry before any was tried.

All relays at once reach the builders of each of them, and an offer for each target block stands
longer than one for the next block alone. So that is what is expected to carry farthest, by plain
probability, and it is what others have to beat: a relay that hands bundles on to rivals, or a
bundle that stays with one after it went stale, shows itself only by what lands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aineon.optimizer.arms import Channel
from aineon.optimizer.bandit.reach import Way

ALL_RELAYS: Final = "all relays"
EACH_BLOCK: Final = "each target block"
NEXT_BLOCK: Final = "next block only"


def ways_of_bundles(relays: Sequence[str], blocks: int) -> tuple[Way, ...]:
    """Return the ways of sending bundles: to all relays or one, for all target blocks or one.

    Args:
        relays: their names; one at least.
        blocks: in how many an attempt may land.
    """
    places = (ALL_RELAYS, *relays) if len(relays) > 1 else (ALL_RELAYS,)
    moments = (EACH_BLOCK, NEXT_BLOCK) if blocks > 1 else (EACH_BLOCK,)
    return tuple(Way(place, when, Channel.PRIVATE) for place in places for when in moments)


def prior_of(way: Way, share: float, relays: int, blocks: int) -> float:
    """Return the reach to expect of a way beside the usual one's, which is 1.

    Args:
        way: one of `ways_of_bundles`.
        share: of attempts that land when sent to all relays for each target block.
        relays: how many there are; taken to reach builders independently, and alike.
        blocks: in how many an attempt may land; taken to be independent, and alike.
    """
    parts = (1 if way.relay == ALL_RELAYS else relays) * (1 if way.when == EACH_BLOCK else blocks)
    kept = min(max(share, 0.0), 1.0)
    if not kept:
        return 1 / parts  # what it comes to as the share becomes small
    reach: float = (1 - (1 - kept) ** (1 / parts)) / kept
    return reach
