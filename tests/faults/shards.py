"""Campaigns in processes of their own, some beside each other."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.tooling.locks import ROOT

SHARDS = 2
FIRST_SEED = 7


def start(module: str, *options: object) -> subprocess.Popen[str]:
    """Start a campaign: a fork wants a process without threads, which pytest's is not."""
    command = [sys.executable, "-m", module, *map(str, options)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def result_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a campaign and return what it found.

    Raises:
        RuntimeError: it came to no end; with its last words.
    """
    said, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the campaign failed:\n{errors[-4000:]}")
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    # Lives that failed say why there, and the figures alone would not.
    return found | {"words": [line for line in errors.splitlines() if _is_telling(line)][-5:]}


def _is_telling(line: str) -> bool:
    return "Error" in line or line.startswith("Unended")


def campaign(module: str, *options: object) -> dict[str, Any]:
    """Run one campaign."""
    return result_of(start(module, *options))


def sharded(module: str, what: str, count: int, *options: object) -> dict[str, Any]:
    """Run `count` kills (or whatever) in several campaigns at once, and add them up."""
    each = -(-count // SHARDS)
    running = [
        start(module, f"--{what}", each, "--seed", FIRST_SEED + number, *options)
        for number in range(SHARDS)
    ]
    return added([result_of(process) for process in running])


def divided(module: str, *options: object) -> dict[str, Any]:
    """Run a campaign that goes through a list, each process through its part."""
    parts = [f"{number}/{SHARDS}" for number in range(SHARDS)]
    running = [start(module, "--shard", part, *options) for part in parts]
    return added([result_of(process) for process in running])


def added(found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up counts; of anything that happened in one campaign, say so."""
    total: dict[str, Any] = {}
    for name in dict.fromkeys(name for one in found for name in one):
        values = [one[name] for one in found]
        if isinstance(values[0], bool):
            total[name] = any(values)
        elif isinstance(values[0], dict):
            total[name] = dict(sum(map(Counter, values), Counter[str]()))
        else:
            total[name] = sum(values[1:], values[0])
    return total
