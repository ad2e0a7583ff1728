"""Secrets down the leash: they arrive, again after each start, and stand nowhere else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from aineon.runtime.processes import Child, Program

ROOT = Path(__file__).resolve().parents[2]
CANARY = "0x" + "c0ffee" * 10 + "0042"
SECRETS = {"PRIVATE_KEY": CANARY, "OTHER": "é\n" * 20}

TELLS = """
import ctypes, json, os, sys, time
from pathlib import Path
handed = sys.stdin.read()
heard = Path("heard")
heard.write_text((heard.read_text() if heard.exists() else "") + handed)
dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) if sys.platform == "linux" else 0
Path("dumpable").write_text(str(dumpable))
Path(f"ready.{os.getpid()}").touch()
while True:
    time.sleep(0.02)
"""
DEAF = "import time\ntime.sleep(60)\n"


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def program(folder: Path, source: str, secrets: dict[str, str] | None) -> Program:
    (folder / "child.py").write_text(source)
    path = f"{ROOT}{os.pathsep}{folder}"
    environment = dict(os.environ) | {"PYTHONPATH": path}
    return Program("child", "child", ("argument",), environment, folder, 3, False, secrets)


@pytest.fixture
def tended() -> Iterator[Callable[[Program], Child]]:
    children: list[Child] = []

    def begin(what: Program) -> Child:
        child = Child(what, 5.0, lambda _: None)
        children.append(child)
        child.tend(0.0)
        return child

    yield begin
    for child in children:
        if child.pid is not None:
            child.kill()


def is_ready(folder: Path, child: Child) -> Callable[[], bool]:
    return (folder / f"ready.{child.pid}").exists


def test_secrets_arrive_and_stand_nowhere_else(
    tmp_path: Path, tended: Callable[[Program], Child]
) -> None:
    child = tended(program(tmp_path, TELLS, SECRETS))
    until(is_ready(tmp_path, child))
    assert json.loads((tmp_path / "heard").read_text()) == SECRETS
    assert (tmp_path / "dumpable").read_text() == "0"
    process = psutil.Process(child.pid)
    assert CANARY not in " ".join(process.cmdline())
    try:
        assert CANARY not in str(process.environ())
    except psutil.AccessDenied:
        assert os.geteuid(), "root may look into any process"
    assert CANARY not in repr(child.program)


def test_after_its_death_they_are_handed_over_again(
    tmp_path: Path, tended: Callable[[Program], Child]
) -> None:
    child = tended(program(tmp_path, TELLS, SECRETS))
    until(is_ready(tmp_path, child))
    first = child.pid
    assert first is not None
    psutil.Process(first).kill()
    until(lambda: child.tend(10.0) is None and child.pid is None)
    child.tend(20.0)
    until(is_ready(tmp_path, child))
    assert child.pid != first
    heard = [json.loads(line) for line in (tmp_path / "heard").read_text().splitlines()]
    assert heard == [SECRETS, SECRETS]


def test_the_leash_still_holds(tmp_path: Path) -> None:
    """The handover done, the starter's end is what keeps the process alive."""
    (tmp_path / "child.py").write_text(TELLS)
    process = subprocess.Popen(
        [sys.executable, "-m", "aineon.runtime.leash", "closed", "5", "child"],
        cwd=tmp_path,
        env=dict(os.environ) | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        stdin=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        process.stdin.write(b'{"PRIVATE_KEY":')
        process.stdin.flush()
        process.stdin.write(b' "x"}\n')
        process.stdin.flush()
        until((tmp_path / f"ready.{process.pid}").exists)
        assert json.loads((tmp_path / "heard").read_text()) == {"PRIVATE_KEY": "x"}
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(30) != 0


def test_who_dies_before_the_handover_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "child.py").write_text(TELLS)
    done = subprocess.run(
        [sys.executable, "-m", "aineon.runtime.leash", "closed", "5", "child"],
        cwd=tmp_path,
        env=dict(os.environ) | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        input=b'{"PRIVATE_KEY": "half of',
        check=False,
    )
    assert done.returncode == 137
    assert not (tmp_path / "heard").exists()


def test_much_is_handed_over_too(tmp_path: Path, tended: Callable[[Program], Child]) -> None:
    """More than a pipe holds at once."""
    secrets = {"AINEON_RPC_URLS": "x" * 300_000}
    child = tended(program(tmp_path, TELLS, secrets))
    until(is_ready(tmp_path, child))
    assert json.loads((tmp_path / "heard").read_text()) == secrets


def test_a_child_that_gets_no_secrets_has_the_leash_alone(
    tmp_path: Path, tended: Callable[[Program], Child]
) -> None:
    child = tended(program(tmp_path, DEAF, None))
    # Between fork and exec a process has no command line.
    until(lambda: bool(psutil.Process(child.pid).cmdline()))
    assert "open" in psutil.Process(child.pid).cmdline()
