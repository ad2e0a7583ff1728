"""A process by itself ends what keeps it alive: well where it ended well, badly otherwise."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import pytest

from aineon.runtime.apart import Alone, api_program
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.processes import Child, Program
from aineon.runtime.settings import load_settings
from aineon.runtime.supervisor import Crew


def alone(folder: Path, code: int, *, essential: bool, restarts: int = 0) -> tuple[Alone, Child]:
    (folder / "ends.py").write_text(f"raise SystemExit({code})\n")
    program = Program(
        name="engine",
        module="ends",
        arguments=(),
        environment={"PYTHONPATH": f"{folder}:{Path(__file__).resolve().parents[2]}"},
        folder=folder,
        restarts=restarts,
        essential=essential,
    )
    child = Child(program, 1.0, lambda _: None)
    return Alone(Crew([[child]], 1.0, lambda _: None), lambda: (child,)), child


@pytest.mark.skipif(sys.platform == "win32", reason="paths are joined by a colon")
@pytest.mark.parametrize(
    ("code", "essential", "ends"),
    [(0, False, 0), (1, False, 1), (3, False, 3), (1, True, 1), (2, False, 2), (0, True, 1)],
)
def test_it_ends_as_its_process_did(tmp_path: Path, code: int, essential: bool, ends: int) -> None:
    watched, child = alone(tmp_path, code, essential=essential)
    found = None
    for now in itertools.count():
        found = watched.tend(float(now))
        if found is not None:
            break
        if child.pid is not None and child._process is not None:
            child._process.wait(timeout=60)
    assert found == ends


def test_the_api_is_told_nothing_that_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "0x" + "a1" * 32
    monkeypatch.setenv("PRIVATE_KEY", key)
    settings = load_settings(env={"PRIVATE_KEY": key, "AINEON_API_TOKEN": "t" * 40, "PORT": "9000"})
    program = api_program(settings)
    assert program.secrets is None
    assert not any(key[2:] in value for value in program.environment.values())
    assert program.environment["AINEON_API_TOKEN"] == "t" * 40
    assert SUPERVISED_VARIABLE not in program.environment
    assert program.arguments == ("--host", "127.0.0.1", "--port", "9000")
