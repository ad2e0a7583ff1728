"""Runs `aineon` in processes forked from one that has everything imported already.

Each has its own folder, environment, output and exit code, as if started from a terminal; only the
seconds of importing are paid once. `Shell.start` starts the command the long way.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parents[2]
_MODULES = "alembic.command aineon.cli.main aineon.cli.run aineon.cli.doctor aineon.runtime.build"
_IN_CHILD = """
import importlib, json, os, sys
for name in sys.argv[1].split():
    importlib.import_module(name)
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    os._exit(0)
os.chdir(asked["folder"])
os.environ.clear()
os.environ.update(asked["env"])
for number, path in enumerate((os.devnull, asked["out"], asked["err"])):
    os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), number)
sys.stdin = open(0)
sys.argv = ["aineon", *asked["arguments"]]
from aineon.cli.main import main
sys.exit(main())
"""


class Nest:
    """A process from which commands are forked, one at a time; leave the `with` block to end it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _IN_CHILD, _MODULES],
            env={**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # A command that hangs is ended by the time limit of its test, and its parent here.
        self._process.kill()
        self._process.communicate()

    def run(
        self, arguments: tuple[str, ...], folder: Path, env: Mapping[str, str], notes: Path
    ) -> subprocess.CompletedProcess[str]:
        """Run `aineon` to its end; what it prints passes through files of the folder `notes`."""
        out, err = notes / "out", notes / "err"
        for path in (out, err):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        asked = {"arguments": arguments, "folder": str(folder), "env": dict(env)}
        line = json.dumps(asked | {"out": str(out), "err": str(err)})
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        code = int(self._process.stdout.readline())
        return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())
