"""The smallest integer of which something holds, from a good guess."""

from __future__ import annotations

from collections.abc import Callable


def smallest(holds: Callable[[int], bool], guess: int, lowest: int, highest: int) -> int:
    """Return the smallest int from `lowest` to `highest` of which `holds` is true.

    Once true it must stay true, and it must be true of `highest`. Steps that double away from
    the guess bracket the answer, then it is halved: a guess near the answer costs few calls.
    """
    guess = min(max(guess, lowest), highest)
    step = 1
    if holds(guess):
        true = guess
        false = guess - step
        while false >= lowest and holds(false):
            true = false
            step *= 2
            false -= step
        false = max(false, lowest - 1)
    else:
        false = guess
        true = min(guess + step, highest)
        while true < highest and not holds(true):
            false = true
            step *= 2
            true = min(true + step, highest)
    while true - false > 1:
        middle = (true + false) // 2
        if holds(middle):
            true = middle
        else:
            false = middle
    return true


def peak(output: Callable[[int], int], highest: int) -> int:
    """Return the input from 1 to `highest` that pays most, where more may pay a little less.

    The output must rise and then fall. Where it stays level over many inputs the answer lies on
    that level, give or take the last unit.
    """
    best = top = 1
    while best < highest:
        best *= 2
        if output(min(best, highest)) > output(min(top, highest)):
            top = best
    low, high = max(top // 2, 1), min(top * 2, highest)
    while high - low > 2:
        third = (high - low) // 3
        if output(low + third) < output(high - third):
            low += third
        else:
            high -= third
    return max(range(low, high + 1), key=output)
