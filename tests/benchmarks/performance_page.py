"""Writes docs/performance.md from what one run of the benchmarks measured."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.goals import (
    CORE_SHARE_GOAL,
    GAS_GOALS,
    GOALS,
    MEGABYTE,
    MEMORY_GOALS,
    PEER_GOALS,
    SHARE_GOAL,
    SLOWEST_GOALS,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "performance.md"
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))

_HEAD = """# Performance

Written by `python3 dev.py bench`, which measures everything below in one process and one run;
change the benchmarks in `tests/benchmarks`, not this page. A goal is what we aim at; *ratio* is
goal divided by the median, so 2.0 means twice as fast as the goal. *Best* is the fastest round:
on a shared machine it says more about the code, and the median more about the machine. *Slowest
of a hundred* is the 99th percentile of the rounds.

"""


def main(path: str, target: str = str(PAGE)) -> None:
    """Turn pytest-benchmark's JSON file at `path` into the page; `-` prints its tables alone."""
    measured = json.loads(Path(path).read_text())
    if target == "-":
        sys.stdout.write(page(measured).removeprefix(_HEAD))
    else:
        Path(target).write_text(page(measured))


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


def _table(benchmarks: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    timed = [
        each for each in benchmarks if not {"rows", "shares", "gas"} & each["extra_info"].keys()
    ]
    for benchmark in benchmarks:
        if "rows" in benchmark["extra_info"]:
            yield from _peer_table(benchmark["extra_info"])
        if "shares" in benchmark["extra_info"]:
            yield from _share_table(benchmark)
        if "gas" in benchmark["extra_info"]:
            yield from _gas_table(benchmark["extra_info"]["gas"])
    if timed:
        yield "| what | best | median | goal | ratio |"
        yield "| --- | ---: | ---: | ---: | ---: |"
    for benchmark in timed:
        if "bytes" in benchmark["extra_info"]:
            yield _memory_row(benchmark)
            yield from _core_rows(benchmark["extra_info"])
            continue
        # A benchmark that measures by a clock of its own says so in its extra_info.
        name, stats = benchmark["name"], {**benchmark["stats"], **benchmark["extra_info"]}
        best, median = stats["min"], stats["median"]
        yield _row(_words(name), _seconds(best), _seconds, median, GOALS.get(name))
        if "p99" in benchmark["extra_info"]:
            slowest = benchmark["extra_info"]["p99"]
            words = f"{_words(name)}, slowest of a hundred"
            yield _row(words, "", _seconds, slowest, SLOWEST_GOALS.get(name))
        if "processor" in benchmark["extra_info"]:
            used = benchmark["extra_info"]["processor"]
            yield _row(f"{_words(name)}, processor time", "", _seconds, used, None)


def _peer_table(info: Mapping[str, Any]) -> Iterable[str]:
    """AINEON beside one other library: how many times faster, and the goal for that."""
    peer = info["peer"]
    goals = PEER_GOALS.get(peer, {})
    yield f"\n| work | AINEON | {peer} | times faster | goal |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for row in info["rows"]:
        goal = goals.get(row["work"].split(":")[0])
        yield (
            f"| {row['work']} | {_seconds(row['own'])} | {_seconds(row['peer'])} | "
            f"{row['peer'] / row['own']:.1f} | {f'{goal:g}' if goal else ''} |"
        )


def _share_table(benchmark: Mapping[str, Any]) -> Iterable[str]:
    shares = benchmark["extra_info"]["shares"]
    yield "| what | least | mean | goal |"
    yield "| --- | ---: | ---: | ---: |"
    yield (
        f"| {_words(benchmark['name'])}, {len(shares)} states | {min(shares):.1%} | "
        f"{sum(shares) / len(shares):.1%} | {SHARE_GOAL:.0%} |"
    )


def _gas_table(rows: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    """The executor beside a contract that makes the same swaps with the same money, unchecked."""
    yield "| route | money | bare swaps | executor | overhead | goal |"
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for row in rows:
        goal = GAS_GOALS.get(row["money"])
        yield (
            f"| {row['route']} | {row['money']} | {row['bare']:,} | {row['executor']:,} | "
            f"{row['executor'] - row['bare']:,} | {f'{goal:,}' if goal else ''} |"
        )


def _memory_row(benchmark: Mapping[str, Any]) -> str:
    name, used = benchmark["name"], benchmark["extra_info"]["bytes"]
    words = f"{_words(name)} ({benchmark['extra_info']['counted']})"
    return _row(words, _megabytes(used), _megabytes, used, MEMORY_GOALS.get(name))


def _core_rows(info: Mapping[str, Any]) -> Iterable[str]:
    if "core_share" in info:
        words = "processor time of the console while an operator looks, of one core"
        yield _row(words, "", _percent, info["core_share"], CORE_SHARE_GOAL)


def _row(
    words: str, best: str, spelled: Callable[[float], str], measured: float, goal: float | None
) -> str:
    held = f"{spelled(goal)} | {goal / measured:.2f}" if goal else " | "
    return f"| {words} | {best} | {spelled(measured)} | {held} |"


def _words(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ").replace("[", " (").replace("]", ")")


def _percent(value: float) -> str:
    return f"{value:.1%}"


def _megabytes(value: float) -> str:
    return f"{value / MEGABYTE:.0f} MB"


def _seconds(value: float) -> str:
    for size, unit in _UNITS:
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value:.1e} s"


if __name__ == "__main__":
    main(*sys.argv[1:])
