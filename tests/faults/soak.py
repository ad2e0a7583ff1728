"""A day of blocks at speed: the real processes, watched from outside.

    python -m tests.faults.soak --blocks 7200

starts a rehearsal's chain and an engine as `aineon rehearse` does, with a block every half second,
and looks at the engine's memory and open files as it goes. At the end memory must be
within a tenth of what it was after warming up, no file may have stayed open, and every comparison
of the books with the chain must have agreed. The verdict is one line of JSON on stdout; what
happens meanwhile goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from aineon.errors import RehearsalError
from aineon.ledger.accounts.reading import AccountsReader
from aineon.ledger.reading import BookReader
from aineon.primitives import Book
from aineon.primitives.units import ETHER
from aineon.rehearsal.entry import read_entry
from aineon.rehearsal.rpc import Rpc
from aineon.runtime.processes import Child, stop_all
from aineon.runtime.rehearsing import chain_program, settings_for
from aineon.runtime.settings import Settings, load_settings
from aineon.runtime.supervisor import engine_program

BLOCK_SECONDS = 0.5
TARGET_BLOCKS = 6
"""Mainnet's two blocks give 24 seconds to reach one; so short ones need more of them."""
COOLDOWN_BLOCKS = 3
LEAST_PROFIT_WEI = ETHER // 10_000
LEAST_CONFIDENCE = 0.5
WARM_SHARE = 0.25
"""How much of the run warms the engine up: caches fill, and threads appear when they are needed."""
LOOKS = 240
TOLERANCE = 0.10
MOST_NEW_FILES = 3
"""Connections and threads that may be under way at one look and not at the other."""
RECONCILE_BLOCKS = 25
PATIENCE_SECONDS = 300.0
GRACE_SECONDS = 20.0
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Look:
    """The engine at one block; `shared` memory is mostly files that are mapped, libraries first."""

    block: int
    memory: int
    shared: int
    files: int | None
    threads: int


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Soak:
    """A rehearsal's chain and its engine, in `folder`."""

    def __init__(self, folder: Path, block_seconds: float, seed: int) -> None:
        given: dict[str, Any] = {
            "data_dir": str(folder), "seed": seed,
            "reconcile_blocks": RECONCILE_BLOCKS, "target_blocks": TARGET_BLOCKS,
            # So that there is much to book: a pair rests for blocks, however short they are.
            "pair_cooldown_seconds": COOLDOWN_BLOCKS * block_seconds,
            "min_profit_wei": LEAST_PROFIT_WEI, "confidence_threshold": LEAST_CONFIDENCE,
        }  # fmt: skip
        self._settings = load_settings(env={}, **given)
        self._folder = folder / "rehearsal"
        self._chain = Child(
            chain_program(self._settings, self._folder, block_seconds), GRACE_SECONDS, say
        )
        self._engine: Child | None = None
        self._looks: list[Look] = []
        self._restarts = 0

    def run(self, blocks: int) -> dict[str, Any]:
        """Watch so many blocks; return the verdict."""
        begun = time.monotonic()
        try:
            settings, node = self._start()
            first = _head(node)
            self._watch(node, first, blocks)
            last = _head(node)
        finally:
            children = [child for child in (self._engine, self._chain) if child is not None]
            stop_all(children, GRACE_SECONDS, lambda: False)
        return self._verdict(settings, first, last, time.monotonic() - begun)

    def _start(self) -> tuple[Settings, Rpc]:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (entry := read_entry(self._folder)) is None:
            self._chain.tend(time.monotonic())
            if self._chain.given_up or time.monotonic() > deadline:
                raise RehearsalError("the rehearsal's chain did not start")
            time.sleep(0.05)
        settings = settings_for(self._settings, entry)
        self._engine = Child(engine_program(settings), GRACE_SECONDS, say)
        return settings, Rpc(entry.node_url)

    def _watch(self, node: Rpc, first: int, blocks: int) -> None:
        assert self._engine is not None
        every = max(blocks // LOOKS, 1)
        due, known = first, None
        while (head := _head(node)) < first + blocks:
            self._chain.tend(time.monotonic())
            self._engine.tend(time.monotonic())
            if self._chain.given_up or self._engine.given_up:
                raise RehearsalError("chain or engine has ended")
            pid = self._engine.pid
            if pid is not None and pid != known:
                self._restarts += known is not None
                known = pid
            if pid is not None and head >= due:
                due = head + every
                self._look(pid, head)
            time.sleep(0.05)

    def _look(self, pid: int, head: int) -> None:
        process = psutil.Process(pid)
        try:
            files: int | None = process.num_fds()
        except psutil.AccessDenied:
            files = None  # closed to others, as an engine that holds a key is
        memory = process.memory_info()
        shared = getattr(memory, "shared", 0)
        look = Look(head, memory.rss, shared, files, process.num_threads())
        self._looks.append(look)
        if len(self._looks) % 20 == 1:
            words = f"{look.memory / MEGABYTE:.1f} MB, {look.shared / MEGABYTE:.1f} of it shared"
            say(f"block {head}: {words}, {look.files} files, {look.threads} threads")

    def _verdict(self, settings: Settings, first: int, last: int, seconds: float) -> dict[str, Any]:
        warm = [look for look in self._looks if look.block >= first + WARM_SHARE * (last - first)]
        portion = max(len(warm) // 6, 1)
        before, after = warm[:portion], warm[-portion:]
        memory = [statistics.median(look.memory for look in some) for some in (before, after)]
        files = [statistics.median(look.files or 0 for look in some) for some in (before, after)]
        with BookReader.open(settings.book_url, Book.REHEARSAL) as reader:
            found = AccountsReader(reader).reconciliations(limit=100_000)
            trades = Counter(trade.outcome or "pending" for trade in reader.trades())
        verdicts = Counter(each.verdict for each in found)
        compared = max((each.block_number for each in found), default=0)
        return {
            "blocks": last - first,
            "seconds": round(seconds),
            "memory_mb": [round(each / MEGABYTE, 1) for each in memory],
            "memory_growth": round(memory[1] / memory[0] - 1, 4),
            "files": files,
            "restarts": self._restarts,
            "trades": dict(trades),
            "reconciliations": dict(verdicts),
            "blocks_since_compared": last - compared,
            "stopped": (settings.data_dir / "STOP").exists(),
        }


def flaws_of(verdict: dict[str, Any]) -> list[str]:
    """Return what a verdict has against the engine; empty where all is well."""
    before, after = verdict["files"]
    wrong = {
        "memory is not flat": abs(verdict["memory_growth"]) > TOLERANCE,
        "files stay open": after - before > MOST_NEW_FILES,
        "the engine was restarted": verdict["restarts"] > 0,
        "nothing was traded": not verdict["trades"].get("included"),
        "books and chain differ": bool(set(verdict["reconciliations"]) - {"opened", "agreed"}),
        "books and chain were not compared": verdict["blocks_since_compared"]
        > 8 * RECONCILE_BLOCKS,
        "everything was stopped": verdict["stopped"],
    }
    return [words for words, is_so in wrong.items() if is_so]


def _head(node: Rpc) -> int:
    return int(node.ask("eth_blockNumber"), 16)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", type=int, default=7_200)
    parser.add_argument("--block-seconds", type=float, default=BLOCK_SECONDS)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--keep", type=Path, help="leave the books in this folder")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="aineon-soak-"))
    try:
        verdict = Soak(folder, options.block_seconds, options.seed).run(options.blocks)
    finally:
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    flaws = flaws_of(verdict)
    print(json.dumps(verdict | {"flaws": flaws}))
    return int(bool(flaws))


if __name__ == "__main__":
    sys.exit(main())
