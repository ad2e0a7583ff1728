"""The mesh is in the page before any script runs, and nothing else is touched."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from aineon.primitives import Book
from app.first_paint import FirstPaint
from app.mode import mesh

PAGE = f"<html><head><title>x</title></head><body>{'long ' * 400}</body></html>"
STYLES = {"now": mesh(Book.SIMULATION)}


async def page(request: Request) -> Response:
    if request.headers.get("if-none-match"):
        return Response(status_code=304)
    return HTMLResponse(PAGE, headers={"ETag": "x", "Last-Modified": "yesterday"})


async def health(request: Request) -> Response:
    return JSONResponse({"html": "</head>"})


async def script(request: Request) -> Response:
    return Response("x" * 2000, media_type="text/javascript", headers={"ETag": "x"})


@pytest.fixture
async def browser() -> AsyncIterator[AsyncClient]:
    inner = Starlette(
        routes=[
            Route("/", page),
            Route("/risk", page),
            Route("/index.html", page),
            Route("/health", health),
            Route("/static/app.js", script),
        ]
    )
    STYLES["now"] = mesh(Book.SIMULATION)
    wrapped = FirstPaint(GZipMiddleware(inner, minimum_size=100), style=lambda: STYLES["now"])
    async with AsyncClient(transport=ASGITransport(wrapped), base_url="http://127.0.0.1") as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/risk", "/index.html"])
async def test_pages_come_with_the_mesh(browser: AsyncClient, path: str) -> None:
    answer = await browser.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.text == PAGE.replace("</head>", f"{mesh(Book.SIMULATION)}</head>")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "pointer-events:none" in answer.text


async def test_a_stored_page_is_never_taken_for_the_present_one(browser: AsyncClient) -> None:
    answer = await browser.get("/", headers={"If-None-Match": "x"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers
    assert "last-modified" not in answer.headers


async def test_what_is_no_page_passes_as_it_is(browser: AsyncClient) -> None:
    assert (await browser.get("/health")).text == '{"html":"</head>"}'
    answer = await browser.get("/static/app.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["etag"] == "x"


async def test_the_head_of_a_page_has_no_wrong_length(browser: AsyncClient) -> None:
    answer = await browser.head("/")
    assert answer.status_code == 200
    page_length = str(len((await browser.get("/")).content))
    assert answer.headers.get("content-length", page_length) == page_length


async def test_without_a_style_pages_stay_as_they_were(browser: AsyncClient) -> None:
    STYLES["now"] = ""
    assert (await browser.get("/")).text == PAGE
