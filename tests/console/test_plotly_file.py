"""The chart library is served by the console itself."""

from __future__ import annotations

import httpx
import plotly
import pytest
from starlette.applications import Starlette

from app import plotly_file


@pytest.fixture
def browser() -> httpx.AsyncClient:
    app = Starlette(routes=[plotly_file.route()])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


async def test_it_is_the_packages_own_and_browsers_may_keep_it(browser: httpx.AsyncClient) -> None:
    assert plotly_file.SOURCE.endswith(plotly.__version__)
    async with browser:
        packed = await browser.get(plotly_file.SOURCE, headers={"Accept-Encoding": "gzip"})
        plain = await browser.get(plotly_file.SOURCE, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.content == plain.content
    assert b"plotly.js v" in plain.content[:300]
    assert "immutable" in plain.headers["cache-control"]
    assert plain.headers["content-type"].startswith("text/javascript")
