"""Which steps of a regular walk around a circle land in a short arc, without taking each.

Rounding a price to whole units is such a walk: every further unit of input moves the fraction
that is lost by the same amount, modulo one. The few steps that lose almost nothing are found
by Euclid's algorithm and the three-gap theorem (Slater, 1967): the gaps between returns to an
arc have only three lengths, the third the sum of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil


def first_step_into(step: int, circle: int, low: int, high: int) -> int | None:
    """Return the smallest k >= 0 with `low <= step * k % circle <= high`; None if there is none.

    Needs 0 <= step < circle and 0 <= low <= high < circle.
    """
    if low == 0:
        return 0
    if step == 0:
        return None
    turns = -(-low // step)
    if turns * step <= high:
        return turns
    # No multiple of `step` lies in [low, high]; count the rounds of the circle instead.
    rounds = first_step_into(circle % step, step, -high % step, -low % step)
    return None if rounds is None else -(-(low + circle * rounds) // step)


def steps_into(start: int, step: int, circle: int, arc: int, count: int) -> Iterator[int]:
    """Yield all k < `count` with `(start + step * k) % circle < arc`, ascending.

    Needs 0 < arc < circle.
    """
    start, step = start % circle, step % circle
    k: int | None = 0
    if start >= arc:
        k = first_step_into(step, circle, circle - start, circle - start + arc - 1)
    if k is None or k >= count:
        return
    yield k
    forth, after_forth, back, after_back = _returns(step, circle, arc)
    at = (start + step * k) % circle
    while True:
        if at + forth < arc:
            at += forth
            k += after_forth
        elif at >= back:
            at -= back
            k += after_back
        else:
            at += forth - back
            k += after_forth + after_back
        if k >= count:
            return
        yield k


def _returns(step: int, circle: int, arc: int) -> tuple[int, int, int, int]:
    """Return the soonest moves by less than `arc`, forth and back, and after how many steps."""
    forth, after_forth = step, 1
    back, after_back = circle - step, 1
    # A move of zero is a walk that repeats itself, and soonest by that.
    while forth and back and (forth >= arc or back >= arc):
        if forth >= back:
            times = _times(forth, back, arc)
            forth -= times * back
            after_forth += times * after_back
        else:
            times = _times(back, forth, arc)
            back -= times * forth
            after_back += times * after_forth
    return forth, after_forth, back, after_back


def _times(large: int, small: int, arc: int) -> int:
    """Return how often to take `small` from `large`: until it is shorter than either."""
    until_within_arc = -(-(large - arc + 1) // small)
    return max(min(large // small, until_within_arc), 1)


def least_step(start: float, step: float, count: int) -> int:
    """Return the k < `count` at which `(start + step * k) % 1` is least.

    Needs `start` and `step` from 0 up to 1, and a count of 1 or more. Each least one of all before
    it lies behind the last one by the soonest move back that is short enough.
    """
    at, k = start, 0
    forth, after_forth, back, after_back = step, 1, 1 - step, 1
    while forth > 0 and back > 0 and k + after_back < count:
        if back <= at:
            times = min(int(at / back), (count - 1 - k) // after_back)
            at -= times * back
            k += times * after_back
        elif forth < back:
            # No further than is needed to be short enough, nor than there is something left.
            times = max(min(ceil((back - at) / forth), int(back / forth)), 1)
            back -= times * forth
            after_back += times * after_forth
        else:
            times = int(forth / back)
            forth -= times * back
            after_forth += times * after_back
    return k
