"""Checks: what was found over all seeds, beside what it should be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from aineon.optimizer.arms import Channel
from aineon.optimizer.evaluation import policies
from aineon.optimizer.evaluation.calibration import BINS
from aineon.optimizer.evaluation.figures import (
    Captured,
    ChannelFigures,
    Check,
    SeedFigures,
)
from aineon.optimizer.evaluation.resampling import Figure, mean_of_seeds

CAPTURED: Final = {Channel.PRIVATE.value: 0.95, Channel.PUBLIC.value: 0.92}
"""Least share of the best policy's money, as the mean of the seeds."""
BEHIND: Final = 0.01
"""Most by which any seed may stay behind the best plain rule."""
SKILL: Final = 0.90
POOLED_ERROR: Final = 0.015
FOLD_ERROR: Final = 0.03
COVERAGE: Final = (0.87, 0.93)
BIAS: Final = 0.10
BAND_SECONDS: Final = 900.0
DECISION_MS: Final = 1.0


def checks_of(seeds: Sequence[SeedFigures]) -> tuple[Check, ...]:
    """Return the checks of every channel that was walked, in the order of the channels."""
    names = dict.fromkeys(each.channel for seed in seeds for each in seed.channels)
    return tuple(check for name in names for check in _of_channel(name, seeds))


def _of_channel(name: str, seeds: Sequence[SeedFigures]) -> Iterable[Check]:
    found = [each for seed in seeds for each in seed.channels if each.channel == name]
    known = all(seed.chances_known for seed in seeds)
    yield _captured(name, found, known)
    yield _behind(name, found)
    yield _of_ceiling(name, found)
    yield _pooled(name, found)
    yield _folds(name, found)
    yield from _bands(name, found)
    yield _speed(name, found)


def line_of(figures: ChannelFigures, policy: str) -> Captured | None:
    """Return what one policy captured; None where it was not compared."""
    return next((line for line in figures.captured if line.policy == policy), None)


def mean_share(found: Sequence[ChannelFigures], policy: str) -> Figure | None:
    """Return a policy's captured share as the mean of the seeds."""
    lines = (line_of(each, policy) for each in found)
    return mean_of_seeds([line.share for line in lines if line and line.share])


def behind(figures: ChannelFigures) -> tuple[str, Figure] | None:
    """Return the best plain rule of a seed, and how far AINEON is ahead of it."""
    rivals = [line for name in policies.RIVALS if (line := line_of(figures, name)) is not None]
    compared = [(line.eth, line.policy, line.ahead) for line in rivals if line.ahead is not None]
    if not compared:
        return None
    _, name, ahead = max(compared, key=lambda each: each[0])
    return name, ahead


def _captured(name: str, found: Sequence[ChannelFigures], known: bool) -> Check:
    share = mean_share(found, policies.OPTIMIZER)
    least = CAPTURED[name]
    of = "of the best possible" if known else "of a clairvoyant's"
    return Check(
        what=f"{name}: share {of} net captured, mean of the seeds",
        found=_with_error(share),
        value=None if share is None else share.value,
        target=f">= {least:.0%}",
        # Nobody reaches a clairvoyant; where the ceiling is not known nothing can be held to it.
        met=share.value >= least if share and known else None,
    )


def _behind(name: str, found: Sequence[ChannelFigures]) -> Check:
    compared = [each for each in map(behind, found) if each is not None]
    rule, worst = min(compared, key=lambda each: each[1].value, default=(None, None))
    words = "not measured"
    if worst is not None:
        error = "" if worst.error is None else f" ± {worst.error * 100:.2f}"
        words = f"{worst.value * 100:+.2f}{error} points against the {rule}"
    return Check(
        what=f"{name}: ahead of the best of fixed bid, threshold rule and table, worst seed",
        found=words,
        value=None if worst is None else worst.value,
        target=f">= {-BEHIND * 100:+.0f} point",
        met=None if worst is None else worst.value >= -BEHIND,
    )


def _of_ceiling(name: str, found: Sequence[ChannelFigures]) -> Check:
    value = _mean(each.calibrated.of_ceiling for each in found)
    return Check(
        what=f"{name}: Brier skill as a share of the ceiling's, mean of the seeds",
        found=_percent(value),
        value=value,
        target=f">= {SKILL:.0%}",
        met=None if value is None else value >= SKILL,
    )


def _pooled(name: str, found: Sequence[ChannelFigures]) -> Check:
    """The curves of all seeds pooled: bins hold what every seed put into them."""
    counts: dict[int, tuple[int, float]] = {}
    for each in found:
        for bin_ in each.calibrated.curve:
            place = min(int(bin_.said * BINS), BINS - 1)
            count, gap = counts.get(place, (0, 0.0))
            counts[place] = (count + bin_.count, gap + bin_.count * (bin_.said - bin_.was))
    total = sum(count for count, _ in counts.values())
    value = sum(abs(gap) for _, gap in counts.values()) / total if total else None
    return Check(
        what=f"{name}: calibration error (ECE), all seeds pooled",
        found=_error(value),
        value=value,
        target=f"<= {POOLED_ERROR}",
        met=None if value is None else value <= POOLED_ERROR,
    )


def _folds(name: str, found: Sequence[ChannelFigures]) -> Check:
    errors = [error for each in found for error in each.calibrated.folds]
    worst = max(errors, default=None)
    within = sum(error <= FOLD_ERROR for error in errors)
    return Check(
        what=f"{name}: calibration error, worst fold",
        found="not measured"
        if worst is None
        else f"{worst:.3f} ({within} of {len(errors)} within)",
        value=worst,
        target=f"<= {FOLD_ERROR} in every fold",
        met=None if worst is None else worst <= FOLD_ERROR,
    )


def _bands(name: str, found: Sequence[ChannelFigures]) -> Iterable[Check]:
    bands = [band for each in found for band in each.bands if band.seconds == BAND_SECONDS]
    spans = sum(band.spans for band in bands if band.coverage is not None)
    inside = sum(band.coverage * band.spans for band in bands if band.coverage is not None)
    coverage = inside / spans if spans else None
    low, high = COVERAGE
    yield Check(
        what=f"{name}: 15-minute nets inside their 90 % band, all seeds pooled",
        found="not measured" if coverage is None else f"{coverage:.1%} of {spans}",
        value=coverage,
        target=f"{low:.0%} to {high:.0%}",
        met=None if coverage is None else low <= coverage <= high,
    )
    came = sum(band.came for band in bands)
    bias = sum(band.forecast for band in bands) / came - 1 if came > 0 else None
    yield Check(
        what=f"{name}: bias of the 15-minute forecast, all seeds pooled",
        found="not measured" if bias is None else f"{bias:+.1%}",
        value=bias,
        target=f"within ±{BIAS:.0%}",
        met=None if bias is None else abs(bias) <= BIAS,
    )


def _speed(name: str, found: Sequence[ChannelFigures]) -> Check:
    worst = max((each.speed.p99_ms for each in found), default=None)
    return Check(
        what=f"{name}: one decision over all arms, p99, worst seed",
        found="not measured" if worst is None else f"{worst:.2f} ms",
        value=worst,
        target=f"<= {DECISION_MS:g} ms",
        met=None if worst is None else worst <= DECISION_MS,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _with_error(figure: Figure | None) -> str:
    if figure is None:
        return "not measured"
    error = "" if figure.error is None else f" ± {figure.error * 100:.1f}"
    return f"{figure.value * 100:.1f}{error} %"


def _percent(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.1%}"


def _error(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4f}"
