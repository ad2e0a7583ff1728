"""`/metrics`: what Prometheus is told, read from the databases at most once in a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

import aineon
from aineon.errors import AineonError, LedgerNotFound
from aineon.primitives import Book, Clock, SystemClock
from aineon.runtime.settings import Settings
from aineon.safety.breaker import BreakerChange
from aineon.server.doors import Doors
from aineon.server.figures import BookFamilies, engine_families, safety_families
from aineon.server.health import HealthDesk
from aineon.server.optimizer_figures import optimizer_families
from aineon.server.stops import stops_beside

KEPT_SECONDS: Final = 2.0
"""However many ask, the databases are read no more often than this."""


class Metrics:
    """Answers for `/metrics`: a registry of its own, with what the databases know."""

    def __init__(
        self,
        settings: Settings,
        doors: Doors,
        desk: HealthDesk,
        clock: Clock | None = None,
    ) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(_Told(settings, doors, desk, clock or SystemClock()))

    async def answer(self, request: Request) -> Response:
        """Return all samples, in the format that the one who asks can read."""
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        body = await run_in_threadpool(encode, self.registry)
        return Response(body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})


class _Told(Collector):
    """Collects what the control database and the book know, and keeps it for a moment."""

    def __init__(self, settings: Settings, doors: Doors, desk: HealthDesk, clock: Clock) -> None:
        self._settings = settings
        self._doors = doors
        self._desk = desk
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[float, list[Metric]] | None = None

    def describe(self) -> list[Metric]:
        """Return nothing: what there is depends on what the databases know."""
        return []

    def collect(self) -> list[Metric]:
        """Return all families, from memory where somebody asked a moment ago."""
        with self._lock:
            now = time.monotonic()
            if self._kept is None or now - self._kept[0] >= KEPT_SECONDS:
                self._kept = (now, list(self._families()))
            return self._kept[1]

    def _families(self) -> Iterator[Metric]:
        yield InfoMetricFamily("aineon_build", "What runs here.", {"version": aineon.__version__})
        readable = {
            "control": self._tried(self._of_control),
            self._settings.mode.value: self._tried(self._of_book),
        }
        family = GaugeMetricFamily(
            "aineon_database_readable", "Whether a database could be read.", labels=["database"]
        )
        for name, families in readable.items():
            family.add_metric([name], families is not None)
            yield from families or ()
        yield family

    @staticmethod
    def _tried(read: Callable[[], Iterator[Metric]]) -> list[Metric] | None:
        """Return what `read` yields, all or nothing; None where it cannot be read."""
        try:
            return list(read())
        except LedgerNotFound:
            # It appears when the engine has started: nothing is wrong, and nothing is known.
            return []
        except AineonError:
            return None

    def _of_control(self) -> Iterator[Metric]:
        health = self._desk.answer().engine
        heartbeat = None
        latched = bool(stops_beside(self._settings))
        moved: BreakerChange | None = None
        with suppress(LedgerNotFound), self._doors.control.open() as control:
            heartbeat = control.heartbeat()
            latched = latched or bool(control.stops.look())
            moved = control.breaker(self._book).latest()
        yield from engine_families(health, heartbeat)
        yield from optimizer_families(None if heartbeat is None else heartbeat.optimizer)
        yield from safety_families(latched, self._book, moved)

    def _of_book(self) -> Iterator[Metric]:
        with self._doors.book.open() as reader:
            yield from BookFamilies(self._book).read(reader, self._clock.now())

    @property
    def _book(self) -> Book:
        return self._settings.mode
