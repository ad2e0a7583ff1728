"""`aineon up` from end to end: supervisor, engine, and Streamlit with our routes beside it."""

from __future__ import annotations

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

from aineon.runtime.settings import PARAMETERS

ROOT = Path(__file__).resolve().parents[2]
KEY = "0x" + "a1" * 32

SERVER = """
import streamlit as st
from aineon.runtime.settings import load_settings
from aineon.server.app import routes

app = st.App("main.py", routes=routes(load_settings()))
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the smallest console there can be."""
    folder = tmp_path / "checkout"
    shutil.copytree(
        ROOT / "aineon", folder / "aineon", ignore=shutil.ignore_patterns("__pycache__")
    )
    (folder / "app").mkdir()
    (folder / "app" / "server.py").write_text(SERVER)
    (folder / "app" / "main.py").write_text("import streamlit as st\nst.write('here')\n")
    return folder


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(checkout: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **env: str) -> subprocess.Popen[str]:
        names = {parameter.env for parameter in PARAMETERS.values()}
        base = {name: value for name, value in os.environ.items() if name not in names}
        process = subprocess.Popen(
            [sys.executable, "-m", "aineon", "up", *arguments],
            cwd=checkout,
            env=base | {"PYTHONPATH": str(checkout)} | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        with process:
            process.kill()


def health(port: int) -> dict[str, Any]:
    answer = httpx.get(f"http://127.0.0.1:{port}/health", timeout=10)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def environment_of(children: list[psutil.Process], name: str) -> dict[str, str]:
    [child] = [child for child in children if name in child.cmdline()]
    return child.environ()


def test_everything_starts_and_stops(start: Start, port: int, checkout: Path) -> None:
    process = start("--port", str(port), "--warm-up", "2", "--pace", "0.2", PRIVATE_KEY=KEY)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("AINEON 0.")
    assert process.stdout.readline().startswith(f"console ready at http://127.0.0.1:{port}")
    deadline = time.monotonic() + 60
    while (found := health(port))["engine"]["state"] != "running" or not found["block_number"]:
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    assert found["status"] == "alive"
    assert found["mode"] == "simulation"
    assert found["engine"]["heartbeat_age_seconds"] < 15
    page = httpx.get(f"http://127.0.0.1:{port}/")
    assert page.status_code == 200
    assert "<title>" in page.text

    children = psutil.Process(process.pid).children()
    assert environment_of(children, "aineon")["PRIVATE_KEY"] == KEY
    assert not any(KEY[2:] in v for v in environment_of(children, "streamlit").values())

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.splitlines() == ["stopping", "stopped"]
    assert "engine: warm-up: 2 of 2 blocks" in err
    assert "Traceback" not in err
    assert not [child for child in children if child.is_running()]
    assert (checkout / "var" / "simulation.db").is_file()


def test_a_second_one_in_the_same_folder_is_refused(start: Start, port: int) -> None:
    first = start("--port", str(port), "--warm-up", "0")
    assert first.stdout is not None
    first.stdout.readline()
    second = start("--port", str(port + 1 if port < 65_535 else port - 1))
    _, err = second.communicate(timeout=60)
    assert second.returncode == 1
    assert err.startswith(f"error: another `aineon up` (process {first.pid}) already works in")
    first.terminate()
    first.communicate(timeout=60)
    assert first.returncode == 0


def test_a_recording_that_is_not_there_ends_everything(start: Start, port: int) -> None:
    process = start("--port", str(port), "--data", "nowhere.json")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    [line] = [line for line in err.splitlines() if line.startswith("error: ")]
    assert "nowhere.json" in line


def test_a_wheel_without_the_console_says_where_it_is(
    start: Start, port: int, checkout: Path
) -> None:
    shutil.rmtree(checkout / "app")
    process = start("--port", str(port))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert out == ""
    assert "the console comes with AINEON's source repository" in err
    assert not (checkout / "var").exists()
