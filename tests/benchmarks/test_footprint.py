"""Memory of the whole, and how soon the first page is there."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from tests.benchmarks.footprint import ROOT, free_port, running, wait_until_served

pytestmark = pytest.mark.timeout(600)
WATCHED_SECONDS = float(os.environ.get("AINEON_BENCH_FOOTPRINT_SECONDS", "60"))


def test_memory_with_500_pools(benchmark: BenchmarkFixture, tmp_path: Path) -> None:
    def watch() -> tuple[int, str]:
        with running(tmp_path / "var", pools=500, warm_up=30) as whole:
            assert wait_until_served(f"{whole.url}/health", 120)
            end = time.monotonic() + WATCHED_SECONDS
            while time.monotonic() < end:
                assert wait_until_served(whole.url, 10)
                time.sleep(1)
            # Engine and console; what trains comes a minute later.
            assert len(whole.process.children()) >= 2
            return whole.memory()

    used, counted = benchmark.pedantic(watch, rounds=1, iterations=1)
    benchmark.extra_info["bytes"] = used
    benchmark.extra_info["counted"] = counted


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
