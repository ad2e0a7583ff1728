"""Importing the library is light and silent."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.tooling.locks import ROOT

HEAVY = {
    "web3", "pandas", "sklearn", "streamlit", "sqlmodel", "sqlalchemy", "pydantic", "plotly",
    "numpy", "fastapi", "httpx", "eth_utils", "structlog", "rich", "typer",
}  # fmt: skip

PROBE = """
import json, logging, sys, threading
opened = []
def watch(event, arguments):
    if event in {"socket.connect", "socket.__new__", "subprocess.Popen", "os.system", "os.mkdir"}:
        opened.append([event, str(arguments[:1])])
    if event == "open" and not str(arguments[0]).endswith((".py", ".pyc", ".so", ".pyd")):
        # Python's own caches of folders and modules aside, nothing is opened.
        opened.append([event, str(arguments[0])])
IMPORTS
print(json.dumps({
    "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    "opened": opened,
    "handlers": [repr(handler) for handler in logging.getLogger().handlers],
    "loggers": [name for name in logging.Logger.manager.loggerDict if name.startswith("aineon")],
    "threads": threading.active_count(),
}))
"""


def probe(statements: str) -> dict[str, Any]:
    """Run `statements` in a fresh interpreter and return what they left behind."""
    code = PROBE.replace("IMPORTS", f"sys.addaudithook(watch)\n{statements}")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def imported() -> dict[str, Any]:
    return probe("import aineon, aineon.errors, aineon.primitives, aineon.amm, aineon.market")


def test_it_loads_nothing_heavy(imported: dict[str, Any]) -> None:
    assert HEAVY & set(imported["modules"]) == set()


def test_it_opens_nothing(imported: dict[str, Any]) -> None:
    assert imported["opened"] == []


def test_it_sets_up_no_logging_and_no_threads(imported: dict[str, Any]) -> None:
    assert imported["handlers"] == []
    assert imported["loggers"] == []
    assert imported["threads"] == 1


def test_help_waits_for_nothing_that_a_command_needs() -> None:
    """Neither for who signs, nor for ciphers, nor for databases (Typer asks for pydantic)."""
    found = probe(
        "import contextlib, io\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    from aineon.cli.main import app\n"
        "    app(['keys', '--help'])"
    )
    needed_later = {"eth_account", "cryptography", "eth_utils", "sqlalchemy", "web3"}
    assert not needed_later & set(found["modules"])
    assert "typer" in found["modules"]


def test_control_the_probe_sees_what_it_forbids() -> None:
    seen = probe(
        "import numpy, socket, logging\n"
        "logging.basicConfig()\n"
        "logging.getLogger('aineon.x')\n"
        "open('pyproject.toml').close()\n"
        "socket.socket().close()"
    )
    assert "numpy" in seen["modules"]
    assert seen["handlers"]
    assert "aineon.x" in seen["loggers"]
    assert {event for event, _ in seen["opened"]} >= {"open", "socket.__new__"}
