"""Random integers of every size."""

from __future__ import annotations

import random


def magnitude(rng: random.Random, most: int) -> int:
    """Return an int from 1 to `most`, every number of bits as likely as any other."""
    bits = rng.randint(1, most.bit_length())
    return min(rng.randint(1 << (bits - 1), (1 << bits) - 1), most)


def around(rng: random.Random, middle: int, lowest: int = 1) -> int:
    """Return an int next to `middle`, where roundings and borders are."""
    return max(middle + rng.randint(-1, 1), lowest)
