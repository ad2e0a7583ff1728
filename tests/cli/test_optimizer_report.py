"""What an evaluation prints, from figures that were made up."""

from __future__ import annotations

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from aineon.cli.optimizer_report import all_checks, print_found, to_json
from aineon.optimizer.arms import Channel
from aineon.optimizer.evaluation import policies
from aineon.optimizer.evaluation.ablating import ALL, Ablated
from aineon.optimizer.evaluation.calibration import Bin
from aineon.optimizer.evaluation.drifting import Recovery
from aineon.optimizer.evaluation.extras import SeedExtras, TrainingSpeed
from aineon.optimizer.evaluation.figures import (
    Accuracy,
    Banded,
    Calibrated,
    Captured,
    ChannelFigures,
    SeedFigures,
    Speed,
    Trained,
)
from aineon.optimizer.evaluation.honest import Honesty
from aineon.optimizer.evaluation.resampling import Figure
from aineon.optimizer.regimes.figures import RegimeFigures
from aineon.runtime.optimizing import Asked, Found

CHANNEL = ChannelFigures(
    channel="private",
    captured=(
        Captured(policies.OPTIMIZER, 9.5, Figure(0.95, 0.01), None, 0.9, 0.4),
        Captured(policies.FIXED, 8.0, Figure(0.8, 0.02), Figure(0.15, 0.02), 1.0, 0.3),
        Captured(policies.TABLE, 9.6, Figure(0.96, 0.01), Figure(-0.01, 0.002), 1.0, 0.4),
        Captured(policies.CLAIRVOYANT, 20.0, Figure(2.0, None), Figure(-1.05, None), 1.0, None),
    ),
    redrawn=Figure(0.94, 0.1),
    learning=None,
    calibrated=Calibrated(0.4, 0.91, 0.8, 0.01, 0.02, (0.01, 0.04), (Bin(160, 0.3, 0.31),)),
    accuracy=Accuracy(0.7, 0.4, 0.6, 0.75, 0.02),
    bands=(Banded(900.0, 100, 0.9, 1.05, 1.0), Banded(3600.0, 25, None, 0.0, 0.0)),
    decided_by={"table": 10, "mean": 5},
    alarms_at=(1.0,),
    speed=Speed(0.2, 0.8),
)
SEED = SeedFigures(
    seed=4,
    rows=15,
    learning_rows=3,
    hours=2.0,
    left_out=2,
    chances_known=True,
    channels=(CHANNEL,),
    trainings=(Trained(4.0, 12, 3.2, ("private",), "private: promoted"),),
)
RECOVERY = Recovery(
    seed=4,
    kind="reach_halves",
    channel="private",
    error_before=0.01,
    error_at_first=0.1,
    error_later=0.02,
    hours_to_error=3.25,
    labels_to_brier=None,
    brier_ratio=1.02,
    minutes_to_alarm=12.0,
    false_alarms=1,
    quiet_days=0.5,
)
EXTRAS = SeedExtras(
    seed=4,
    honesty=Honesty(4, 0.503, (), True, True),
    ablation=(Ablated(ALL, 0, {"private": 0.95}), Ablated("technical", 22, {"private": 0.951})),
    regimes=RegimeFigures(0.8, 0.82, None, 0.5, 0.8, 0.82, 1.1, None, 0.3),
)
ASKED = Asked((4,), "mixed", 48, 12, (Channel.PRIVATE,), 240, frozenset())
FOUND = Found((SEED,), (EXTRAS,), (RECOVERY,), TrainingSpeed(80_000, 30.0, 280.0), 61.0)


def shown(asked: Asked, found: Found) -> str:
    console = Console(file=StringIO(), width=160)
    print_found(asked, found, console)
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().replace("│", " ").splitlines()
    return "\n".join(" ".join(line.split()) for line in lines)


def test_every_figure_with_a_target_says_whether_it_was_met() -> None:
    words = shown(ASKED, FOUND)
    assert "private: share of the best possible net captured, mean of the seeds" in words
    assert "95.0 ± 1.0 % >= 95% met" in words
    assert "0.040 (1 of 2 within) <= 0.03 in every fold NOT MET" in words
    assert "-1.00 ± 0.20 points against the live table >= -1 point met" in words
    assert "never <= 1000 NOT MET" in words
    assert "2.00 in 0.5 days <= 1 NOT MET" in words
    met = [check.met for check in all_checks(FOUND)]
    assert f"{met.count(True)} met, {met.count(False)} not met, 0 not measured." in words


def test_accuracy_stands_beside_what_saying_no_scores() -> None:
    lines = shown(ASKED, FOUND).splitlines()
    at = lines.index("accuracy at the bids made 70.0%")
    assert lines[at + 1 : at + 3] == ["base rate: they land 40.0%", "always saying no 60.0%"]


def test_extras_have_tables_of_their_own() -> None:
    words = shown(ASKED, FOUND)
    assert "technical 22 95.1 +0.1" in words
    assert "reach halves 4 private 0.0100 0.1000 0.0200 3.25 never 1.020 12" in words
    assert "seed 4 80.0% 82.0% never 0.50 - +0.30" in words
    bare = shown(ASKED, Found((SEED,), (SeedExtras(4),), (), None, 1.0))
    for title in ("Regimes", "After the competition changed", "Money without", "memory"):
        assert title in words
        assert title not in bare


def test_a_tape_of_ones_own_says_what_is_not_known() -> None:
    unknown = replace(SEED, seed=None, chances_known=False)
    words = shown(replace(ASKED, data=Path("own.npz")), replace(FOUND, seeds=(unknown,)))
    assert "walk-forward: tape own.npz." in words
    assert "2 more were left out" in words
    assert "Nobody knows this tape's true chances" in words
    assert "share of a clairvoyant's net captured" in words


def test_json_holds_everything_and_null_for_what_is_not_known() -> None:
    told = json.loads(to_json(ASKED, FOUND))
    assert told["asked"]["seeds"] == [4]
    assert told["seeds"][0]["channels"][0]["learning"] is None
    assert told["recoveries"][0]["labels_to_brier"] is None
    assert {check["met"] for check in told["checks"]} == {True, False}
    nowhere = replace(FOUND, training=TrainingSpeed(1, float("nan"), float("inf")))
    assert json.loads(to_json(ASKED, nowhere))["training"]["seconds"] is None
