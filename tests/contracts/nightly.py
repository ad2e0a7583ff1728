"""A million random swaps per protocol against the real contracts: `python3 dev.py nightly`.

Every night another seed; it is printed, and `--seed` asks the same questions again.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import NamedTuple

from aineon.errors import Unavailable
from tests.contracts.chain import Chain
from tests.contracts.comparing import Protocol, compare
from tests.contracts.protocols import PROTOCOLS

SWAPS = 1_000_000
SWAPS_A_SHARE = 20_000


class Share(NamedTuple):
    """What one process compares in one go, on a chain of its own."""

    protocol: str
    seed: str
    swaps: int


class Result(NamedTuple):
    """What came of a share."""

    share: Share
    swaps: int
    differences: int
    seconds: float
    report: str


def shares(names: Sequence[str], seed: str, swaps: int) -> list[Share]:
    """Part the work, protocols by turns, so that each is seen early."""
    parts = -(-swaps // SWAPS_A_SHARE)
    return [
        Share(name, f"{seed}.{part}", min(SWAPS_A_SHARE, swaps - part * SWAPS_A_SHARE))
        for part in range(parts)
        for name in names
    ]


def carry_out(share: Share) -> Result:
    """Compare a share."""
    protocol = protocol_named(share.protocol)
    start = time.perf_counter()
    with Chain() as chain:
        tally = compare(protocol, protocol.deploy(chain), share.seed, share.swaps)
    seconds = time.perf_counter() - start
    report = tally.report() if tally.differences else ""
    return Result(share, tally.swaps, len(tally.differences), seconds, report)


def protocol_named(name: str) -> Protocol:
    """Return a protocol by its name."""
    return next(protocol for protocol in PROTOCOLS if protocol.name == name)


def compare_all(names: Sequence[str], seed: str, swaps: int, processes: int) -> list[Result]:
    """Compare everything, and say what came of each share as it ends."""
    results = []
    # Spawned, not forked: a process of its own must not share the parent's connections.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting: list[Future[Result]] = [
            pool.submit(carry_out, share) for share in shares(names, seed, swaps)
        ]
        for future in as_completed(waiting):
            result = future.result()
            results.append(result)
            print(line(result), flush=True)
    return results


def line(result: Result) -> str:
    """Return what came of a share in one line, and below it what differed."""
    protocol, seed, _ = result.share
    return (
        f"{protocol:<12} seed {seed:<16} {result.swaps:>7,} swaps {result.seconds:6.1f} s  "
        f"{result.differences} differences\n{result.report}"
    ).rstrip()


def summary(results: Sequence[Result]) -> str:
    """Return the totals of each protocol."""
    lines = []
    for name in dict.fromkeys(result.share.protocol for result in results):
        parts = [result for result in results if result.share.protocol == name]
        swaps, seconds = sum(r.swaps for r in parts), sum(r.seconds for r in parts)
        lines.append(
            f"{name}: {swaps:,} swaps, {sum(r.differences for r in parts)} differences, "
            f"{swaps / seconds:,.0f} swaps/s on one core"
        )
    return "\n".join(lines)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    names = [protocol.name for protocol in PROTOCOLS]
    asked = int(os.environ.get("AINEON_DIFFERENTIAL_SWAPS") or SWAPS)
    tonight = dt.datetime.now(dt.UTC).date().isoformat()
    parser = argparse.ArgumentParser(prog="dev.py nightly", description=__doc__)
    parser.add_argument("--swaps", type=int, default=asked, help=f"per protocol ({asked:,})")
    parser.add_argument("--seed", default=tonight, help=f"any text ({tonight})")
    parser.add_argument("--protocol", choices=names, action="append", help="all of them")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Compare, print the totals, and fail where anything differs or cannot be had."""
    options = parsed(arguments)
    names = options.protocol or [protocol.name for protocol in PROTOCOLS]
    start = time.perf_counter()
    try:
        results = compare_all(names, options.seed, options.swaps, options.processes)
    except Unavailable as why:
        print(f"error: the real contracts are not at hand: {why}", file=sys.stderr)
        return 1
    print(summary(results))
    print(f"{time.perf_counter() - start:,.0f} s in all, seed {options.seed}")
    return int(any(result.differences for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
