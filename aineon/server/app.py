"""The HTTP side of the console process: health today, beside the pages on the same port."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

import aineon
from aineon.runtime.settings import Settings
from aineon.server.health import Health, HealthDesk, StoredHeartbeat

API_PREFIX = "/api/v1"
_NOT_KEPT = {"Cache-Control": "no-store"}


def health_desk(settings: Settings) -> HealthDesk:
    """Return the desk that answers for the engine of `settings`."""
    return HealthDesk(
        StoredHeartbeat(settings.control_url),
        mode=str(settings.mode),
        stale_after_seconds=settings.heartbeat_stale_seconds,
    )


def create_api(desk: HealthDesk) -> FastAPI:
    """Return the REST application, to be mounted under `API_PREFIX`.

    It has no lifespan of its own: a mounted application's would not be run.
    """
    api = FastAPI(
        title="AINEON",
        version=aineon.__version__,
        description="What the engine does, for programs.",
        docs_url=None,
        redoc_url=None,
    )

    @api.get("/health")
    def health(response: Response) -> Health:
        """Whether the console lives, and what it knows of the engine."""
        response.headers.update(_NOT_KEPT)
        return desk.answer()

    return api


def routes(settings: Settings, desk: HealthDesk | None = None) -> list[BaseRoute]:
    """Return the routes that go beside the pages: `/health`, and the API under its prefix."""
    desk = desk or health_desk(settings)

    async def health(request: Request) -> Response:
        answer = await run_in_threadpool(desk.answer)
        return Response(answer.model_dump_json(), media_type="application/json", headers=_NOT_KEPT)

    return [
        Route("/health", health, methods=["GET"], name="health"),
        Mount(API_PREFIX, app=create_api(desk), name="api"),
    ]
