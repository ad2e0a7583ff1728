"""The small files around the code say what they should, and tools can read them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import operator_variables
from tests.operator_names import OPERATOR_NAMES
from tests.tooling.locks import ROOT


def python(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


# --- .streamlit/config.toml ----------------------------------------------------------------


def flat(table: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Return a table of tables as one, with dotted names."""
    found: dict[str, Any] = {}
    for name, value in table.items():
        of_it = flat(value, f"{before}{name}.") if isinstance(value, dict) else None
        found |= {f"{before}{name}": value} if of_it is None else of_it
    return found


def test_streamlit_knows_every_option() -> None:
    pytest.importorskip("streamlit")
    code = (
        "import json; from streamlit import config; config.get_config_options();"
        "print(json.dumps({k: config.get_option(k) for k in config._config_options_template}))"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    effective = json.loads(done.stdout.splitlines()[-1])
    written = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    options = flat(written)
    assert options == {name: effective.get(name) for name in options}
    assert options["runner.postScriptGC"] is False
    assert options["server.address"] == "127.0.0.1"
    assert options["server.enableAgentApi"] is False
    assert options["client.showErrorDetails"] == "none"
    assert options["browser.gatherUsageStats"] is False


# --- .env.example --------------------------------------------------------------------------


def test_env_example_names_what_operators_expect_and_sets_nothing() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert operator_variables() == OPERATOR_NAMES
    assert all(line.startswith("#") for line in text.splitlines() if line)


def test_settings_of_the_operator_are_out_of_sight() -> None:
    assert not operator_variables() & set(os.environ)


# --- hooks, make, continuous integration ---------------------------------------------------


def test_hooks_fetch_nothing() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    assert {repo["repo"] for repo in hooks["repos"]} == {"local"}
    ids = {hook["id"] for repo in hooks["repos"] for hook in repo["hooks"]}
    assert ids == {"ruff", "ruff-format", "mypy", "import-linter"}


def test_pre_commit_reads_the_hooks() -> None:
    pytest.importorskip("pre_commit")
    done = python("-m", "pre_commit", "validate-config", ".pre-commit-config.yaml")
    assert done.returncode == 0, done.stdout


def test_make_has_every_task() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.search(r"(?m)^(.*): *\n\t.*dev\.py \$@", text)[1].split())  # type: ignore[index]
    listed = python("dev.py", "help").stdout
    tasks = set(re.findall(r"(?m)^  (\w+) ", listed))
    assert targets == tasks - {"tool"}


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_passes_arguments() -> None:
    command = [
        "make",
        "--no-print-directory",
        "-n",
        "run",
        "ARGS=--pace 0 --port 9000",
        "PYTHON=python3",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "python3 dev.py run --pace 0 --port 9000"


@pytest.mark.skipif(os.name != "posix", reason="a shell script")
def test_continuous_integration_calls_the_test_task() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
    last = script.read_text(encoding="utf-8").split("has make; then")[1]
    assert re.findall(r"exec (.*)", last) == ["make test", "python3 dev.py test"]


# --- the wheel -----------------------------------------------------------------------------


def test_the_wheel_ships_the_library_alone(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    done = python("-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path))
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("aineon-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
        assert "aineon = aineon.cli.main:main" in archive.read(entry_points).decode()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"aineon"}
    assert {"aineon/__init__.py", "aineon/py.typed"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
