"""Which steps of a regular walk around a circle land in a short arc, without taking each.

Rounding a price to whole units is such a walk: every further unit of input moves the fraction
that is lost by the same amount, modulo one. The few steps that lose almost nothing are found
by Euclid's algorithm and the three-gap theorem (Slater, 1967): the gaps between returns to an
arc have only three lengths, the third the sum of the others.
"""

from __future__ import annotations

from collections.abc import Iterator


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
