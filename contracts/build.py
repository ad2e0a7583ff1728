"""Compile the executor and write what the tree keeps of it: `python contracts/build.py`.

Two copies of one JSON file: beside the source, and in the library, which the wheel ships. A test
compiles again and compares them byte for byte.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SOURCE = HERE / "AineonExecutor.vy"
COPIES = (
    HERE / "AineonExecutor.json",
    HERE.parent / "aineon" / "execution" / "contract" / "AineonExecutor.json",
)
COMPILER = "0.4.3"
EVM = "cancun"
# `gas` beats `codesize` and `none` on every route that tests/benchmarks/test_gas.py measures.
OPTIMIZER = "gas"
COMPILE_SECONDS = 100
_WORD = 32


class CompilationFailed(Exception):
    """What Vyper said."""


def vyper(source: str, formats: str) -> list[str]:
    """Return Vyper's answers, one a format, for a source given as text.

    Raises:
        CompilationFailed: it is no valid source.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / SOURCE.name
        file.write_text(source, "utf-8")
        command = [sys.executable, "-m", "vyper.cli.vyper_compile", "-f", formats]
        command += ["--optimize", OPTIMIZER, "--evm-version", EVM, str(file)]
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=COMPILE_SECONDS, check=False
        )
    if done.returncode:
        raise CompilationFailed(done.stderr[-2000:])
    return done.stdout.strip().splitlines()


def compiled() -> dict[str, Any]:
    """Return the compiled executor as the JSON files hold it."""
    abi, creation, runtime, layout = vyper(
        SOURCE.read_text("utf-8"), "abi,bytecode,bytecode_runtime,layout"
    )
    immutables = json.loads(layout)["code_layout"]
    placed = sorted(immutables, key=lambda name: int(immutables[name]["offset"]))
    assert [immutables[name]["offset"] for name in placed] == list(
        range(0, len(placed) * _WORD, _WORD)
    ), "immutables are no longer one word each"
    return {
        "contract": SOURCE.stem,
        "compiler": COMPILER,
        "settings": {"optimize": OPTIMIZER, "evm_version": EVM},
        "abi": json.loads(abi),
        "bytecode": creation,
        "runtime": runtime,
        "immutables": placed,
    }


def spelled() -> str:
    """Return the text of both copies."""
    return json.dumps(compiled(), indent=1) + "\n"


def main() -> None:
    """Write both copies."""
    text = spelled()
    for copy in COPIES:
        copy.write_text(text, "utf-8")
        print(f"{copy.relative_to(HERE.parent)}: {len(text):,} characters")


if __name__ == "__main__":
    main()
