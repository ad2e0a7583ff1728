"""What the whole takes of memory, what live pages take of a core, and how soon the first is there.

`python3 dev.py footprint` watches for ten minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.footprint import ROOT, Running, free_port, running, wait_until_served
from tests.console import browsing

# Variables of AINEON itself are taken away from tests.
WATCHED_SECONDS = float(os.environ.get("FOOTPRINT_SECONDS", "60"))
pytestmark = pytest.mark.timeout(WATCHED_SECONDS + 600)


@contextmanager
def operator() -> Iterator[Callable[[str], None]]:
    """Yield what looks at the page of an address, as a browser does; without one, it is fetched."""
    if browsing.CHROMIUM is None:
        yield lambda url: None
        return
    with browsing.browser() as context:
        page = context.new_page()

        def look(url: str) -> None:
            page.goto(url)
            page.wait_for_selector("h1")
            browsing.settle(page)

        yield look


def seen_for(whole: Running, seconds: float) -> tuple[int, float]:
    """Watch for some seconds; returns the most memory of it, and the console's share of a core."""
    before, began = whole.console_seconds(), time.monotonic()
    most = 0
    while time.monotonic() < began + seconds:
        assert wait_until_served(f"{whole.url}/health", 10)
        most = max(most, whole.memory()[0])
        time.sleep(1)
    return most, (whole.console_seconds() - before) / (time.monotonic() - began)


def test_memory_with_500_pools(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    """One operator's live pages, each for a sixth of the time."""
    shares: dict[str, float] = {}

    def watch() -> tuple[int, str]:
        most = 0
        with running(tmp_path / "var", pools=500, warm_up=30) as whole, operator() as look:
            assert wait_until_served(f"{whole.url}/health", 120)
            for page in browsing.PAGES:
                look(whole.url + browsing.path_of(page))
                used, shares[page] = seen_for(whole, WATCHED_SECONDS / len(browsing.PAGES))
                most = max(most, used)
            # Engine and console; what trains comes a minute later.
            assert len(whole.process.children()) >= 2
            assert not whole.killed(), "nobody had to go for the others' sake"
            return most, whole.memory()[1]

    used, counted = benchmark.pedantic(watch, rounds=1, iterations=1)
    benchmark.extra_info["bytes"] = used
    benchmark.extra_info["counted"] = f"{counted}; at most in {WATCHED_SECONDS:.0f} s"
    if browsing.CHROMIUM is not None:
        benchmark.extra_info["core_share"] = sum(shares.values()) / len(shares)
        benchmark.extra_info["core_shares"] = shares


def test_first_page(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    def start() -> None:
        port = str(free_port())
        console = subprocess.Popen(
            [sys.executable, "-m", "app", "--server.port", port],
            cwd=ROOT,
            env={**os.environ, "AINEON_ENV_FILE": "off", "AINEON_DATA_DIR": str(tmp_path)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert wait_until_served(f"http://127.0.0.1:{port}/", 60)
        finally:
            console.terminate()
            console.wait(timeout=20)

    benchmark.pedantic(start, rounds=3, iterations=1, warmup_rounds=1)
