"""How every party measures one call; the standard library alone, so that all of them can."""

from __future__ import annotations

import gc
import itertools
import json
import sys
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 7
ROUND_SECONDS = 0.05


def seconds_for_amounts(quote: Callable[[int], object], amount_in: int) -> float:
    """Return the seconds of one quote of ever new amounts, which no cache has seen."""
    amounts = itertools.count(amount_in)
    return seconds_for(lambda: quote(next(amounts)))


def seconds_for(call: Callable[[], object]) -> float:
    """Return the seconds of one call: the fastest of several rounds of many calls each."""
    call()
    count = 1
    while _timed(call, count) < ROUND_SECONDS and count < 1 << 20:
        count *= 2
    gc.disable()
    try:
        return min(_timed(call, count) for _ in range(ROUNDS)) / count
    finally:
        gc.enable()


def _timed(call: Callable[[], object], count: int) -> float:
    numbers = range(count)
    started = time.perf_counter()
    for _ in numbers:
        call()
    return time.perf_counter() - started


def read_work() -> dict[str, Any]:
    """Return the work handed over on standard input."""
    return json.load(sys.stdin)


def tell(results: dict[str, Any]) -> None:
    """Hand the results over on standard output, whose last line they are."""
    print(json.dumps(results))
