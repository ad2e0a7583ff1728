"""Sets up an environment for each peer, outside git: `python3 dev.py bench` calls it.

A peer that cannot be installed here is left out with a notice; the benchmarks then skip it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / ".cache" / "peers"
RUNNERS = Path(__file__).resolve().parent
_SET_UP_SECONDS = 900
_RUN_SECONDS = 600


@dataclass(frozen=True)
class Peer:
    """Another library and how its work is run.

    Attributes:
        name: library and version, as the table names it.
        runner: the script beside this file.
        pythons: interpreters it may run with, best first; none for Node.
        package: what the package manager is asked for.
        probe: what must work in the finished environment.
    """

    name: str
    runner: str
    package: str
    pythons: tuple[str, ...]
    probe: str

    @property
    def home(self) -> Path:
        return FOLDER / self.name.replace("/", "-").replace(" ", "-").strip("@")

    @property
    def program(self) -> Path:
        """What runs the script."""
        if not self.pythons:
            return Path(shutil.which("node") or "node")
        return self.home / "bin" / "python"

    @property
    def is_there(self) -> bool:
        """Whether it has been set up."""
        return (self.home / "ready").exists()

    def run(self, work: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the runner measured."""
        done = subprocess.run(
            [self.program, RUNNERS / self.runner],
            input=json.dumps(work),
            capture_output=True,
            text=True,
            cwd=self.home,
            timeout=_RUN_SECONDS,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{self.name} failed:\n{done.stderr[-2000:]}")
        return json.loads(done.stdout.splitlines()[-1])


DEGENBOT_03 = Peer(
    "degenbot 0.3.0",
    "run_degenbot_03.py",
    "degenbot==0.3.0",
    (sys.executable, "python3.12", "python3.11"),
    "import degenbot",
)
DEGENBOT_06 = Peer(
    "degenbot 0.6",
    "run_degenbot_06.py",
    "degenbot==0.6.0a17",
    ("python3.13", "python3.14", "python3.12"),
    "import degenbot",
)
V3_SDK = Peer("@uniswap/v3-sdk 3.31.5", "run_v3_sdk.mjs", "@uniswap/v3-sdk@3.31.5", (), "")
PEERS = (DEGENBOT_03, DEGENBOT_06, V3_SDK)


def main() -> None:
    """Set up what is missing."""
    for peer in PEERS:
        if peer.is_there:
            continue
        shutil.rmtree(peer.home, ignore_errors=True)
        ready = _with_node(peer) if not peer.pythons else _with_python(peer)
        if ready:
            (peer.home / "ready").touch()
        else:
            print(f"notice: {peer.name} cannot be installed here; it is left out.", flush=True)


def _with_python(peer: Peer) -> bool:
    for python in _found(peer.pythons):
        shutil.rmtree(peer.home, ignore_errors=True)
        steps = (
            [python, "-m", "venv", peer.home],
            [peer.program, "-m", "pip", "install", "--quiet", peer.package],
            [peer.program, "-c", peer.probe],
        )
        if _all_succeed(steps):
            return True
    return False


def _found(names: Iterable[str]) -> Iterator[str]:
    """Interpreters of these names on the path, or among those that pyenv keeps."""
    kept = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for name in names:
        if found := shutil.which(name):
            yield found
        yield from map(str, kept.glob(f"*/bin/{name}"))


def _with_node(peer: Peer) -> bool:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return False
    peer.home.mkdir(parents=True)
    (peer.home / "package.json").write_text('{"private": true}\n')
    install = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", peer.package]
    return _all_succeed([install], cwd=peer.home)


def _all_succeed(steps: Iterable[list[str | Path]], cwd: Path | None = None) -> bool:
    run: Callable[..., subprocess.CompletedProcess[bytes]] = subprocess.run
    try:
        return all(
            run(step, cwd=cwd, capture_output=True, timeout=_SET_UP_SECONDS, check=False).returncode
            == 0
            for step in steps
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


if __name__ == "__main__":
    main()
