"""Figures are told to whoever shows the token, and without one to this machine alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aineon.primitives import Book
from aineon.runtime.settings import load_settings
from tests.server.served import HERE, TOKEN, bearer, client, in_mode, settings_of

PATHS = {
    "/metrics": "AINEON_METRICS_TOKEN",
    "/api/v1/runs": "AINEON_API_TOKEN",
    "/api/v1/health": "AINEON_API_TOKEN",
    "/api/v1/openapi.json": "AINEON_API_TOKEN",
    "/api/v1/nothing-here": "AINEON_API_TOKEN",
}
NOT_REFUSED = {200, 404}


@pytest.mark.parametrize("path", PATHS)
async def test_this_machine_needs_no_token(tmp_path: Path, path: str) -> None:
    async with client(settings_of(tmp_path)) as http:
        assert (await http.get(path)).status_code in NOT_REFUSED


@pytest.mark.parametrize(("path", "variable"), PATHS.items())
async def test_beyond_it_nobody_is_answered_without_one(
    tmp_path: Path, path: str, variable: str
) -> None:
    async with client(settings_of(tmp_path, AINEON_HOST="0.0.0.0")) as http:
        answer = await http.get(path)
        assert (await http.get("/health")).status_code == 200
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"
    assert f"set {variable}" in answer.json()["detail"]


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
@pytest.mark.parametrize(("path", "variable"), PATHS.items())
async def test_the_token_opens_its_own_door_alone(
    tmp_path: Path, path: str, variable: str, host: str
) -> None:
    other = next(name for name in PATHS.values() if name != variable)
    tokens = {variable: TOKEN, other: TOKEN[::-1]}
    settings = settings_of(tmp_path, AINEON_HOST=host, **tokens)
    async with client(settings, base_url="https://console.example.org") as http:
        assert (await http.get(path, headers=bearer(TOKEN))).status_code in NOT_REFUSED
        assert (
            await http.get(path, headers={"authorization": f"bEARER  {TOKEN} "})
        ).status_code in NOT_REFUSED
        wrong: list[dict[str, str]] = [
            {},
            bearer(TOKEN[::-1]),
            bearer(TOKEN[:-1]),
            bearer(""),
            {"Authorization": TOKEN},
            {"Authorization": f"Basic {TOKEN}"},
            {"Authorization": "Bearer ÿ"},
        ]
        for headers in wrong:
            sent: Any = {name: value.encode("latin-1") for name, value in headers.items()}
            answer = await http.get(path, headers=sent)
            assert answer.status_code == 401, headers
            assert TOKEN not in answer.text


@pytest.mark.parametrize(
    "name",
    ["X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Forwarded-Host", "Via"],
)
async def test_behind_a_proxy_this_machine_is_everybody(tmp_path: Path, name: str) -> None:
    async with client(settings_of(tmp_path)) as http:
        assert (await http.get("/metrics", headers={name: "203.0.113.7"})).status_code == 401


@pytest.mark.parametrize(
    ("base_url", "status"),
    [
        (HERE, 200),
        ("http://localhost:8501", 200),
        ("http://[::1]:8501", 200),
        ("http://127.0.0.1", 200),
        ("http://evil.example.org:8501", 401),
        ("http://127.0.0.1.example.org", 401),
    ],
)
async def test_a_name_that_was_made_to_lead_here_is_refused(
    tmp_path: Path, base_url: str, status: int
) -> None:
    async with client(settings_of(tmp_path), base_url=base_url) as http:
        assert (await http.get("/metrics")).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (HERE, 200),
        ("http://evil.example.org", 401),
        ("http://localhost:3000", 401),
        ("null", 401),
    ],
)
async def test_a_page_from_elsewhere_is_told_nothing_without_a_token(
    tmp_path: Path, origin: str, status: int
) -> None:
    # A browser lets every page open a WebSocket to this machine, and says whose page it is.
    async with client(settings_of(tmp_path)) as http:
        answer = await http.get("/metrics", headers={"origin": origin})
        assert answer.status_code == status


async def test_live_needs_a_token_everywhere(tmp_path: Path) -> None:
    async with client(in_mode(settings_of(tmp_path), Book.LIVE)) as http:
        assert (await http.get("/metrics")).status_code == 401


@pytest.mark.parametrize(
    "asked", [{"AINEON_SIGN_IN": "always"}, {"AINEON_ALLOWED_HOSTS": "console.example.org"}]
)
async def test_where_the_pages_ask_for_a_sign_in_a_token_is_needed(
    tmp_path: Path, asked: dict[str, str]
) -> None:
    async with client(settings_of(tmp_path, **asked)) as http:
        assert (await http.get("/metrics")).status_code == 401


@pytest.mark.parametrize("wrong", ["short", "x" * 257, "with a blank in it, and long"])
def test_a_weak_token_is_refused(wrong: str) -> None:
    with pytest.raises(Exception, match="AINEON_API_TOKEN is set to a value that is not shown"):
        load_settings(env={"AINEON_API_TOKEN": wrong})
