"""Random numbers that are the same on every machine and every version of Python.

Only `random.Random.random` is promised to keep its sequence, and the C library's `exp` and
`log` differ in the last bit from one platform to the next. So everything here is made of that
one method and of the four basic operations, which IEEE 754 fixes to the bit.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from math import frexp, ldexp
from typing import TypeVar

T = TypeVar("T")

_LN2 = 0.6931471805599453
_ROOT_HALF = 0.7071067811865476
_TERMS = 14
_LARGEST_EXPONENT = 600.0


def exp(x: float) -> float:
    """Return e to the power of `x`, for -600 <= x <= 600 (beyond, as if at that border)."""
    x = min(max(x, -_LARGEST_EXPONENT), _LARGEST_EXPONENT)
    halvings = int(x / _LN2 + (0.5 if x >= 0 else -0.5))
    rest = x - halvings * _LN2
    total = 1.0
    for term in range(_TERMS, 0, -1):
        total = 1.0 + total * rest / term
    return ldexp(total, halvings)


def log(x: float) -> float:
    """Return the natural logarithm of `x` > 0."""
    mantissa, doublings = frexp(x)
    if mantissa < _ROOT_HALF:
        mantissa, doublings = 2.0 * mantissa, doublings - 1
    # ln m = 2 artanh((m - 1) / (m + 1)), and the quotient lies within 0.172 of zero.
    quotient = (mantissa - 1.0) / (mantissa + 1.0)
    square = quotient * quotient
    total = 0.0
    for term in range(_TERMS - 1, -1, -1):
        total = total * square + 1.0 / (2 * term + 1)
    return doublings * _LN2 + 2.0 * quotient * total


class Dice:
    """A stream of random numbers with a name of its own.

    Each part of the sandbox draws from its own stream, so that, say, another latency of the
    searchers leaves outside prices and gas as they were.
    """

    __slots__ = ("uniform",)

    def __init__(self, seed: int, name: str) -> None:
        # Not for secrets: the stream has to be repeatable.
        self.uniform = random.Random(f"aineon-sandbox:{seed}:{name}").random

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return self.uniform() < probability

    def between(self, low: float, high: float) -> float:
        """Return a number spread evenly from `low` to `high`."""
        return low + (high - low) * self.uniform()

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of `choices`, each equally likely."""
        return choices[int(self.uniform() * len(choices))]

    def weighted(self, choices: Sequence[tuple[T, float]]) -> T:
        """Return the first half of one pair of `choices`; the second is its weight."""
        left = self.uniform() * sum(weight for _, weight in choices)
        for choice, weight in choices:
            left -= weight
            if left < 0:
                return choice
        return choices[-1][0]

    def normal(self) -> float:
        """Return a bell-shaped number with mean 0 and deviation 1, never beyond 6."""
        draw = self.uniform
        return (
            draw() + draw() + draw() + draw() + draw() + draw()
            + draw() + draw() + draw() + draw() + draw() + draw()
            - 6.0
        )  # fmt: skip

    def log_normal(self, median: float, spread: float) -> float:
        """Return `median * e^(spread * normal)`."""
        return median * exp(spread * self.normal())
