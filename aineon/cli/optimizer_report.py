"""What an evaluation found, as tables for people and as JSON for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from aineon.optimizer.evaluation import policies
from aineon.optimizer.evaluation.checking import behind, checks_of, mean_share
from aineon.optimizer.evaluation.extras import (
    drift_checks,
    honesty_checks,
    regime_checks,
    training_checks,
)
from aineon.optimizer.evaluation.figures import Accuracy, ChannelFigures, Check, SeedFigures
from aineon.optimizer.evaluation.resampling import Figure

if TYPE_CHECKING:
    from aineon.runtime.optimizing import Asked, Found

FORMAT = "aineon-optimizer-evaluation"
VERSION = 1

_ORDER = (
    policies.OPTIMIZER,
    policies.FIXED,
    policies.THRESHOLD,
    policies.TABLE,
    policies.ENSEMBLE,
    policies.MEAN,
    policies.ALWAYS,
    policies.CONFIDENT,
    policies.CLAIRVOYANT,
)
_MET = {True: "met", False: "NOT MET", None: "not measured"}


def all_checks(found: Found) -> tuple[Check, ...]:
    """Return every figure that has a target."""
    honest = [each.honesty for each in found.extras if each.honesty is not None]
    regimes = [each.regimes for each in found.extras if each.regimes is not None]
    return (
        *checks_of(found.seeds),
        *(drift_checks(found.recoveries) if found.recoveries else ()),
        *(honesty_checks(honest) if honest else ()),
        *(regime_checks(regimes) if regimes else ()),
        *(training_checks(found.training) if found.training is not None else ()),
    )


def to_json(asked: Asked, found: Found) -> str:
    """Return everything as JSON text; what is not known is null."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "asked": asdict(asked) | {"extras": sorted(asked.extras)},
        "checks": [asdict(check) for check in all_checks(found)],
        **asdict(found),
    }
    return json.dumps(_plain(content), indent=2, ensure_ascii=False)


def print_found(asked: Asked, found: Found, console: Console | None = None) -> None:
    """Print everything as tables; the checks come last."""
    console = console or Console(highlight=False)
    for part in _parts(asked, found):
        console.print(part)


def _parts(asked: Asked, found: Found) -> Iterator[RenderableType]:
    yield _heading(asked, found)
    for channel in asked.channels:
        per_seed = [
            (seed, each)
            for seed in found.seeds
            for each in seed.channels
            if each.channel == channel.value
        ]
        yield _captured(channel.value, per_seed)
        yield _mechanics(channel.value, per_seed)
    yield _trainings(found.seeds)
    if found.recoveries:
        yield _recoveries(found)
    yield from _ablations(found)
    yield from _regimes(found)
    yield _checks(all_checks(found))
    yield _legend(found)


def _heading(asked: Asked, found: Found) -> Text:
    if asked.data is not None:
        what = f"tape {asked.data}"
    else:
        seeds = " ".join(map(str, asked.seeds))
        what = f"seeds {seeds}, rivals {asked.mix!r}, {asked.hours:g} hours each"
    rows = sum(seed.rows for seed in found.seeds)
    counts = f"the first {asked.learning_hours:g} hours do not count"
    lines = [
        f"AINEON optimizer, walk-forward: {what}.",
        f"Trained every {asked.retrain_minutes:g} minutes; {counts}.",
        f"{rows} opportunities were scored, in {found.seconds / 60:.1f} minutes.",
    ]
    left_out = sum(seed.left_out for seed in found.seeds)
    if left_out:
        lines.append(f"{left_out} more were left out: what every bid came to is not known of them.")
    if not all(seed.chances_known for seed in found.seeds):
        lines.append(
            "Nobody knows this tape's true chances: shares are of what knowing the dice gets, "
            "which is out of reach, and the ceiling is not known."
        )
    return Text("\n".join(lines))


