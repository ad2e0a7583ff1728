"""What an evaluation can look at beside money and calibration, and how its checks read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from aineon.optimizer.evaluation.ablating import Ablated
from aineon.optimizer.evaluation.drifting import CLOSE, ERROR, Recovery
from aineon.optimizer.evaluation.figures import Check
from aineon.optimizer.evaluation.honest import Honesty
from aineon.optimizer.regimes.figures import RegimeFigures

AREA_WITHIN: Final = 0.02
LABELS: Final = 1000
ALARM_MINUTES: Final = 60.0
FALSE_ALARMS_A_DAY: Final = 1.0
TRAINING_SECONDS: Final = 60.0
TRAINING_MB: Final = 300.0
REGIMES_OF_CEILING: Final = 0.95
REGIME_DELAY_MINUTES: Final = 12.0
REGIME_SWITCHES_AN_HOUR: Final = 1.0


class Extra(StrEnum):
    """What takes time and is looked at where it is asked for."""

    DRIFT = "drift"
    HONESTY = "honesty"
    ABLATION = "ablation"
    REGIMES = "regimes"
    TRAINING = "training"


@dataclass(frozen=True, slots=True)
class TrainingSpeed:
    """What one training on many rows takes, in a process of its own that was warm already.

    Attributes:
        rows: opportunities times arms.
        seconds: of one thread.
        megabytes: the most that the process held.
    """

    rows: int
    seconds: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class SeedExtras:
    """What was looked at on one seed's tape beside the walk."""

    seed: int | None
    honesty: Honesty | None = None
    ablation: tuple[Ablated, ...] = ()
    regimes: RegimeFigures | None = None


def drift_checks(found: Sequence[Recovery]) -> Iterable[Check]:
    """Return the checks of recoveries, for each kind of change and channel."""
    for kind, channel in dict.fromkeys((each.kind, each.channel) for each in found):
        lines = [each for each in found if (each.kind, each.channel) == (kind, channel)]
        yield from _of_kind(f"{kind.replace('_', ' ')}, {channel}", lines)
    yield from _false_alarms(found)


def _of_kind(name: str, lines: Sequence[Recovery]) -> Iterable[Check]:
    errors = [each.error_later for each in lines if each.error_later is not None]
    error = float(np.mean(errors)) if errors else None
    yield Check(
        what=f"{name}: calibration error in hours 4 to 12 after it, mean of the seeds",
        found=_error(error),
        value=error,
        target=f"<= {ERROR}",
        met=None if error is None else error <= ERROR,
    )
    labels = _middle([each.labels_to_brier for each in lines])
    yield Check(
        what=f"{name}: labels until the Brier score is within {CLOSE - 1:.0%} of models trained "
        "after it, median of the seeds",
        found="never" if labels == np.inf else _whole(labels, ""),
        value=_finite(labels),
        target=f"<= {LABELS}",
        met=None if labels is None else labels <= LABELS,
    )
    minutes = _middle([each.minutes_to_alarm for each in lines])
    yield Check(
        what=f"{name}: minutes until the alarm, median of the seeds",
        found="never" if minutes == np.inf else _whole(minutes, " min"),
        value=_finite(minutes),
        target=f"<= {ALARM_MINUTES:.0f} min",
        met=None if minutes is None else minutes <= ALARM_MINUTES,
    )


def _false_alarms(found: Sequence[Recovery]) -> Iterable[Check]:
    for channel in dict.fromkeys(each.channel for each in found):
        # The same quiet hours stand before every kind of change: they count once.
        quiet = {each.seed: each for each in found if each.channel == channel}.values()
        days = sum(each.quiet_days for each in quiet)
        a_day = sum(each.false_alarms for each in quiet) / days if days else None
        yield Check(
            what=f"{channel}: false alarms a day before anything changed",
            found="not measured" if a_day is None else f"{a_day:.2f} in {days:.1f} days",
            value=a_day,
            target=f"<= {FALSE_ALARMS_A_DAY:g}",
            met=None if a_day is None else a_day <= FALSE_ALARMS_A_DAY,
        )


def honesty_checks(found: Sequence[Honesty]) -> Iterable[Check]:
    """Return the checks of whether the measuring knows too much."""
    areas = [each.area for each in found if each.area is not None]
    area = float(np.mean(areas)) if areas else None
    yield Check(
        what="shuffled labels: area under the ROC curve, mean of the seeds",
        found="not measured" if area is None else f"{area:.3f}",
        value=area,
        target=f"0.50 ± {AREA_WITHIN}",
        met=None if area is None else abs(area - 0.5) <= AREA_WITHIN,
    )
    if found:
        yield _yes("a planted future column is caught", all(each.planted_caught for each in found))
        leaks = sorted({name for each in found for name in each.leaks})
        yield _yes("no feature knows the future", not leaks, ", ".join(leaks))
    cuts = [each.cut_equal for each in found if each.cut_equal is not None]
    if cuts:
        yield _yes("features of a tape that ends earlier are equal bit for bit", all(cuts))


def regime_checks(found: Sequence[RegimeFigures]) -> Iterable[Check]:
    """Return the checks of how well the market's regime is told."""
    parts = [each.accuracy / each.ceiling for each in found if each.ceiling > 0]
    part = float(np.mean(parts)) if parts else None
    yield Check(
        what="regimes: balanced accuracy as a share of the ceiling's, mean of the seeds",
        found="not measured" if part is None else f"{part:.1%}",
        value=part,
        target=f">= {REGIMES_OF_CEILING:.0%}",
        met=None if part is None else part >= REGIMES_OF_CEILING,
    )
    delay = _middle([each.delay_minutes for each in found])
    yield Check(
        what="regimes: minutes until the label follows, median of the seeds",
        found="never" if delay == np.inf else _whole(delay, " min"),
        value=_finite(delay),
        target=f"<= {REGIME_DELAY_MINUTES:.0f} min",
        met=None if delay is None else delay <= REGIME_DELAY_MINUTES,
    )
    switches = max((each.switches_an_hour for each in found), default=None)
    yield Check(
        what="regimes: label switches an hour, worst seed",
        found="not measured" if switches is None else f"{switches:.2f}",
        value=switches,
        target=f"<= {REGIME_SWITCHES_AN_HOUR:g}",
        met=None if switches is None else switches <= REGIME_SWITCHES_AN_HOUR,
    )


def training_checks(found: TrainingSpeed) -> Iterable[Check]:
    """Return the checks of one training on many rows."""
    yield Check(
        what=f"training on {found.rows} rows (opportunities times arms)",
        found=f"{found.seconds:.1f} s",
        value=found.seconds,
        target=f"<= {TRAINING_SECONDS:.0f} s",
        met=found.seconds <= TRAINING_SECONDS,
    )
    yield Check(
        what="memory of the training process, at most",
        found=f"{found.megabytes:.0f} MB",
        value=found.megabytes,
        target=f"<= {TRAINING_MB:.0f} MB",
        met=found.megabytes <= TRAINING_MB,
    )


def _yes(what: str, met: bool, detail: str = "") -> Check:
    found = "yes" if met else f"no{f': {detail}' if detail else ''}"
    return Check(what, found, float(met), "yes", met)


def _middle(values: Sequence[float | None]) -> float | None:
    """The median, where what was never seen is infinitely late."""
    return (
        float(np.median([np.inf if each is None else each for each in values])) if values else None
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _whole(value: float | None, unit: str) -> str:
    return "not measured" if value is None else f"{value:.0f}{unit}"


def _error(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4f}"
