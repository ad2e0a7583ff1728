"""`aineon engine`, `aineon console` and `aineon api`: each alone, with a database between them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from aineon.runtime.settings import PARAMETERS
from tests.cli.test_up import SERVER

ROOT = Path(__file__).resolve().parents[2]
KEY = "0x" + "a1" * 32
PATIENCE_SECONDS = 200

Start = Callable[..., subprocess.Popen[str]]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    folder = tmp_path / "checkout"
    # With its bytecode, which each process would make for itself; what is half written has
    # another ending, and may be gone at any moment.
    half = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(ROOT / "aineon", folder / "aineon", ignore=half)
    (folder / "app").mkdir()
    for name in ("__init__.py", "__main__.py"):
        shutil.copy(ROOT / "app" / name, folder / "app" / name)
    (folder / "app" / "server.py").write_text(SERVER)
    (folder / "app" / "main.py").write_text("import streamlit as st\nst.write('here')\n")
    started: list[subprocess.Popen[str]] = []
    names = {parameter.env for parameter in PARAMETERS.values()}
    base = {name: value for name, value in os.environ.items() if name not in names}
    base |= {"PYTHONPATH": str(folder), "AINEON_DATA_DIR": str(tmp_path / "var")}

    def begin(*arguments: str, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "aineon", *arguments],
            cwd=folder,
            env=base | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        with process:
            process.kill()


def asked(port: int, path: str) -> Any:
    """What is answered at `path`; None while nobody answers."""
    with contextlib.suppress(httpx.TransportError):
        # There is nothing to verify, and reading all certificates costs more than the answer.
        answer = httpx.get(f"http://127.0.0.1:{port}{path}", timeout=30, verify=False)
        if answer.status_code == 200:
            return answer.json() if "json" in answer.headers["content-type"] else answer.text
    return None


def until(found: Callable[[], Any], *processes: subprocess.Popen[str]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (answer := found()):
        for process in processes:
            assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return answer


@pytest.mark.timeout(420)
def test_engine_console_and_api_meet_in_the_database(start: Start, tmp_path: Path) -> None:
    pages, figures = free_port(), free_port()
    engine = start("engine", "--warm-up", "2", "--pace", "0.2", PRIVATE_KEY=KEY)
    console = start("console", "--port", str(pages), PRIVATE_KEY=KEY)
    api = start("api", "--port", str(figures), PRIVATE_KEY=KEY)
    every = (engine, console, api)

    def running() -> bool:
        found = [asked(port, "/health") for port in (pages, figures)]
        return all(each and each["engine"]["state"] == "running" for each in found)

    until(running, *every)
    until(lambda: asked(figures, "/api/v1/funnel"), *every)
    assert 'aineon_engine_state{state="running"} 1.0' in asked(figures, "/metrics")
    assert asked(pages, "/api/v1/runs")[0]["provenance"] == "simulated"
    assert "<title>" in asked(pages, "/")
    assert asked(figures, "/") is None

    for process, name in ((console, "app"), (api, "aineon.server")):
        [child] = psutil.Process(process.pid).children()
        assert name in child.cmdline()
        # The engine's own supervisor takes what the console's buttons ask; the API has none.
        assert ("AINEON_SUPERVISED" in child.environ()) is (process is console)
        assert not any(KEY[2:] in value for value in child.environ().values())

    with ControlStore.open(sqlite_url(tmp_path / "var" / "control.db")) as control:
        control.requests.ask("rehearsal", "ada", time.time())

        def answer() -> str:
            request = control.requests.latest()
            return "" if request is None or request.is_open else request.answer

        assert "not one of simulation" in until(answer, *every)

    for process in every:
        process.send_signal(signal.SIGTERM)
    for process in every:
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out
        assert out.splitlines()[-1] == "stopped"
        assert "Traceback" not in out
