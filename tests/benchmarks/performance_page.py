"""Writes docs/performance.md from what one run of the benchmarks measured."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.goals import GOALS, MEGABYTE, MEMORY_GOAL

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))

_HEAD = """# Performance

Written by `python3 dev.py bench`, which measures everything below in one process and one run;
change the benchmarks in `tests/benchmarks`, not this page. A goal is what we aim at; *ratio* is
goal divided by the median, so 2.0 means twice as fast as the goal. *Best* is the fastest round:
on a shared machine it says more about the code, and the median more about the machine.

"""


def main(path: str) -> None:
    """Turn pytest-benchmark's JSON file at `path` into the page."""
    measured = json.loads(Path(path).read_text())
    PAGE.write_text(page(measured))


def page(measured: Mapping[str, Any]) -> str:
    """The page for one run."""
    taken = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    machine = measured["machine_info"]
    lines = [
        f"Measured {taken} on {machine['cpu'].get('brand_raw', platform.machine())}, "
        f"{machine['cpu'].get('count', '?')} cores, Python {machine['python_version']}.\n",
    ]
    for group, benchmarks in _by_file(measured["benchmarks"]):
        lines += [f"\n## {group}\n", *_table(benchmarks)]
    return _HEAD + "\n".join(lines) + "\n"


def _by_file(
    benchmarks: Iterable[Mapping[str, Any]],
) -> Iterable[tuple[str, list[Mapping[str, Any]]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for benchmark in benchmarks:
        name = Path(benchmark["fullname"].split("::")[0]).stem.removeprefix("test_")
        groups.setdefault(name.capitalize(), []).append(benchmark)
    return sorted(groups.items())


def _table(benchmarks: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    yield "| what | best | median | goal | ratio |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for benchmark in benchmarks:
        if "bytes" in benchmark["extra_info"]:
            yield _memory_row(benchmark)
            continue
        stats, goal = benchmark["stats"], GOALS.get(benchmark["name"])
        held = f"{_seconds(goal)} | {goal / stats['median']:.2f}" if goal else " | "
        yield (
            f"| {_words(benchmark['name'])} | {_seconds(stats['min'])} | "
            f"{_seconds(stats['median'])} | {held} |"
        )


def _memory_row(benchmark: Mapping[str, Any]) -> str:
    used = benchmark["extra_info"]["bytes"]
    return (
        f"| {_words(benchmark['name'])} ({benchmark['extra_info']['counted']}) | "
        f"{used / MEGABYTE:.0f} MB | {used / MEGABYTE:.0f} MB | {MEMORY_GOAL / MEGABYTE:.0f} MB | "
        f"{MEMORY_GOAL / used:.2f} |"
    )


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ").replace("[", " (").replace("]", ")")


def _seconds(value: float) -> str:
    for size, unit in _UNITS:
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.1e} s"


if __name__ == "__main__":
    main(sys.argv[1])
