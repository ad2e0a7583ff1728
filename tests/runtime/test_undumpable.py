"""What a process of the same user can read of ours: nothing, and everything without the call."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("only Linux has /proc and prctl", allow_module_level=True)

NOBODY = 65_534
SOURCE = (Path(__file__).resolve().parents[2] / "aineon" / "runtime" / "undumpable.py").read_text()
HOLDER = """
import sys
exec(sys.argv[2], us := {"__name__": "undumpable"})
held = "held-" + "canary"
if sys.argv[1] == "closed":
    us["forbid_dumps"]()
print("ready", flush=True)
sys.stdin.read()
"""
READER = """
import sys
pid, name = sys.argv[1:]
try:
    if name == "environ":
        print("told-canary" in open(f"/proc/{pid}/environ").read())
    elif name == "fd":
        import os
        print(os.readlink(f"/proc/{pid}/fd/0").startswith("pipe:"))
    else:
        found = False
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                span, mode, *_, = line.split()
                if mode.startswith("rw"):
                    start, end = (int(part, 16) for part in span.split("-"))
                    memory.seek(start)
                    try:
                        found = found or b"held-canary" in memory.read(end - start)
                    except OSError:
                        pass
        print(found)
except PermissionError:
    print("refused")
"""


def unprivileged() -> dict[str, object]:
    """How to start a child as an ordinary user, who is what the console's process is."""
    return {} if os.geteuid() else {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def python() -> str:
    """An interpreter that an ordinary user may start."""
    for candidate in (sys.executable, shutil.which("python3", path="/usr/bin:/bin")):
        if candidate is None:
            continue
        try:
            subprocess.run([candidate, "-c", ""], check=True, capture_output=True, **unprivileged())  # type: ignore[call-overload]
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    pytest.skip("no Python here may be started by an ordinary user")


@pytest.fixture(params=["closed", "open"])
def holder(request: pytest.FixtureRequest) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A process that holds a secret, as an ordinary user: one that is closed, and the control."""
    process = subprocess.Popen(  # type: ignore[call-overload]
        [python(), "-c", HOLDER, request.param, SOURCE],
        env={"TOLD": "told-canary"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd="/",
        **unprivileged(),
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        yield request.param, process
        process.kill()


@pytest.mark.parametrize("what", ["environ", "mem", "fd"])
def test_another_process_of_the_same_user_reads_nothing(
    holder: tuple[str, subprocess.Popen[str]], what: str
) -> None:
    kind, process = holder
    done = subprocess.run(  # type: ignore[call-overload]
        [python(), "-c", READER, str(process.pid), what],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        **unprivileged(),
    )
    assert done.stdout == ("refused\n" if kind == "closed" else "True\n")


def test_there_are_no_core_dumps() -> None:
    code = (
        "import resource, sys; sys.path.insert(0, sys.argv[1])\n"
        "from aineon.runtime.undumpable import forbid_dumps\n"
        "forbid_dumps(); forbid_dumps(); print(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, root], capture_output=True, text=True, check=True
    )
    assert done.stdout == "(0, 0)\n"
