"""Recorded answers from mainnet, where they are at hand.

They live beside the repository, not in it. A test that needs one is skipped with a notice
where the folder is absent; `AINEON_SHARED_DATA` names another folder.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(
    os.environ.get("AINEON_SHARED_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data"
)


def path_of(name: str) -> Path:
    """Return the path of recorded file `name`, or skip the test with a notice."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"recorded data {name} is not at hand (looked in {FOLDER})")
    return path


def load_json(name: str) -> Any:
    """Return the content of recorded JSON file `name`, or skip the test with a notice."""
    return json.loads(path_of(name).read_text())