def _captured(name: str, per_seed: Sequence[tuple[SeedFigures, ChannelFigures]]) -> Table:
    table = titled(f"Captured share of the best net, {name} (percent ± standard error)", "Policy")
    for seed, _ in per_seed:
        table.add_column(_seed(seed), justify="right")
    table.add_column("Mean", justify="right")
    table.add_column("Attempts", justify="right")
    table.add_column("Land", justify="right")
    figures = [each for _, each in per_seed]
    for policy in _ORDER:
        lines = [
            next((line for line in each.captured if line.policy == policy), None)
            for each in figures
        ]
        there = [line for line in lines if line is not None]
        if not there:
            continue
        landed = [line.landed for line in there if line.landed is not None]
        table.add_row(
            policy,
            *(_percent(line.share if line else None) for line in lines),
            _percent(mean_share(figures, policy)),
            f"{_mean([line.attempted for line in there]):.0%}",
            f"{_mean(landed):.0%}" if landed else "",
        )
    compared = [behind(each) for each in figures]
    table.add_row(
        "ahead of the best rule, points",
        *("" if each is None else _points(each[1]) for each in compared),
    )
    table.add_row("AINEON over redraws", *(_percent(each.redrawn) for each in figures))
    table.add_row("AINEON while learning", *(_percent(each.learning) for each in figures))
    return table


def _mechanics(name: str, per_seed: Sequence[tuple[SeedFigures, ChannelFigures]]) -> Table:
    table = titled(f"Predictions, {name}", "What")
    for seed, _ in per_seed:
        table.add_column(_seed(seed), justify="right")
    rows: dict[str, list[str]] = {}
    for _, each in per_seed:
        for what, figure in _told(each):
            rows.setdefault(what, []).append(figure)
    for what, cells in rows.items():
        table.add_row(what, *cells)
    return table


def _told(each: ChannelFigures) -> Iterator[tuple[str, str]]:
    calibrated = each.calibrated
    yield "Brier skill over the base rate", _share(calibrated.skill)
    yield "  as a share of the ceiling's", _share(calibrated.of_ceiling)
    yield "  over each arm's base rate", _share(calibrated.of_ceiling_by_arm)
    yield "calibration error", _four(calibrated.error)
    yield "  against outcomes, with their luck", _four(calibrated.error_of_outcomes)
    yield "  worst stretch of 6 hours", _four(max(calibrated.folds, default=None))
    yield from _accuracy(each.accuracy)
    for band in each.bands:
        bias = f"{band.forecast / band.came - 1:+.1%}" if band.came > 0 else "-"
        yield f"{band.seconds / 60:.0f}-minute band holds", _share(band.coverage)
        yield f"  bias, {band.seconds / 60:.0f} minutes", bias
    yield "decided by", " ".join(f"{by} {count}" for by, count in sorted(each.decided_by.items()))
    yield "alarms", str(len(each.alarms_at))
    yield "a decision takes, median ms", f"{each.speed.median_ms:.2f}"
    yield "  p99 ms", f"{each.speed.p99_ms:.2f}"


def _accuracy(accuracy: Accuracy | None) -> Iterator[tuple[str, str]]:
    if accuracy is None:
        return
    yield "accuracy at the bids made", _share(accuracy.told)
    yield "  base rate: they land", _share(accuracy.base_rate)
    yield "  always saying no", _share(accuracy.always_fail)
    yield "  area under the ROC curve", _four(accuracy.area)
    yield "  calibration error at them", _four(accuracy.error)


def _trainings(seeds: Iterable[SeedFigures]) -> Table:
    table = titled("Trainings", "Seed")
    for title in ("How many", "Adopted", "Slowest, s", "Rows at the end", "The last one"):
        table.add_column(title, justify="left" if title == "The last one" else "right")
    for seed in seeds:
        done = seed.trainings
        table.add_row(
            _seed(seed),
            str(len(done)),
            str(sum(bool(each.adopted) for each in done)),
            f"{max((each.seconds for each in done), default=0.0):.1f}",
            str(done[-1].rows if done else 0),
            Text(done[-1].words if done else "none"),
        )
    return table


