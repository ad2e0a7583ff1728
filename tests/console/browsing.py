"""A headless Chromium, and a console that was started for it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 120_000
"""How long a busy machine may take for what a page is waited for."""
PAGES = ("overview", "performance", "opportunities", "risk", "withdrawals", "settings")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def path_of(page: str) -> str:
    """The default page has no path of its own."""
    return "/" if page == "overview" else f"/{page}"


@contextmanager
def process(
    arguments: list[str], env: Mapping[str, str], stderr: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python module in the repository, and stop it by its own process group."""
    started = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=dict(env),
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        start_new_session=True,
    )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait(5)


def environment(data_dir: Path, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AINEON_")}
    kept |= {"AINEON_DATA_DIR": str(data_dir), "AINEON_ENV_FILE": "off", "HOME": str(home)}
    return kept


@contextmanager
def console(
    data_dir: Path, home: Path, **told: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Start the console, told these variables too, on a free port, and wait until it answers."""
    port = free_port()
    arguments = ["app", "--server.port", str(port)]
    with process(arguments, environment(data_dir, home) | told) as started:
        base = f"http://127.0.0.1:{port}"
        await_answer(f"{base}/health", started)
        yield base, started


def run_engine(data_dir: Path, home: Path, *, warm_up: int, blocks: int) -> None:
    """Run the engine over a short sandbox market, into a book, to its end."""
    with engine(data_dir, home, warm_up=warm_up, blocks=blocks, pace=0) as started:
        code = started.wait(PATIENCE_MS / 1000)
    if code:
        raise RuntimeError(f"the engine ended with exit code {code}")


@contextmanager
def engine(
    data_dir: Path, home: Path, *, warm_up: int, blocks: int, pace: float
) -> Iterator[subprocess.Popen[bytes]]:
    """Run the engine over a sandbox market, into a book, with `pace` seconds a block."""
    market = ["--feed", "sandbox", "--warm-up", str(warm_up), "--blocks", str(blocks)]
    arguments = ["aineon", "run", *market, "--pace", str(pace), "--db", "--json"]
    with process(arguments, environment(data_dir, home)) as started:
        yield started


def await_answer(url: str, started: subprocess.Popen[bytes], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if started.poll() is not None:
            raise RuntimeError(f"the console ended with exit code {started.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"{url} did not answer within {seconds} s")


@contextmanager
def browser() -> Iterator[Any]:
    """Yield a Chromium with a new, empty profile."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile,
            executable_path=CHROMIUM,
            args=FLAGS,
            viewport={"width": 1440, "height": 900},
            color_scheme="dark",
        )
        context.set_default_timeout(PATIENCE_MS)
        try:
            yield context
        finally:
            context.close()


def open_page(context: Any, url: str) -> tuple[Any, list[str]]:
    """Open `url`, wait until the page has been drawn, and collect what its console says."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    page.wait_for_selector("h1")
    settle(page)
    return page, complaints


def settle(page: Any) -> None:
    """Wait until the page has been drawn: its script ran, and nothing is shown as old."""
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]')
    page.wait_for_selector('[data-testid="stSkeleton"]', state="detached")
    page.wait_for_timeout(800)
