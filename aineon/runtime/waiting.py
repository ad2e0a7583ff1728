"""What an engine says of itself before there is one: that it waits for its chain, and why."""

from __future__ import annotations

import os

from aineon.engine.events import EngineState
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.reading import FIRST_PROVENANCE
from aineon.primitives import Clock, SystemClock
from aineon.runtime.settings import Settings


class Waiting:
    """Leaves a heartbeat that says why there is no engine yet."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._settings = settings
        self._clock = clock or SystemClock()
        self._started_at = self._clock.now()

    def tell(self, reason: str) -> None:
        """Say that the engine is paused, for `reason`.

        Raises:
            LedgerError: the control store cannot be written.
        """
        heartbeat = Heartbeat(
            state=str(EngineState.PAUSED),
            detail=reason,
            mode=str(self._settings.mode),
            feed=str(self._settings.feed),
            provenance=str(FIRST_PROVENANCE[self._settings.mode]),
            run_id=None,
            pid=os.getpid(),
            started_at=self._started_at,
            beat_at=self._clock.now(),
            block_number=None,
            block_time=None,
            base_fee_wei=None,
            pools=0,
            in_flight=0,
            scans_dropped=0,
            last_scan_seconds=None,
            limits=self._settings.limits_in_force(),
        )
        with ControlStore.open(self._settings.control_url) as control:
            control.beat(heartbeat)
