"""The emergency stop: small, below all that signs, sends or books."""

from aineon.safety.places import STOP_FILE, STOP_VARIABLE, StopFile, StopReporter, StopVariable
from aineon.safety.stop import Stop, StopKeeper, StopPlace, StopReason, StopState

__all__ = [
    "STOP_FILE",
    "STOP_VARIABLE",
    "Stop",
    "StopFile",
    "StopKeeper",
    "StopPlace",
    "StopReason",
    "StopReporter",
    "StopState",
    "StopVariable",
]
