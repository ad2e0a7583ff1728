"""What Prometheus is told of the optimizer: what is known, and nothing else."""

from __future__ import annotations

from dataclasses import asdict

from aineon.optimizer import Optimizer
from aineon.optimizer.features.catalogue import NAMES
from aineon.server.optimizer_figures import optimizer_families


def samples_of(told: dict[str, object] | None) -> dict[tuple[str, ...], float]:
    return {
        (each.name, *each.labels.values()): each.value
        for family in optimizer_families(told)
        for each in family.samples
    }


def test_without_an_optimizer_nothing_is_told() -> None:
    assert samples_of(None) == {}
    assert samples_of({}) == {}


def test_what_is_not_known_has_no_sample() -> None:
    told = {"role": "observe", **asdict(Optimizer(1000, NAMES).standing())}
    samples = samples_of(told)
    assert samples["aineon_optimizer_role", "observe"] == 1
    assert samples["aineon_optimizer_role", "decide"] == 0
    assert samples["aineon_optimizer_leading", "rule"] == 1
    assert samples["aineon_optimizer_labels_total",] == 0
    assert samples["aineon_optimizer_alarms",] == 0
    names = {name for name, *_ in samples}
    assert "aineon_optimizer_captured_ratio" not in names
    assert "aineon_optimizer_calibration_error_ratio" not in names
    assert "aineon_optimizer_training_time_seconds" not in names


def test_what_is_known_is_told() -> None:
    samples = samples_of(
        {
            "role": "decide",
            "leading": "mean",
            "labels": 4000,
            "decisions": {"table": 7, "mean": 9},
            "captured": [{"policy": "chosen", "net_wei": 5, "share": 0.4}],
            "calibration_error": 0.01,
            "model_trained_at": 1_700_000_000.0,
            "alarms": [{"at": 1.0, "what": "cusum", "words": "it moved"}],
            "training": {"at": 1_800_000_000.0, "seconds": 20.5},
        }
    )
    assert samples["aineon_optimizer_leading", "mean"] == 1
    assert samples["aineon_optimizer_labels_total",] == 4000
    assert samples["aineon_optimizer_decisions_total", "mean"] == 9
    assert samples["aineon_optimizer_decisions_total", "rule"] == 0
    assert samples["aineon_optimizer_captured_ratio", "chosen"] == 0.4
    assert ("aineon_optimizer_captured_ratio", "table") not in samples
    assert samples["aineon_optimizer_calibration_error_ratio",] == 0.01
    assert samples["aineon_optimizer_model_trained_time_seconds",] == 1_700_000_000
    assert samples["aineon_optimizer_training_duration_seconds",] == 20.5
    assert samples["aineon_optimizer_alarms",] == 1
