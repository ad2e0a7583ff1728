"""The REST API tells programs what the pages tell people, and where each figure comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import NodeTold
from aineon.primitives import Book
from aineon.runtime.settings import Settings
from aineon.safety.stop import StopReason
from tests.console.places import beat, fill, open_book
from tests.ledger import booked
from tests.server.served import client, settings_of

BOOK_PATHS = ("runs", "trades", "funnel", "opportunities", "near-misses", "profit")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a filled book; tests of this module only read it."""
    path = tmp_path_factory.mktemp("served")
    beat(path, nodes=(NodeTold("alchemy", "down", "timed out"),))
    with open_book(path) as store:
        run_id = fill(store)
        store.write(
            step=booked.step(run_id, 41),
            near_misses=[booked.near_miss(run_id, 41)],
        )
    return path


@pytest.fixture
def settings(folder: Path) -> Settings:
    return settings_of(folder)


async def asked(settings: Settings, path: str, status: int = 200, **params: Any) -> Any:
    async with client(settings) as http:
        answer = await http.get(f"/api/v1/{path}", params=params)
    assert answer.status_code == status, answer.text
    if status == 200 and path != "openapi.json":
        assert answer.headers["cache-control"] == "no-store"
    return answer.json()


@pytest.mark.parametrize("path", BOOK_PATHS)
async def test_every_figure_names_book_and_provenance(settings: Settings, path: str) -> None:
    found = await asked(settings, path)
    rows = found["trades"] if path == "trades" else found if isinstance(found, list) else [found]
    assert rows
    for row in rows:
        assert (row["book"], row["provenance"]) == ("simulation", "simulated")


async def test_amounts_are_exact_texts(settings: Settings) -> None:
    for trade in (await asked(settings, "trades"))["trades"]:
        for name in ("amount_in", "expected_out", "expected_net_wei", "net_wei", "gas_cost_wei"):
            assert trade[name] is None or str(int(trade[name])) == trade[name]
        assert trade["submitted_at"].endswith("Z")
    profit = await asked(settings, "profit", period="all")
    assert str(int(profit["net_wei"])) == profit["net_wei"]
    assert profit["attempts"] == profit["net_known"] + profit["net_unknown"]


async def test_unknown_is_null_and_not_zero(settings: Settings) -> None:
    found = await asked(settings, "opportunities")
    unpriced = [each for each in found if each["net_wei"] is None]
    assert unpriced
    assert unpriced[0]["gas_cost"] is None


async def test_pages_of_trades_join_without_gap_or_overlap(settings: Settings) -> None:
    whole = await asked(settings, "trades", limit=500)
    assert whole["total"] == len(whole["trades"]) > 3
    seen = []
    for offset in range(0, whole["total"], 2):
        page = await asked(settings, "trades", limit=2, offset=offset)
        seen += [trade["attempt_id"] for trade in page["trades"]]
    assert seen == [trade["attempt_id"] for trade in whole["trades"]]


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("trades", {"limit": 0}),
        ("trades", {"limit": 501}),
        ("trades", {"offset": -1}),
        ("opportunities", {"limit": "many"}),
        ("profit", {"period": "decade"}),
        ("funnel", {"provenance": "invented"}),
        ("funnel", {"run_id": 0}),
    ],
)
async def test_what_cannot_be_asked_is_refused(
    settings: Settings, path: str, wrong: dict[str, Any]
) -> None:
    [problem] = (await asked(settings, path, 422, **wrong))["detail"]
    assert problem["loc"] == ["query", next(iter(wrong))]


@pytest.mark.parametrize("path", [path for path in BOOK_PATHS if path != "runs"])
async def test_a_run_that_is_not_there(settings: Settings, path: str) -> None:
    answer = await asked(settings, path, 404, run_id=99)
    assert answer["detail"].startswith("run 99 is not in")


async def test_one_run_alone(settings: Settings) -> None:
    assert (await asked(settings, "funnel", run_id=1))["run_id"] == 1
    assert (await asked(settings, "funnel", provenance="replayed"))["steps"] == 0


async def test_opportunities_of_one_gate(settings: Settings) -> None:
    found = await asked(settings, "opportunities")
    gates = {each["gate"] for each in found}
    for gate in gates - {None}:
        of_gate = await asked(settings, "opportunities", gate=gate)
        assert {each["gate"] for each in of_gate} == {gate}
    assert await asked(settings, "opportunities", gate="none such") == []


async def test_status(settings: Settings) -> None:
    found = await asked(settings, "status")
    assert found["health"]["engine"]["block_number"] == 41
    assert found["emergency_stop"] == []
    assert found["breaker"] == {
        "book": "simulation",
        "state": "running",
        "reason": "",
        "at": None,
    }
    assert found["nodes"] == [{"name": "alchemy", "state": "down", "detail": "timed out"}]
    assert found["limits"]


async def test_status_tells_every_stop(tmp_path: Path) -> None:
    (tmp_path / "STOP").touch()
    with ControlStore.open(sqlite_url(tmp_path / "control.db")) as control:
        control.stops.latch(StopReason("database", "it rained", "ada", 1.0))
    found = await asked(settings_of(tmp_path), "status")
    assert {stop["place"] for stop in found["emergency_stop"]} == {"file", "database"}
    assert {"place": "database", "reason": "it rained", "who": "ada"} in found["emergency_stop"]


@pytest.mark.parametrize("path", BOOK_PATHS)
async def test_before_there_is_a_book(tmp_path: Path, path: str) -> None:
    answer = await asked(settings_of(tmp_path), path, 404)
    assert "does not exist yet" in answer["detail"]
    assert (await asked(settings_of(tmp_path), "status"))["health"]["status"] == "alive"


async def test_what_cannot_be_read_now_is_said(tmp_path: Path) -> None:
    (tmp_path / f"{Book.SIMULATION.value}.db").write_text("no database" * 500)
    async with client(settings_of(tmp_path)) as http:
        answer = await http.get("/api/v1/runs")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "2"
    assert "not a database" in answer.json()["detail"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["status", *BOOK_PATHS])
async def test_nothing_can_be_changed(settings: Settings, method: str, path: str) -> None:
    async with client(settings) as http:
        assert (await http.request(method, f"/api/v1/{path}")).status_code == 405


async def test_it_describes_itself(settings: Settings) -> None:
    description = await asked(settings, "openapi.json")
    assert set(description["paths"]) == {f"/{path}" for path in ("health", "status", *BOOK_PATHS)}
    for path, methods in description["paths"].items():
        assert set(methods) == {"get"}, path
    trade = description["components"]["schemas"]["TradeAnswer"]["properties"]
    assert trade["amount_in"]["type"] == "string"
