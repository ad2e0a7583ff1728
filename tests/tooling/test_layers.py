"""The lower layers import the standard library and each other, and nothing more."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tooling.locks import ROOT

ALLOWED = {
    "errors.py": set(),
    "primitives": set(),
    "amm": set(),
    "market": set(),
    "search": {"numpy"},
}


def imports(source: str) -> Iterator[str]:
    """The top-level packages that a module names, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


def foreign(source: str, allowed: set[str]) -> set[str]:
    return set(imports(source)) - sys.stdlib_module_names - {"aineon"} - allowed


def modules(part: str) -> list[Path]:
    place = ROOT / "aineon" / part
    return [place] if place.is_file() else sorted(place.rglob("*.py"))


@pytest.mark.parametrize("part", ALLOWED)
def test_lower_layers_need_no_packages(part: str) -> None:
    found = {
        str(module.relative_to(ROOT)): names
        for module in modules(part)
        if (names := foreign(module.read_text(encoding="utf-8"), ALLOWED[part]))
    }
    assert modules(part)
    assert found == {}


def test_control_a_hidden_import_is_seen() -> None:
    source = "import math\ndef f():\n    from web3.types import Wei\n"
    assert foreign(source, {"numpy"}) == {"web3"}


def test_every_package_of_the_library_has_a_layer() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = pyproject["tool"]["importlinter"]["contracts"][0]
    named = {name.strip("() ") for layer in contract["layers"] for name in layer.split("|")}
    packages = {place.parent.name for place in (ROOT / "aineon").glob("*/__init__.py")}
    assert packages <= named
