"""Arms: the shares of a profit that may be bid, and the two ways in which a bid travels."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from aineon.primitives.units import BPS

ARMS: Final = (
    0.02,
    0.05,
    0.10,
    0.20,
    0.30,
    0.40,
    0.50,
    0.60,
    0.70,
    0.80,
    0.85,
    0.90,
    0.93,
    0.96,
    0.98,
    0.99,
)
"""Shares of the net profit (after flash fee and gas) that may be paid to a block's builder."""

ARMS_BPS: Final = tuple(round(BPS * arm) for arm in ARMS)
"""The same shares in basis points, as a plan carries them."""


class Channel(StrEnum):
    """How an attempt travels, which decides what a miss costs."""

    PRIVATE = "private"
    """As a bundle to builders: a miss costs nothing."""

    PUBLIC = "public"
    """Through the public mempool: a miss is included all the same, and costs its gas."""


FIRST: Final = tuple(f"first_{round(100 * arm):02d}" for arm in ARMS)
"""The features that tell for each arm the odds that nobody else bids as much."""
