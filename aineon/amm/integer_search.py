"""Searches on exact integer functions that have no formula for the answer."""

from __future__ import annotations

from collections.abc import Callable


def smallest_input(
    output: Callable[[int], int], amount_out: int, most: int, rate: float, guess: int
) -> int:
    """Return an input that pays `amount_out` while one unit less does not.

    `rate` is about what one more unit of input pays, `guess` about the answer; both only save
    evaluations. `output(most)` must reach `amount_out`. Where `output` does not rise throughout
    (a contract's Newton loop leaves noise in the last digits) the answer is one such input;
    where it does, it is the smallest there is.
    """
    low, high = 0, most
    at, step = guess, 1
    while high - low > 1:
        if not low < at < high:
            at = (low + high) // 2
        missing = amount_out - output(at)
        # One unit of output may be worth many of input: within it the rate says nothing.
        ratio = max(abs(missing) - 1, 0) / rate if rate > 0 else 0.0
        far = int(ratio) if ratio < high - low else high - low
        if missing <= 0:
            high = at
            at -= far + step
        else:
            low = at
            at += far + step
        if high - low <= 2 * step:
            at = (low + high) // 2
        step *= 4
    return high


def largest_input(holds: Callable[[int], bool], near: int, ceiling: int) -> int:
    """Return the last amount up to `ceiling` for which `holds` is true, 0 where there is none.

    `near` is about the answer and only saves evaluations.
    """
    low, high = 0, ceiling + 1
    # A Newton loop is off by about 2^-46 of the amounts; smaller steps would be wasted.
    at, step = near, max(1, near >> 46)
    while high - low > 1:
        if not low < at < high:
            at = (low + high) // 2
        if holds(at):
            low, at = at, at + step
        else:
            high, at = at, at - step
        if low and high <= ceiling and high - low <= 2 * step:
            at = (low + high) // 2
        step *= 4
    return low
