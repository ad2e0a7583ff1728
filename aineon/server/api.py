"""The REST API: what the engine did and does, for programs that read."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, FastAPI, HTTPException, Query, Request, Response
from starlette.responses import JSONResponse

import aineon
from aineon.errors import AineonError, LedgerError, LedgerNotFound
from aineon.ledger.periods import Period
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.views import Scope
from aineon.primitives import Clock, Provenance, SystemClock
from aineon.runtime.settings import Settings
from aineon.server.answers import (
    FunnelAnswer,
    NearMissAnswer,
    OpportunityAnswer,
    Profit,
    Run,
    Status,
    TradeAnswer,
    Trades,
)
from aineon.server.doors import Doors
from aineon.server.health import Health, HealthDesk
from aineon.server.pace import pace_of
from aineon.server.standing import Standing
from aineon.server.stream import Stream
from aineon.server.watch import Watch

MOST_ROWS: Final = 500
_ABOUT: Final = (
    "What the engine does, for programs; nothing can be changed through it. Every figure stands "
    "beside its book and provenance. Amounts are whole numbers in the smallest unit, written as "
    "text. Times are UTC. Null is unknown, never zero."
)

Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="How many rows at most.")]
Offset = Annotated[int, Query(ge=0, le=10_000_000, description="How many rows to pass over.")]
_RunId = Annotated[int | None, Query(ge=1, description="One run alone.")]
_Of = Annotated[
    Provenance | None,
    Query(description="All runs of this provenance; without it, of the latest run's."),
]


class Wanted:
    """Which part of the book somebody asks for: one run, or all runs of a provenance."""

    def __init__(self, run_id: _RunId = None, provenance: _Of = None) -> None:
        self._run_id = run_id
        self._provenance = provenance

    def scope(self, reader: BookReader) -> Scope:
        """Return it as a scope of the book.

        Raises:
            HTTPException: there is no such run.
            LedgerError: the book cannot be read.
        """
        try:
            return reader.scope(self._run_id, self._provenance)
        except LedgerError as error:
            reader.latest_run()  # where the book cannot be read, this says so instead
            raise HTTPException(404, str(error)) from error


def create_api(
    settings: Settings, desk: HealthDesk, doors: Doors, clock: Clock | None = None
) -> FastAPI:
    """Return the REST application, to be mounted under `API_PREFIX`.

    It has no lifespan of its own: a mounted application's would not be run.
    """
    api = FastAPI(
        title="AINEON",
        version=aineon.__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
    )
    api.add_exception_handler(AineonError, _explain)
    standing = Standing(settings, desk, doors)
    _add_status(api, desk, standing)
    _add_lists(api, doors)
    _add_sums(api, doors, clock or SystemClock())
    stream = Stream(Watch(standing, doors, clock), pace=pace_of(settings))
    api.add_api_websocket_route("/stream", stream.serve)
    return api


def _explain(request: Request, error: Exception) -> Response:
    """Say in one sentence what cannot be read: not there yet (404), or not now (503)."""
    missing = isinstance(error, LedgerNotFound)
    headers = {"Cache-Control": "no-store"} | ({} if missing else {"Retry-After": "2"})
    return JSONResponse({"detail": str(error)}, 404 if missing else 503, headers)


def _add_status(api: FastAPI, desk: HealthDesk, standing: Standing) -> None:
    @api.get("/health")
    def health(response: Response) -> Health:
        """Whether the console lives, and what it knows of the engine."""
        _not_kept(response)
        return desk.answer()

    @api.get("/status")
    def status(response: Response) -> Status:
        """How everything stands: engine, nodes, emergency stop, breaker, limits."""
        _not_kept(response)
        return standing.read()


def _add_lists(api: FastAPI, doors: Doors) -> None:
    @api.get("/runs")
    def runs(response: Response, limit: Limit = 50) -> list[Run]:
        """The newest runs, newest first."""
        _not_kept(response)
        with doors.book.open() as reader:
            return [Run.of(each) for each in reader.runs(limit)]

    @api.get("/trades")
    def trades(
        response: Response,
        wanted: Annotated[Wanted, Depends()],
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> Trades:
        """Trades, newest first, those in flight included."""
        _not_kept(response)
        with doors.book.open() as reader:
            scope = wanted.scope(reader)
            found = reader.recent_trades(limit, offset, scope=scope)
            total = reader.trade_count(scope=scope)
        page = [TradeAnswer.of(each) for each in found]
        return Trades(total=total, limit=limit, offset=offset, trades=page)

    @api.get("/opportunities")
    def opportunities(
        response: Response,
        wanted: Annotated[Wanted, Depends()],
        limit: Limit = 50,
        gate: Annotated[
            str | None, Query(max_length=60, description="Those that this gate stopped.")
        ] = None,
    ) -> list[OpportunityAnswer]:
        """Opportunities, newest first, with how far each came and what stopped it."""
        _not_kept(response)
        with doors.book.open() as reader:
            found = reader.recent_opportunities(limit, gate, scope=wanted.scope(reader))
        return [OpportunityAnswer.of(each) for each in found]

    @api.get("/near-misses")
    def near_misses(
        response: Response, wanted: Annotated[Wanted, Depends()]
    ) -> list[NearMissAnswer]:
        """The cycles that came closest in the newest scan, best rate first."""
        _not_kept(response)
        with doors.book.open() as reader:
            found = reader.near_misses(scope=wanted.scope(reader))
        return [NearMissAnswer.of(each) for each in found]


def _add_sums(api: FastAPI, doors: Doors, clock: Clock) -> None:
    @api.get("/funnel")
    def funnel(response: Response, wanted: Annotated[Wanted, Depends()]) -> FunnelAnswer:
        """How far the opportunities came, and what stopped them."""
        _not_kept(response)
        with doors.book.open() as reader:
            return FunnelAnswer.of(reader.funnel(scope=wanted.scope(reader)))

    @api.get("/profit")
    def profit(
        response: Response, wanted: Annotated[Wanted, Depends()], period: Period = "day"
    ) -> Profit:
        """What the attempts came to that were settled in the period that ends now."""
        _not_kept(response)
        with doors.book.open() as reader:
            tracker = ProfitTracker(reader, wanted.scope(reader))
            return Profit.of(tracker.summary(period, clock.now()))


def _not_kept(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"
