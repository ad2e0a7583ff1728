"""The client reads, keeps what it read for a moment, and notices a database that was replaced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aineon.errors import LedgerNotFound
from aineon.primitives import ManualClock
from aineon.runtime.settings import load_settings
from app import state
from app.reading import keeping
from tests.console import places

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("aineon.engine", "aineon.feeds", "aineon.execution", "web3", "sklearn", "altair")


@pytest.fixture
def client(folder: Path, monkeypatch: pytest.MonkeyPatch) -> state.Client:
    monkeypatch.setattr(keeping, "KEPT_SECONDS", 0.0)
    return state.client()


def test_a_database_that_appears_later_is_found(folder: Path, client: state.Client) -> None:
    assert client.heartbeat() is None
    with pytest.raises(LedgerNotFound):
        client.runs()
    places.busy(folder)
    assert client.heartbeat() is not None
    assert len(client.runs()) == 1


def test_a_database_that_was_replaced_is_opened_anew(folder: Path, client: state.Client) -> None:
    places.busy(folder)
    assert len(client.runs()) == 1
    for file in folder.glob("simulation.db*"):
        file.unlink()
    with pytest.raises(LedgerNotFound):
        client.runs()
    places.open_book(folder).close()
    assert client.runs() == ()


def test_what_was_read_a_moment_ago_is_not_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "KEPT_SECONDS", 3600.0)
    places.beat(folder, block_number=1)
    client = state.client()
    first = client.heartbeat()
    places.beat(folder, block_number=2)
    assert client.heartbeat() is first
    monkeypatch.setattr(keeping, "KEPT_SECONDS", 0.0)
    again = client.heartbeat()
    assert again is not None
    assert again.block_number == 2


def test_memory_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "_MOST_KEPT", 3)
    places.busy(folder)
    client = state.client()
    scope = client.scope(1)
    for limit in range(1, 9):
        client.trades(scope, limit)
    assert len(client.memory) <= 3


def test_today_begins_at_midnight_utc(folder: Path) -> None:
    places.busy(folder)
    clock = ManualClock(1_900_000_000.0)
    client = state.Client(load_settings(), clock)
    today = client.today(client.scope(1))
    assert today.since == 1_900_000_000 // 86_400 * 86_400
    assert today.attempts == 0
    client.close()


@pytest.mark.parametrize("ending", ["json", "csv"])
def test_files_say_what_they_are(folder: Path, ending: str) -> None:
    places.busy(folder)
    client = state.client()
    export = client.export(client.scope(1), ending)
    assert "SIMULATED" in export.file_name
    assert "simulated" in export.text()
    assert export.text().count("sim-") >= 4


def test_collections_go_on_where_loading_ahead_fails(tmp_path: Path) -> None:
    """`python -m app` has turned them off; without them the console would grow without end."""
    code = (
        "import gc, sys; import app.server; gc.disable(); sys.modules['pyarrow'] = None\n"
        "try:\n    app.server.load_ahead()\nexcept ImportError:\n    print(gc.isenabled())"
    )
    env = {**os.environ, "AINEON_DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "True"


def test_the_console_stays_light() -> None:
    code = (
        "import sys, json, app.main, app.components.charts, app.components.tables, "
        "aineon.server.app;"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    ).replace("app.main", "app.components.head")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout.splitlines()[-1]) == []
