"""What `/health` says: this process lives, and what it knows of the engine.

Health means alive. A host that restarts the console because a node or the engine is in trouble
would take away the one page that says so.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from typing import Protocol

from pydantic import BaseModel

import aineon
from aineon.errors import AineonError, LedgerNotFound
from aineon.ledger import Heartbeat
from aineon.primitives import Clock, SystemClock
from aineon.server.doors import PATIENCE_SECONDS, control_door


class HeartbeatReader(Protocol):
    """Tells the engine's latest heartbeat."""

    def read(self) -> Heartbeat | None:
        """Return the heartbeat; None where there has been none yet.

        Raises:
            AineonError: it cannot be read now.
        """


class StoredHeartbeat:
    """Reads the heartbeat from the control database at `url`, which may not exist yet."""

    def __init__(self, url: str) -> None:
        self._door = control_door(url)

    def read(self) -> Heartbeat | None:
        """Return the heartbeat; None before the database, or the heartbeat, is there."""
        try:
            with self._door.open() as control:
                return control.heartbeat()
        except LedgerNotFound:
            return None

    def close(self) -> None:
        """Let go of the database."""
        self._door.close()


class EngineHealth(BaseModel):
    """The engine as seen from here.

    Attributes:
        state: the engine's own word while its heartbeat is fresh; else `down` (the heartbeat is
            old), `never started` (there is none) or `unknown` (it cannot be read).
        detail: the reason in words.
        heartbeat_age_seconds: None where there is no heartbeat to tell the age of.
    """

    state: str
    detail: str
    heartbeat_age_seconds: float | None = None
    block_number: int | None = None
    mode: str | None = None
    feed: str | None = None
    provenance: str | None = None
    run_id: int | None = None


class Health(BaseModel):
    """The answer of `/health`."""

    status: str
    version: str
    mode: str
    block_number: int | None
    engine: EngineHealth


_ENDED = frozenset({"finished", "stopped", "failed"})


class HealthDesk:
    """Answers for `/health`, at once whatever state the database is in.

    Args:
        reader: where the heartbeat comes from.
        mode: the mode of this console.
        stale_after_seconds: age from which a heartbeat means that the engine is down.
    """

    def __init__(
        self,
        reader: HeartbeatReader,
        mode: str,
        stale_after_seconds: float,
        clock: Clock | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._reader = reader
        self._mode = mode
        self._stale_after = stale_after_seconds
        self._clock = clock or SystemClock()
        self._patience = patience_seconds
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aineon-health")
        self._reading: Future[Heartbeat | None] | None = None

    def answer(self) -> Health:
        """Return what is known now; blocks for `patience_seconds` at most."""
        engine = self._engine()
        return Health(
            status="alive",
            version=aineon.__version__,
            mode=self._mode,
            block_number=engine.block_number,
            engine=engine,
        )

    def _engine(self) -> EngineHealth:
        try:
            heartbeat = self._read()
        except TooSlow:
            return EngineHealth(
                state="unknown",
                detail=f"the heartbeat could not be read within {self._patience:g} s",
            )
        except AineonError as error:
            return EngineHealth(state="unknown", detail=str(error))
        if heartbeat is None:
            return EngineHealth(
                state="never started", detail="no engine has left a heartbeat here yet"
            )
        return self._seen(heartbeat)

    def _read(self) -> Heartbeat | None:
        # A read that hangs is not doubled: the next answer waits for the same one.
        reading = self._reading
        if reading is None or reading.done():
            reading = self._reading = self._pool.submit(self._reader.read)
        return reading.result(timeout=self._patience)

    def _seen(self, heartbeat: Heartbeat) -> EngineHealth:
        age = max(0.0, self._clock.now() - heartbeat.beat_at)
        state, detail = heartbeat.state, heartbeat.detail
        if age > self._stale_after and state not in _ENDED:
            state, detail = "down", f"its last heartbeat is {age:.0f} s old"
        return EngineHealth(
            state=state,
            detail=detail,
            heartbeat_age_seconds=round(age, 3),
            block_number=heartbeat.block_number,
            mode=heartbeat.mode,
            feed=heartbeat.feed,
            provenance=heartbeat.provenance,
            run_id=heartbeat.run_id,
        )
