"""`/metrics` tells Prometheus what the databases know, and nothing that they do not."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from aineon.engine.events import EngineState
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import NodeTold
from aineon.primitives import Book
from aineon.runtime.settings import Settings
from aineon.safety.breaker import BreakerChange, BreakerState
from aineon.safety.stop import StopReason
from aineon.server import metrics as metrics_module
from tests.console.places import beat, fill, open_book
from tests.server.served import client, in_mode, settings_of

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_module, "KEPT_SECONDS", -1.0)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path)


async def told(settings: Settings) -> Samples:
    async with client(settings) as http:
        answer = await http.get("/metrics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples: list[Sample] = [
        sample
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    ]
    found = {(each.name, tuple(sorted(each.labels.items()))): each.value for each in samples}
    assert len(found) == len(samples), "a sample was told twice"
    return found


def of(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, tuple(sorted(labels.items()))))


def names(samples: Samples) -> set[str]:
    return {name for name, _ in samples}


def damage(folder: Path, name: str) -> None:
    for path in folder.glob(f"{name}.db*"):
        path.unlink()
    (folder / f"{name}.db").write_text("no database, only words" * 100)


async def test_before_the_first_start_nothing_is_invented(settings: Settings) -> None:
    samples = await told(settings)
    assert of(samples, "aineon_engine_state", state="never_started") == 1
    assert of(samples, "aineon_engine_state", state="running") == 0
    assert of(samples, "aineon_database_readable", database="control") == 1
    assert of(samples, "aineon_emergency_stop") == 0
    known = names(samples)
    assert "aineon_heartbeat_age_seconds" not in known
    assert "aineon_net_profit_ether" not in known
    assert "aineon_attempts_total" not in known
    assert "process_resident_memory_bytes" in known


async def test_the_engine(settings: Settings, tmp_path: Path) -> None:
    nodes = (NodeTold("alchemy", "healthy"), NodeTold("node-1", "wrong chain", "chain 5"))
    beat(tmp_path, nodes=nodes, memory_bytes=1 << 28)
    samples = await told(settings)
    assert of(samples, "aineon_engine_state", state="running") == 1
    states = [value for (name, _), value in samples.items() if name == "aineon_engine_state"]
    assert sum(states) == 1
    assert len(states) == len(EngineState) + 3
    assert of(samples, "aineon_mode", mode="simulation") == 1
    assert of(samples, "aineon_mode", mode="live") == 0
    assert of(samples, "aineon_head_block_number") == 41
    assert of(samples, "aineon_base_fee_wei") == 12e9
    assert of(samples, "aineon_attempts_in_flight") == 1
    assert of(samples, "aineon_scans_dropped_total") == 2
    assert of(samples, "aineon_engine_resident_memory_bytes") == 1 << 28
    age = of(samples, "aineon_heartbeat_age_seconds")
    assert age is not None
    assert 0 <= age < 60
    assert of(samples, "aineon_node_state", node="alchemy", state="healthy") == 1
    assert of(samples, "aineon_node_state", node="alchemy", state="down") == 0
    assert of(samples, "aineon_node_state", node="node-1", state="wrong_chain") == 1


async def test_an_old_heartbeat_is_an_engine_down(settings: Settings, tmp_path: Path) -> None:
    beat(tmp_path, beat_at=1_700_000_000.0)
    samples = await told(settings)
    assert of(samples, "aineon_engine_state", state="down") == 1
    assert of(samples, "aineon_engine_state", state="running") == 0


async def test_the_book(settings: Settings, tmp_path: Path) -> None:
    with open_book(tmp_path) as store:
        fill(store)
    samples = await told(settings)
    here = {"book": "simulation", "provenance": "simulated"}
    assert of(samples, "aineon_market_steps_total", **here) == 1
    assert of(samples, "aineon_opportunities_total", **here) == 2
    assert of(samples, "aineon_opportunities_passed_total", stage="passed_risk", **here) == 4
    settled = {
        outcome: of(samples, "aineon_attempts_total", outcome=outcome, **here)
        for outcome in ("included", "reverted", "missed", "unresolved")
    }
    assert all(count is not None for count in settled.values())
    assert settled["included"]
    assert of(samples, "aineon_net_profit_ether", **here) is not None
    assert of(samples, "aineon_gas_spent_ether_total", **here) is not None
    assert of(samples, "aineon_withdrawals", book="simulation", state="confirmed") == 0


@pytest.mark.parametrize("book", [Book.SIMULATION, Book.REHEARSAL])
async def test_play_money_never_looks_live(settings: Settings, tmp_path: Path, book: Book) -> None:
    if book is Book.SIMULATION:
        with open_book(tmp_path) as store:
            fill(store)
    beat(tmp_path, mode=book.value)
    samples = await told(in_mode(settings, book))
    for name, labels in samples:
        given = dict(labels)
        assert given.get("book") in {None, book.value}, name
        assert given.get("provenance") != "live", name
        if "ether" in name or "attempts_" in name or "opportunit" in name:
            assert name == "aineon_attempts_in_flight" or {"book", "provenance"} <= set(given)


async def test_stop_and_breaker(settings: Settings, tmp_path: Path) -> None:
    with ControlStore.open(sqlite_url(tmp_path / "control.db")) as control:
        control.stops.latch(StopReason("database", "a test", "somebody", 1.0))
        control.breaker(Book.SIMULATION).append(
            BreakerChange(
                BreakerState.RUNNING, BreakerState.HALTED, "drawdown", "it fell", "risk", 2.0
            )
        )
    samples = await told(settings)
    assert of(samples, "aineon_emergency_stop") == 1
    assert of(samples, "aineon_breaker_state", book="simulation", state="halted") == 1
    assert of(samples, "aineon_breaker_state", book="simulation", state="running") == 0


@pytest.mark.parametrize("way", ["file", "setting"])
async def test_a_stop_beside_the_database_is_seen(
    settings: Settings, tmp_path: Path, way: str
) -> None:
    if way == "file":
        (tmp_path / "STOP").touch()
    else:
        settings = settings_of(tmp_path, AINEON_STOP="yes")
    assert of(await told(settings), "aineon_emergency_stop") == 1


@pytest.mark.parametrize("name", ["control", "simulation"])
async def test_a_damaged_database_is_told_and_the_rest_goes_on(
    settings: Settings, tmp_path: Path, name: str
) -> None:
    beat(tmp_path)
    with open_book(tmp_path) as store:
        fill(store)
    damage(tmp_path, name)
    samples = await told(settings)
    other = {"control": "simulation", "simulation": "control"}[name]
    assert of(samples, "aineon_database_readable", database=name) == 0
    assert of(samples, "aineon_database_readable", database=other) == 1
    assert ("aineon_attempts_total" in names(samples)) is (name == "control")
    assert ("aineon_emergency_stop" in names(samples)) is (name == "simulation")


async def test_cardinality_stays_bounded(settings: Settings, tmp_path: Path) -> None:
    nodes = tuple(NodeTold(f"node-{number}", "healthy") for number in range(500))
    beat(tmp_path, nodes=nodes)
    with open_book(tmp_path) as store:
        run_id = fill(store)
    gates = {f"gate {number}": [1, "why"] for number in range(300)}
    with sqlite3.connect(tmp_path / "simulation.db") as raw:
        raw.execute("UPDATE activity_hours SET gates = ?", (json.dumps(gates),))
    assert run_id
    samples = await told(settings)
    assert len(samples) < 600
    here = {"book": "simulation", "provenance": "simulated"}
    assert of(samples, "aineon_opportunities_stopped_total", gate="other", **here) == 260


async def test_names_follow_the_conventions(settings: Settings, tmp_path: Path) -> None:
    beat(tmp_path, memory_bytes=1)
    with open_book(tmp_path) as store:
        fill(store)
    async with client(settings) as http:
        text = (await http.get("/metrics")).text
    for family in text_string_to_metric_families(text):
        assert family.documentation
        if family.type == "counter":
            assert all(s.name.endswith(("_total", "_created")) for s in family.samples)
        assert "milli" not in family.name
        assert family.name.startswith(("aineon_", "process_", "python_"))


async def test_openmetrics_where_it_is_asked_for(settings: Settings) -> None:
    async with client(settings, Accept="application/openmetrics-text; version=1.0.0") as http:
        answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


async def test_the_databases_are_read_once_in_a_while(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_module, "KEPT_SECONDS", 1e9)
    async with client(settings) as http:
        before = (await http.get("/metrics")).text
        beat(tmp_path)
        after = (await http.get("/metrics")).text
    for text in (before, after):
        assert 'aineon_engine_state{state="never_started"} 1.0' in text