def _recoveries(found: Found) -> Table:
    table = titled("After the competition changed", "Change")
    titles = (
        "Seed",
        "Channel",
        "ECE before",
        "hours 0-4",
        "hours 4-12",
        "Hours to 0.03",
        "Labels to Brier",
        "Brier ratio",
        "Alarm, min",
    )
    for title in titles:
        table.add_column(title, justify="right")
    for each in found.recoveries:
        table.add_row(
            each.kind.replace("_", " "),
            str(each.seed),
            each.channel,
            _four(each.error_before),
            _four(each.error_at_first),
            _four(each.error_later),
            _or_never(each.hours_to_error),
            _or_never(each.labels_to_brier),
            "-" if each.brier_ratio is None else f"{each.brier_ratio:.3f}",
            _or_never(each.minutes_to_alarm),
        )
    return table


def _ablations(found: Found) -> Iterator[Table]:
    lines = [extra.ablation for extra in found.extras if extra.ablation]
    if not lines:
        return
    table = titled(
        "Money without a group of features (mean of the seeds; points against all)", "Without"
    )
    channels = list(lines[0][0].share)
    table.add_column("Columns", justify="right")
    for channel in channels:
        table.add_column(f"{channel}, %", justify="right")
        table.add_column("points", justify="right")
    for groups in zip(*lines, strict=False):
        cells = []
        for channel in channels:
            share = _mean([each.share[channel] for each in groups])
            full = _mean([seed[0].share[channel] for seed in lines])
            cells += [f"{share * 100:.1f}", f"{(share - full) * 100:+.1f}"]
        table.add_row(groups[0].without, str(groups[0].columns), *cells)
    yield table


def _regimes(found: Found) -> Iterator[RenderableType]:
    told = [(each.seed, each.regimes) for each in found.extras if each.regimes is not None]
    if not told:
        return
    table = titled("Regimes of the market", "Seed")
    titles = ("Accuracy", "Ceiling", "Delay, min", "Switches an hour", "Direction", "Unrest")
    for title in titles:
        table.add_column(title, justify="right")
    for seed, each in told:
        table.add_row(
            f"seed {seed}",
            _share(each.accuracy),
            _share(each.ceiling),
            _or_never(each.delay_minutes),
            f"{each.switches_an_hour:.2f}",
            _correlation(each.foresight),
            _correlation(each.foresight_of_unrest),
        )
    yield table
    yield Text(
        "Direction and Unrest: correlation of the label with the price's change, and with how far "
        "prices move, over the next hour."
    )


def _correlation(value: float | None) -> str:
    return "-" if value is None else f"{value:+.2f}"


def _checks(checks: Sequence[Check]) -> Table:
    table = titled("Beside the targets", "Figure")
    table.add_column("Found", justify="right")
    table.add_column("Target", justify="right")
    table.add_column("")
    for check in checks:
        table.add_row(Text(check.what), Text(check.found), Text(check.target), _MET[check.met])
    return table


def _legend(found: Found) -> Text:
    met = [check.met for check in all_checks(found)]
    return Text(
        f"{met.count(True)} met, {met.count(False)} not met, {met.count(None)} not measured. "
        "Best fixed bid and threshold rule are chosen in hindsight. Clairvoyant knows the dice "
        "and is out of reach. A single outcome is win or nothing: only bands over many say much."
    )


def titled(title: str, first: str) -> Table:
    """Return a table with its first column."""
    table = Table(title=Text(f"\n{title}"), title_justify="left")
    table.add_column(first, overflow="fold")
    return table


def _seed(seed: SeedFigures) -> str:
    return "tape" if seed.seed is None else f"seed {seed.seed}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _percent(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    error = "" if figure.error is None else f" ± {figure.error * 100:.1f}"
    return f"{figure.value * 100:.1f}{error}"


def _points(figure: Figure) -> str:
    error = "" if figure.error is None else f" ± {figure.error * 100:.1f}"
    return f"{figure.value * 100:+.1f}{error}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _four(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _or_never(value: float | None) -> str:
    return "never" if value is None else f"{value:.4g}"


def _plain(value: Any) -> Any:
    """The same with text for paths, lists for tuples, and null for what JSON has no number for."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)
