"""These tests' contracts, and the executor without one defence: compiled once, then cached."""

from __future__ import annotations

import gc
import hashlib
import os
import warnings
from functools import cache as once
from pathlib import Path

from aineon.errors import Unavailable
from aineon.rehearsal.packages import cache

CONTRACTS = Path(__file__).resolve().parent / "contracts"
EXECUTOR = Path(__file__).resolve().parents[3] / "contracts" / "AineonExecutor.vy"


@once
def helper(name: str) -> str:
    """Return the creation code of one of the contracts in this folder."""
    return creation_code((CONTRACTS / f"{name}.vy").read_text("utf-8"))


def mutant(before: str, after: str) -> str:
    """Return the creation code of the executor with one text changed, which stands there once."""
    source = EXECUTOR.read_text("utf-8")
    assert source.count(before) == 1, f"found {source.count(before)} times: {before}"
    return creation_code(source.replace(before, after))


def creation_code(source: str) -> str:
    """Return what Vyper makes of a source, without optimising: that takes three times as long."""
    key = hashlib.sha256(source.encode()).hexdigest()[:24]
    kept = cache() / "benches" / f"executor-{key}.hex"
    if not kept.is_file():
        code = _compile(source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_suffix(f".{os.getpid()}")
        temporary.write_text(code, "utf-8")
        temporary.replace(kept)
    return kept.read_text("utf-8")


def _compile(source: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from vyper.compiler import compile_code
            from vyper.compiler.settings import OptimizationLevel, Settings
    except ImportError as missing:
        raise Unavailable("Vyper is not installed: `python3 dev.py setup --dev`") from missing
    settings = Settings(optimize=OptimizationLevel.NONE, evm_version="cancun")
    # Its trees are thrown away as a whole: looking for garbage among them takes a fifth longer.
    gc.disable()
    try:
        made = compile_code(source, output_formats=("bytecode",), settings=settings)
    finally:
        gc.enable()
    return str(made["bytecode"])
