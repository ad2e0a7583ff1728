"""`aineon` as people meet it: a process of its own, its output, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from aineon.ledger import BookStore, ControlStore
from aineon.primitives import Book
from aineon.runtime.settings import PARAMETERS
from tests.cli.nest import Nest

ROOT = Path(__file__).resolve().parents[2]
KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
SHORT = ("--warm-up", "2", "--blocks", "3")


class Shell:
    """Runs `aineon` in a folder of its own, with no settings but those given."""

    def __init__(self, folder: Path, nest: Nest | None, notes: Path) -> None:
        self.folder = folder
        self._nest = nest
        self._notes = notes

    def environment(self, **env: str) -> dict[str, str]:
        names = {parameter.env for parameter in PARAMETERS.values()}
        base = {name: value for name, value in os.environ.items() if name not in names}
        return base | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "100"} | env

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "aineon", *arguments],
            cwd=self.folder,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def aineon(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        if self._nest is not None:
            return self._nest.run(arguments, self.folder, self.environment(**env), self._notes)
        with self.start(*arguments, **env) as process:
            out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def open_books(shell: Shell) -> Path:
    """Create or open the databases, as the engine does, and return their folder."""
    var = shell.folder / "var"
    ControlStore.open(f"sqlite:///{var}/control.db").close()
    BookStore.open(f"sqlite:///{var}/simulation.db", Book.SIMULATION).close()
    return var


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on standard error; a traceback would be more than one."""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert done.stdout == ""
    return lines[0].removeprefix("error: ")
