"""`aineon up` from end to end: supervisor, engine, and Streamlit with our routes beside it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from aineon.runtime.settings import PARAMETERS
from aineon.sending.keys import parse_private_key
from aineon.sending.keystore import write_keystore

ROOT = Path(__file__).resolve().parents[2]
KEY = "0x" + "a1" * 32
PATIENCE = 200.0
"""Seconds that a busy machine may take for anything."""

pytestmark = pytest.mark.timeout(900)

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
    # With its bytecode, which each process would make for itself; what is half written has
    # another ending, and may be gone at any moment.
    half = shutil.ignore_patterns("*.pyc.*")
    shutil.copytree(ROOT / "aineon", folder / "aineon", ignore=half)
    (folder / "app").mkdir()
    for name in ("__init__.py", "__main__.py"):
        shutil.copy(ROOT / "app" / name, folder / "app" / name)
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
    # It is asked again and again, and httpx would read all certificates each time.
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=30) as answer:
        assert answer.status == 200
        found: dict[str, Any] = json.load(answer)
    return found


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def environment_of(children: list[psutil.Process], name: str) -> dict[str, str]:
    [child] = [child for child in children if name in child.cmdline()]
    return child.environ()


def refuses_another(start: Start, running: int, port: int) -> None:
    second = start("--port", str(port))
    _, err = second.communicate(timeout=PATIENCE)
    assert second.returncode == 1
    assert err.startswith(f"error: another `aineon up` (process {running}) already works in")


def test_everything_starts_once_and_stops(start: Start, port: int, checkout: Path) -> None:
    process = start("--port", str(port), "--warm-up", "2", "--pace", "0.2", PRIVATE_KEY=KEY)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("AINEON 0.")
    assert process.stdout.readline().startswith(f"console ready at http://127.0.0.1:{port}")
    until(lambda: health(port)["engine"]["state"] == "running" and health(port)["block_number"])
    found = health(port)
    assert found["status"] == "alive"
    assert found["mode"] == "simulation"
    assert found["engine"]["heartbeat_age_seconds"] < 15
    page = httpx.get(f"http://127.0.0.1:{port}/")
    assert page.status_code == 200
    assert "<title>" in page.text

    children = psutil.Process(process.pid).children()
    assert not any(KEY[2:] in v for v in environment_of(children, "app").values())

    refuses_another(start, process.pid, port + 1 if port < 65_535 else port - 1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert out.splitlines() == ["stopping", "stopped"]
    assert "engine: warm-up: 2 of 2 blocks" in err
    assert "Traceback" not in err
    assert not [child for child in children if child.is_running()]
    assert (checkout / "var" / "simulation.db").is_file()


CANARY = "7c3e" * 15 + "0a51"
PASSWORD = "canary horse battery"


def holds(pid: int, secret: str) -> bool:
    """Whether a process has `secret` in its memory; needs root."""
    found = False
    proc = Path(f"/proc/{pid}")
    with (proc / "maps").open() as maps, (proc / "mem").open("rb", 0) as memory:
        for line in maps:
            span, mode, *_ = line.split()
            if mode.startswith("rw"):
                start, end = (int(part, 16) for part in span.split("-"))
                memory.seek(start)
                with contextlib.suppress(OSError):
                    found = found or secret.encode() in memory.read(end - start)
    return found


def child_of(process: psutil.Process, name: str) -> psutil.Process | None:
    """The child that runs `name`; None while there is none."""
    for child in process.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if name in child.cmdline():
                return child
    return None


def seen_from_outside(process: psutil.Process) -> str:
    """Command line and environment; nothing where even that may not be read."""
    try:
        return " ".join([*process.cmdline(), *process.environ().values()])
    except psutil.AccessDenied:
        assert os.geteuid(), "root may look into any process"
        return ""


def test_a_key_is_in_the_engine_and_nowhere_else(start: Start, port: int, checkout: Path) -> None:
    """A canary for each secret, looked for in all that AINEON writes, shows and answers."""
    keystore = checkout / "guardian.json"
    write_keystore(keystore, parse_private_key(CANARY), PASSWORD)
    process = start(
        "--port", str(port), "--mode", "rehearsal",
        PRIVATE_KEY=f"0x{CANARY}",
        AINEON_GUARDIAN_KEYSTORE=str(keystore),
        AINEON_GUARDIAN_KEYSTORE_PASSWORD=PASSWORD,
        # Nobody is there: the engine waits for its chain, with all that it was handed.
        AINEON_RPC_URLS="http://127.0.0.1:9/canary-in-a-path",
        AINEON_EXECUTOR="0x" + "2f" * 20,
        NOTES=f"do not forget: {CANARY}",
        LOG_LEVEL="DEBUG",
    )  # fmt: skip
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(2)]
    assert said[1].startswith("console ready"), said
    answers = [httpx.get(f"http://127.0.0.1:{port}/{page}").text for page in ("health", "")]
    until(lambda: health(port)["engine"]["state"] == "paused")
    found = health(port)
    supervisor = psutil.Process(process.pid)
    engine, console = (child_of(supervisor, name) for name in ("aineon", "app"))
    assert engine is not None
    assert console is not None
    outside = [seen_from_outside(each) for each in (engine, console)]
    if not os.geteuid() and sys.platform == "linux":
        for secret in (CANARY, PASSWORD):
            assert holds(engine.pid, secret), "control: it was handed over"
            assert not holds(console.pid, secret)

    # Handed over again to the engine that takes the place of a dead one.
    engine.kill()
    until(lambda: child_of(supervisor, "aineon") not in (None, engine))
    until(lambda: health(port)["engine"]["state"] == "paused")
    again = child_of(supervisor, "aineon")
    assert again is not None
    outside.append(seen_from_outside(again))
    if not os.geteuid() and sys.platform == "linux":
        until(lambda: holds(again.pid, CANARY))

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    doctor = subprocess.run(
        [sys.executable, "-m", "aineon", "doctor"],
        cwd=checkout,
        env=dict(os.environ) | {"PYTHONPATH": str(checkout), "PRIVATE_KEY": CANARY},
        capture_output=True,
        text=True,
        check=False,
    )
    everything = "\n".join([*said, *answers, json.dumps(found), *outside, out, err, doctor.stdout])
    everything += doctor.stderr
    for secret in (CANARY, PASSWORD, "canary-in-a-path"):
        assert secret not in everything.lower()
        for file in (each for each in (checkout / "var").rglob("*") if each.is_file()):
            assert secret.encode() not in file.read_bytes().lower(), file


def test_a_recording_that_is_not_there_ends_everything(start: Start, port: int) -> None:
    process = start("--port", str(port), "--data", "nowhere.json")
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    [line] = [line for line in err.splitlines() if line.startswith("error: ")]
    assert "nowhere.json" in line


def test_a_wheel_without_the_console_says_where_it_is(
    start: Start, port: int, checkout: Path
) -> None:
    shutil.rmtree(checkout / "app")
    process = start("--port", str(port))
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert out == ""
    assert "the console comes with AINEON's source repository" in err
    assert not (checkout / "var").exists()
