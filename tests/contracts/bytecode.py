"""Bytecode: of the real contracts, from the cache; of our benches, compiled by Vyper."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from aineon.errors import Unavailable
from aineon.rehearsal.packages import Package, cache, present

BENCHES = Path(__file__).resolve().parent / "benches"
COMPILE_SECONDS = 100


def real_contract(package: Package, file: str) -> str:
    """Return the creation code of a contract in a fetched package.

    Raises:
        Unavailable: the package was not fetched.
    """
    artifact: dict[str, Any] = json.loads(present(package, file).read_text("utf-8"))
    code = artifact["bytecode"]
    return str(code)


def bench(name: str) -> str:
    """Return the creation code of one of our own contracts; compiled once, then cached.

    Raises:
        Unavailable: Vyper is not installed.
    """
    source = BENCHES / f"{name}.vy"
    key = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    compiled = cache() / "benches" / f"{name}-{key}.hex"
    if not compiled.is_file():
        code = compile_with_vyper(source)
        compiled.parent.mkdir(parents=True, exist_ok=True)
        temporary = compiled.with_suffix(f".{os.getpid()}")
        temporary.write_text(code, "utf-8")
        temporary.replace(compiled)
    return compiled.read_text("utf-8")


def compile_with_vyper(source: Path) -> str:
    """Return the creation code of a Vyper source."""
    if importlib.util.find_spec("vyper") is None:
        raise Unavailable("Vyper is not installed: `python3 dev.py setup --dev`")
    command = [sys.executable, "-m", "vyper.cli.vyper_compile", "-f", "bytecode", str(source)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False
    )
    if done.returncode:
        raise AssertionError(f"{source.name} does not compile: {done.stderr[-2000:]}")
    return done.stdout.split()[-1]
