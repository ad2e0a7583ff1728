"""What an evaluation found, as plain values that JSON can hold."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.optimizer.evaluation.calibration import Bin
from aineon.optimizer.evaluation.resampling import Figure


@dataclass(frozen=True, slots=True)
class Captured:
    """What one policy got on the scored rows.

    Attributes:
        policy: its name, as `policies` has it.
        eth: what its bids are worth.
        share: of what the best policy gets that knows the hidden state and not the dice; on a
            tape whose chances nobody knows, of what knowing the dice gets.
        ahead: AINEON's share less this one's, compared hour by hour; None of AINEON itself.
        attempted: share of the rows that it attempts.
        landed: share of its attempts that land.
    """

    policy: str
    eth: float
    share: Figure | None
    ahead: Figure | None
    attempted: float
    landed: float | None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """How true the predicted chances were, over every row and arm.

    Attributes:
        skill: Brier skill over saying the base rate.
        of_ceiling: that skill as a share of what knowing the true chances reaches; None where
            nobody knows them.
        of_ceiling_by_arm: the same over saying each arm's own base rate, which is harder.
        error: expected calibration error over all scored rows.
        error_of_outcomes: the same against what happened, which holds the luck of the draw.
        folds: the error of each stretch of hours.
        curve: the calibration curve.
    """

    skill: float | None
    of_ceiling: float | None
    of_ceiling_by_arm: float | None
    error: float | None
    error_of_outcomes: float | None
    folds: tuple[float, ...]
    curve: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often "it will land" (a chance of half or more) was right at the bid that was best.

    It says little where few attempts land, so it never stands alone.

    Attributes:
        told: share of rows on which the prediction was right.
        base_rate: share that would have landed.
        always_fail: what always saying "it fails" scores.
        area: area under the ROC curve.
        error: calibration error at these bids.
    """

    told: float
    base_rate: float
    always_fail: float
    area: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Banded:
    """Forecasts of the net of the next stretch against what came.

    Attributes:
        seconds: the stretch.
        spans: how many were forecast.
        coverage: share of them that fell into their 90 % band.
        forecast, came: ETH, the sums over all spans.
    """

    seconds: float
    spans: int
    coverage: float | None
    forecast: float
    came: float


@dataclass(frozen=True, slots=True)
class Speed:
    """How long one decision over all arms took, milliseconds of processor time."""

    median_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Trained:
    """One training.

    Attributes:
        hour: of the tape.
        rows: whose outcome was known.
        seconds: of processor time that training and competing took.
        adopted: the channels in which the models won.
        words: why, or why not.
    """

    hour: float
    rows: int
    seconds: float
    adopted: tuple[str, ...]
    words: str


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    """What was found about one way in which attempts travel.

    Attributes:
        decided_by: how many decisions stood on what.
        redrawn: AINEON's share of the best policy's money over redraws of the next block.
        learning: AINEON's share in the hours before those that count.
    """

    channel: str
    captured: tuple[Captured, ...]
    redrawn: Figure | None
    learning: Figure | None
    calibrated: Calibrated
    accuracy: Accuracy | None
    bands: tuple[Banded, ...]
    decided_by: dict[str, int]
    alarms_at: tuple[float, ...]
    speed: Speed


@dataclass(frozen=True, slots=True)
class SeedFigures:
    """What was found on one tape.

    Attributes:
        seed: of the market; None of a tape that was given.
        rows: scored ones, and `learning_rows` came before them.
        hours: that the scored rows span.
        left_out: rows whose outcome is not known for every bid.
        chances_known: whether the ceiling is known.
    """

    seed: int | None
    rows: int
    learning_rows: int
    hours: float
    left_out: int
    chances_known: bool
    channels: tuple[ChannelFigures, ...]
    trainings: tuple[Trained, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One figure beside what it should be.

    Attributes:
        what: the figure's name.
        found: as people read it.
        value: as programs read it; None where it could not be measured.
        target: what it should be.
        met: None where it could not be measured.
    """

    what: str
    found: str
    value: float | None
    target: str
    met: bool | None
