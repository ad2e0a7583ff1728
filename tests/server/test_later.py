"""What answers at API and metrics is made when somebody first asks, and once."""

from __future__ import annotations

import anyio
import httpx
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from aineon.server.later import Later


async def test_it_is_made_at_the_first_request_and_once() -> None:
    made: list[ASGIApp] = []

    def make() -> ASGIApp:
        made.append(PlainTextResponse("there"))
        return made[-1]

    later = Later(make)
    assert made == []
    transport = httpx.ASGITransport(app=later)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
        anyio.create_task_group() as group,
    ):
        for _ in range(8):
            group.start_soon(client.get, "/")
    assert len(made) == 1
    assert later.made() is made[0]
