"""Python examples on the pages run, in their order, and a wrong one is noticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tests.tooling.locks import ROOT

FENCE = "```"
PAGE = f"""# A page

{FENCE}python
import asyncio
seen = []
{FENCE}

{FENCE}python
await asyncio.sleep(0)
seen.append(1)
{FENCE}

{FENCE}python
seen.append(2)
{FENCE}

{FENCE}python
seen.append(3)
{FENCE}

{FENCE}python
>>> seen
[1, 2, 3]
{FENCE}
"""


def run_pages(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on `folder` with this repository's configuration."""
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "tests").mkdir()
    (folder / "tests" / "test_one.py").write_text("def test_one():\n    pass\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_examples_run_in_the_order_of_the_page(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(PAGE)
    done = run_pages(tmp_path, "--randomly-seed=3")
    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_control_a_wrong_example_fails(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text(PAGE.replace("[1, 2, 3]", "[3]"))
    done = run_pages(tmp_path)
    assert done.returncode == 1
    assert "docs/page.md" in done.stdout


def test_no_page_is_no_error(tmp_path: Path) -> None:
    done = run_pages(tmp_path)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
