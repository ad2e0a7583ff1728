"""The HTTP side of the console process: health, metrics and API beside the pages, on one port."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, request_response
from starlette.types import ASGIApp

from aineon.runtime.settings import PARAMETERS, Settings
from aineon.server.doors import Doors
from aineon.server.health import HealthDesk, StoredHeartbeat
from aineon.server.later import Later
from aineon.server.tokens import TokenGuard

API_PREFIX: Final = "/api/v1"
OPEN_PATHS: Final = ("/health", "/metrics", API_PREFIX)
"""Paths, and what lies below them, that answer without a sign-in: `/health` to everybody, the
others to whoever holds their own token (a console on loopback answers without one)."""

_NOT_KEPT: Final = {"Cache-Control": "no-store"}


def health_desk(settings: Settings) -> HealthDesk:
    """Return the desk that answers for the engine of `settings`."""
    return HealthDesk(
        StoredHeartbeat(settings.control_url),
        mode=str(settings.mode),
        stale_after_seconds=settings.heartbeat_stale_seconds,
    )


def routes(settings: Settings, desk: HealthDesk | None = None) -> list[BaseRoute]:
    """Return the routes that go beside the pages, one for each of `OPEN_PATHS`."""
    desk = desk or health_desk(settings)
    doors = Doors(settings)

    async def health(request: Request) -> Response:
        answer = await run_in_threadpool(desk.answer)
        return Response(answer.model_dump_json(), media_type="application/json", headers=_NOT_KEPT)

    def make_metrics() -> ASGIApp:
        from aineon.server.metrics import Metrics

        return request_response(Metrics(settings, doors, desk).answer)

    def make_api() -> ASGIApp:
        from aineon.server.api import create_api

        return create_api(settings, desk, doors)

    metrics, api = Later(make_metrics), Later(make_api)
    return [
        Route("/health", health, methods=["GET"], name="health"),
        Route(
            "/metrics",
            TokenGuard(metrics, settings.metrics_token, _variable("metrics_token"), settings),
            methods=["GET"],
            name="metrics",
        ),
        Mount(
            API_PREFIX,
            app=TokenGuard(api, settings.api_token, _variable("api_token"), settings),
            name="api",
        ),
    ]


def _variable(field: str) -> str:
    return PARAMETERS[field].env
