"""What Render does with render.yaml: its start command, as written, on a clean checkout."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.tooling.locks import ROOT

PATIENCE_SECONDS = 170


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files that git keeps, or would keep, as they are now; no cache and no database."""
    target = tmp_path / "checkout"
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("there is no git here, which says what belongs to the tree")
    listed = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in listed.split("\0"):
        source = ROOT / name
        if name.startswith(("tests/", "docs/")) or not source.is_file():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / name)
    return target


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


@pytest.fixture
def service(checkout: Path, port: int, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The service as render.yaml starts it: in a shell, with Render's own variables."""
    [told] = yaml.safe_load((checkout / "render.yaml").read_text(encoding="utf-8"))["services"]
    disk = told["disk"]["mountPath"]
    values = {each["key"]: each["value"] for each in told["envVars"] if "value" in each}
    made = dict.fromkeys(
        (each["key"] for each in told["envVars"] if each.get("generateValue")),
        "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq+0=",
    )
    # Where a disk is mounted is the one thing that a machine without disks has to change.
    values["AINEON_DATA_DIR"] = values["AINEON_DATA_DIR"].replace(disk, str(tmp_path / "disk"))
    interpreter = tmp_path / "bin"
    interpreter.mkdir()
    (interpreter / "python").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    (interpreter / "python").chmod(0o755)
    environment = {
        "PATH": f"{interpreter}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PORT": str(port),
        "RENDER": "true",
        "RENDER_EXTERNAL_HOSTNAME": "aineon.onrender.com",
        **values,
        **made,
    }
    process = subprocess.Popen(
        ["bash", "-c", told["startCommand"]],
        cwd=checkout,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def health(port: int) -> dict[str, Any] | None:
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.get(f"http://127.0.0.1:{port}/health", timeout=10)
        if answer.status_code == 200:
            found: dict[str, Any] = answer.json()
            return found
    return None


@pytest.mark.skipif(os.name != "posix", reason="Render runs commands in a shell")
@pytest.mark.timeout(300)
def test_the_start_command_of_render_is_run_as_written(
    service: subprocess.Popen[bytes], port: int, tmp_path: Path
) -> None:
    pytest.importorskip("streamlit")
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = None
    while found is None or found["engine"]["state"] not in {"running", "warming up"}:
        assert service.poll() is None, service.communicate()[0].decode()
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
        found = health(port)
    assert found["status"] == "alive"
    assert found["mode"] == "simulation"
    # Beyond the loopback, figures are for those who show a token.
    metrics = f"http://127.0.0.1:{port}/metrics"
    assert httpx.get(metrics, timeout=30).status_code == 401
    token = "q83vEjRWeJq83vEjRWeJq83vEjRWeJq83vEjRWeJq+0="
    shown = httpx.get(metrics, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert shown.status_code == 200
    assert 'aineon_mode{mode="live"} 0.0' in shown.text
    assert (tmp_path / "disk" / "aineon" / "simulation.db").is_file()
    service.send_signal(signal.SIGTERM)
    assert service.wait(timeout=60) == 0
