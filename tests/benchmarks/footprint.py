"""A whole AINEON in processes of its own, and how much memory it takes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.benchmarks.goals import MEGABYTE, MEMORY_GOAL

ROOT = Path(__file__).resolve().parents[2]
_CONTROLLER = Path("/sys/fs/cgroup/memory")


@dataclass(frozen=True)
class Running:
    """A supervisor with its engine and console.

    Attributes:
        url: where the console answers.
        group: memory control group (version 1) that holds all of it; None where there is none.
    """

    process: psutil.Process
    url: str
    group: Path | None

    def console_seconds(self) -> float:
        """Seconds of a processor that the console took so far."""
        [console] = [each for each in self.process.children() if "app" in each.cmdline()]
        times = console.cpu_times()
        return float(times.user + times.system)

    def killed(self) -> int:
        """How many processes the kernel has killed because the group had no memory left."""
        if self.group is None:
            return 0
        told = (self.group / "memory.oom_control").read_text().splitlines()
        return int(dict(line.split() for line in told)["oom_kill"])

    def memory(self) -> tuple[int, str]:
        """Bytes in use by all processes, and how they were counted.

        A control group counts what is their own and what is mapped from files; the rest of its
        page cache the kernel takes back when it is needed. The group may not grow beyond the
        goal, so none of the processes would be alive with more.
        """
        if self.group is not None:
            lines = (self.group / "memory.stat").read_text().splitlines()
            stat = dict(line.split() for line in lines)
            used = int(stat["total_rss"]) + int(stat["total_mapped_file"])
            return used, f"cgroup limited to {MEMORY_GOAL // MEGABYTE} MB"
        family = [self.process, *self.process.children(recursive=True)]
        return sum(each.memory_full_info().pss for each in family), "proportional set size"


@contextmanager
def running(data_dir: Path, pools: int, warm_up: int) -> Iterator[Running]:
    """Start `aineon up` on a free port of this machine, and stop it again."""
    port = free_port()
    group = _new_group()
    command = [sys.executable, "-m", "aineon", "up", "--port", str(port), "--pools", str(pools)]
    command += ["--warm-up", str(warm_up), "--data-dir", str(data_dir)]
    if group is not None:
        # The shell joins the group and becomes the command: nothing of it runs outside.
        command = ["sh", "-c", 'echo $$ > "$0" && exec "$@"', str(group / "cgroup.procs"), *command]
    started = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "AINEON_ENV_FILE": "off"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Running(psutil.Process(started.pid), f"http://127.0.0.1:{port}", group)
    finally:
        started.terminate()
        started.wait(timeout=30)
        if group is not None:
            with suppress(OSError):
                group.rmdir()


def wait_until_served(url: str, seconds: float) -> bool:
    """Whether `url` answers within `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
        time.sleep(0.05)
    return False


def _new_group() -> Path | None:
    group = _CONTROLLER / f"aineon-{os.getpid()}-{time.monotonic_ns()}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(MEMORY_GOAL))
    except OSError:
        return None
    return group


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
