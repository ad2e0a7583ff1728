"""All campaigns at full length, one line each: `python -m tests.faults.full`.

`--share 10` runs a tenth of everything. Each control runs too, and must fail: a campaign that
finds nothing where there is something proves nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.faults.counting import flaw_of
from tests.faults.power import is_available
from tests.faults.rpc import KINDS
from tests.faults.shards import campaign, divided, sharded


@dataclass(frozen=True)
class Entry:
    """A campaign of `count` kills, cuts, lives or rounds.

    Attributes:
        fails_by: of a control: what of these it must find; one is enough.
    """

    words: str
    count: int
    run: Callable[[int], dict[str, Any]]
    fails_by: tuple[str, ...] = ()

    def flaw(self, found: dict[str, Any]) -> str:
        """Return what is wrong with what was found; empty where all is as it must be."""
        if not self.fails_by:
            return flaw_of(found)
        return "" if any(found[what] for what in self.fails_by) else "the control found nothing"


KILLS, CUTS = "tests.faults.kills", "tests.faults.power_cuts"
WITHDRAWALS = "tests.faults.withdrawal_kills"
RPC, PAIRS = "tests.faults.rpc_lives", "tests.faults.pairs"
TWICE = ("double",)

ENTRIES = (
    Entry("kills at every write point", 10_000, lambda n: sharded(KILLS, "kills", n)),
    Entry(
        "control: send, then record", 60,
        lambda n: campaign(KILLS, "--kills", n, "--engine", "naive"), fails_by=TWICE,
    ),
    Entry("kills of withdrawals", 600, lambda n: sharded(WITHDRAWALS, "kills", n)),
    Entry(
        "control: forget the names", 12,
        lambda n: campaign(WITHDRAWALS, "--kills", n, "--engine", "forgetful"), fails_by=TWICE,
    ),
    Entry(
        "kills of batches of withdrawals", 200,
        lambda n: sharded(WITHDRAWALS, "kills", n, "--together", 3),
    ),
    Entry(
        "control: take batches apart in haste", 6,
        lambda n: campaign(WITHDRAWALS, "--kills", n, "--together", 3, "--engine", "hasty"),
        fails_by=TWICE,
    ),
    Entry("lives with wrong answers", 40 * len(KINDS), lambda n: divided(RPC, "--lives", n)),
    Entry(
        "control: believe the answers", len(KINDS),
        lambda n: campaign(RPC, "--lives", n, "--engine", "trusting"), fails_by=TWICE,
    ),
    Entry("two engines at once, rounds", 60, lambda n: campaign(PAIRS, "--rounds", n)),
    Entry(
        "control: a book each, rounds", 16,
        lambda n: campaign(PAIRS, "--rounds", n, "--books", "apart"), fails_by=TWICE,
    ),
)  # fmt: skip
POWER = (
    Entry("power cuts", 2_000, lambda n: sharded(CUTS, "cuts", n)),
    Entry("full disks", 300, lambda n: sharded(CUTS, "cuts", n, "--trouble", "full")),
    Entry("disks that cannot sync", 300, lambda n: sharded(CUTS, "cuts", n, "--trouble", "broken")),
    Entry(
        "control: synchronous=NORMAL", 200,
        lambda n: campaign(CUTS, "--cuts", n, "--synchronous", "NORMAL"), fails_by=TWICE,
    ),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py faults", description=__doc__)
    parser.add_argument("--share", type=int, default=100, help="percent of the full length")
    share = parser.parse_args().share
    if not is_available():
        print("notice: no power cuts: the SQLite of this Python does not let itself be watched")
    failed = False
    for entry in (*ENTRIES, *(POWER if is_available() else ())):
        count = entry.count if entry.fails_by else max(entry.count * share // 100, 1)
        begun = time.monotonic()
        found = entry.run(count)
        flaw = entry.flaw(found)
        failed |= bool(flaw)
        figures = f"paid {found.get('paid', '-')}, lost {found['lost']}, double {found['double']}"
        verdict = flaw or ("fails, as it must" if entry.fails_by else "good")
        seconds = time.monotonic() - begun
        print(f"{entry.words}: {count}; {figures}: {verdict} ({seconds:.0f} s)", flush=True)
        if flaw:
            print(f"  {found}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
