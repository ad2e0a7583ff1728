"""Settings: what the optimizer may do, and how it is trained."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel

from aineon.primitives.units import ETHER
from aineon.runtime import kinds
from aineon.runtime.loosening import higher
from aineon.runtime.parameter import Parameter

_GROUP = "Optimizer"


class OptimizerRole(StrEnum):
    """What the optimizer may do."""

    OFF = "off"
    """Nothing; nothing is scored or learned."""

    OBSERVE = "observe"
    """Score, learn and show; the settings' own bid and limits decide."""

    DECIDE = "decide"
    """Decide what is worth an attempt, and what is bid for it."""


class OptimizerSettings(BaseModel):
    """What the optimizer may do, and how its models are trained."""

    optimizer: Annotated[
        OptimizerRole,
        Parameter(
            "AINEON_OPTIMIZER",
            "Optimizer",
            _GROUP,
            kinds.CHOICE,
            "What the optimizer may do: nothing (off); score, learn and show, while the fixed "
            "bid and the limits decide (observe); or decide which opportunities are worth an "
            "attempt and what is bid for each, within the same limits (decide).",
            choices=tuple(OptimizerRole),
            savable=True,
        ),
    ] = OptimizerRole.OBSERVE

    optimizer_training: Annotated[
        bool,
        Parameter(
            "AINEON_OPTIMIZER_TRAINING",
            "Training",
            _GROUP,
            kinds.SWITCH,
            "Whether `aineon up` keeps a process of low priority that trains models from what "
            "opportunities came to. It takes up to 300 MB; without it the table of past outcomes "
            "is what knows most.",
            savable=True,
        ),
    ] = True

    optimizer_cycle_minutes: Annotated[
        int,
        Parameter(
            "AINEON_OPTIMIZER_CYCLE_MINUTES",
            "Training cycle",
            _GROUP,
            kinds.WHOLE,
            "How often models are trained anew and compete with those in use. A cycle that would "
            "begin while another one runs is left out.",
            unit="minutes",
            least=1,
            most=1_440,
            savable=True,
        ),
    ] = 15

    optimizer_exploring_wei: Annotated[
        int,
        Parameter(
            "AINEON_OPTIMIZER_EXPLORING",
            "Budget for trying out",
            _GROUP,
            kinds.ETHER,
            "What trying out other ways of sending may cost a day, by present estimates: one "
            "relay alone, or the next block alone, in place of all of them. Where attempts are "
            "made on a chain and the optimizer decides. After an alarm up to twice as much; 0 "
            "tries nothing out.",
            unit="ETH",
            least=0,
            most=ETHER,
            savable=True,
            lets_more=higher,
        ),
    ] = 2 * ETHER // 1000
