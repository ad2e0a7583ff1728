"""The emergency stop and the breaker: small, below all that signs, sends or books."""

from aineon.safety.breaker import (
    Breaker,
    BreakerChange,
    BreakerKeeper,
    BreakerStanding,
    BreakerState,
    MemoryKeeper,
)
from aineon.safety.places import (
    REHEARSAL_STOP_FILE,
    STOP_FILE,
    STOP_VARIABLE,
    StopFile,
    StopReporter,
    StopVariable,
)
from aineon.safety.stop import Stop, StopKeeper, StopPlace, StopReason, StopState

__all__ = [
    "REHEARSAL_STOP_FILE",
    "STOP_FILE",
    "STOP_VARIABLE",
    "Breaker",
    "BreakerChange",
    "BreakerKeeper",
    "BreakerStanding",
    "BreakerState",
    "MemoryKeeper",
    "Stop",
    "StopFile",
    "StopKeeper",
    "StopPlace",
    "StopReason",
    "StopReporter",
    "StopState",
    "StopVariable",
]
