"""Optimizer: learns which opportunities are worth an attempt, and at what price.

Usable alone on a table of past opportunities (`Tape`). Importing this package is cheap: what it
exports is loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aineon.optimizer.arms import ARMS, Channel
    from aineon.optimizer.decision import Decision
    from aineon.optimizer.optimizer import Optimizer
    from aineon.optimizer.tape import Tape

_HOMES = {
    "ARMS": "aineon.optimizer.arms",
    "Channel": "aineon.optimizer.arms",
    "Decision": "aineon.optimizer.decision",
    "Optimizer": "aineon.optimizer.optimizer",
    "Tape": "aineon.optimizer.tape",
}

__all__ = ["ARMS", "Channel", "Decision", "Optimizer", "Tape"]


def __getattr__(name: str) -> object:
    """Load what is asked for, and keep it (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
