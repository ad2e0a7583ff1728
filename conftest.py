"""What holds for tests and handbook alike.

The Python examples of README.md and the handbook run as tests, in the order of the page; and files
that take minutes begin first, so that no worker is left alone with one at the end.
"""

from __future__ import annotations

import ast
import asyncio
import gc
import inspect
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser, SkipParser


def run_example(example: Example) -> None:
    """Run one code block; `await` and `async with` may stand outside functions."""
    code = compile(
        # Blank lines before it make a failure name the line of the page.
        "\n" * (example.line + example.parsed.line_offset) + example.parsed,
        example.path,
        "exec",
        flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT,
        dont_inherit=True,
    )
    result = eval(code, example.namespace)  # noqa: S307 - our own pages
    if inspect.iscoroutine(result):
        asyncio.run(result)


# Blocks with prompts (>>>) are compared with the output they show; all others just run.
_python = PythonCodeBlockParser()
_python.codeblock_parser = CodeBlockParser("python", run_example)

pytest_collect_file = Sybil(
    parsers=[_python, SkipParser()], patterns=["README.md", "docs/*.md"]
).pytest()


LONG = (
    "tests/faults/",
    "tests/search/test_sizing_mixed.py",
    "tests/search/test_capture.py",
    "tests/cli/",
    "tests/sending/test_lives.py",
    "tests/contracts/",
    "tests/engine/test_incremental.py",
    "tests/console/",
    "tests/rehearsal/",
    "tests/execution/live/",
    "tests/runtime/test_side_by_side.py",
    "tests/runtime/test_bench.py",
    "tests/runtime/test_model_desk.py",
    "tests/runtime/test_sandbox_profit.py",
    "tests/runtime/test_conformance.py",
    "tests/runtime/test_backups.py",
    "tests/treasury/test_m",
    "tests/tooling/test_clean_checkout.py",
    "tests/tooling/test_examples.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, and put the examples of a page back into its order.

    Later examples use what earlier ones made.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
    places = [place for place, item in enumerate(items) if _is_example(item)]
    examples = sorted((items[place] for place in places), key=_place_on_page)
    for place, example in zip(places, examples, strict=True):
        items[place] = example


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Have the garbage collector leave alone what stays: eight thousand tests and their modules."""
    gc.freeze()


def _is_example(item: pytest.Item) -> bool:
    return Path(item.path).suffix == ".md"


def _place_on_page(item: pytest.Item) -> tuple[str, int]:
    _, line, _ = item.reportinfo()
    return str(item.path), line or 0
