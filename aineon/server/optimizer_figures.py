"""What `/metrics` tells of the optimizer, from the engine's latest heartbeat.

The heartbeat carries it as plain JSON (`aineon.optimizer.telling.OptimizerTold`); a part that is
not there, or not known, has no sample.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

_DECIDERS: Final = ("rule", "table", "rivals", "ensemble", "mean")
_POLICIES: Final = ("chosen", "rule", "table", "rivals", "ensemble", "mean")
_ROLES: Final = ("observe", "decide")


def optimizer_families(told: Mapping[str, Any] | None) -> Iterator[Metric]:
    """Yield how the optimizer stands; nothing where there is none."""
    if not told:
        return
    yield _states("role", "What the optimizer may do.", _ROLES, told.get("role"))
    yield _states("leading", "What decides at present.", _DECIDERS, told.get("leading"))
    if (labels := _number(told.get("labels"))) is not None:
        words = "Outcomes that it has learned from."
        yield CounterMetricFamily("aineon_optimizer_labels", words, value=labels)
    yield _labelled(
        CounterMetricFamily,
        "decisions",
        "Decisions of this run, by what they stand on.",
        "by",
        {name: (told.get("decisions") or {}).get(name, 0) for name in _DECIDERS},
    )
    shares = {each.get("policy"): each.get("share") for each in told.get("captured") or ()}
    yield _labelled(
        GaugeMetricFamily,
        "captured_ratio",
        "Share of what a clairvoyant would have left of the newest outcomes.",
        "policy",
        {name: shares.get(name) for name in _POLICIES},
    )
    yield from _single(told)


def _single(told: Mapping[str, Any]) -> Iterator[Metric]:
    training = told.get("training") or {}
    gauges = (
        ("calibration_error_ratio", "Mean distance of chances from what landed.",
         told.get("calibration_error")),
        ("model_trained_time_seconds", "The market's time that the models were trained up to.",
         told.get("model_trained_at")),
        ("training_time_seconds", "When the last training cycle ended (Unix time).",
         training.get("at")),
        ("training_duration_seconds", "How long it took.", training.get("seconds")),
        ("alarms", "Drift alarms that are remembered.", len(told.get("alarms") or ())),
    )  # fmt: skip
    for name, words, value in gauges:
        if (number := _number(value)) is not None:
            yield GaugeMetricFamily(f"aineon_optimizer_{name}", words, value=number)


def _states(name: str, words: str, states: tuple[str, ...], state: object) -> Metric:
    family = GaugeMetricFamily(f"aineon_optimizer_{name}", words, labels=["state"])
    for each in states:
        family.add_metric([each], each == state)
    return family


def _labelled(
    kind: type[CounterMetricFamily | GaugeMetricFamily],
    name: str,
    words: str,
    label: str,
    values: Mapping[str, object],
) -> Metric:
    family = kind(f"aineon_optimizer_{name}", words, labels=[label])
    for each, value in values.items():
        if (number := _number(value)) is not None:
            family.add_metric([each], number)
    return family


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
