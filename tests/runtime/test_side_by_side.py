from __future__ import annotations

import os
import sys
from types import ModuleType

import pytest

from aineon.errors import ConfigurationError, OptimizerError
from aineon.runtime.side_by_side import run_here, run_side_by_side
from tests.runtime.jobs import Doubling, Dying, Refusing


@pytest.fixture(autouse=True)
def _no_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new process runs its parent's script anew, and tests of pages leave theirs behind."""
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))


def test_results_come_in_the_order_of_the_jobs_and_what_is_said_comes_along() -> None:
    before = os.environ.get("OMP_NUM_THREADS")
    said: list[str] = []
    assert run_side_by_side([Doubling(n) for n in (4, 1, 3)], 2, said.append) == [8, 2, 6]
    assert {f"doubling {n}: threads 1" for n in (4, 1, 3)} < set(said)
    assert [words for words in said if "done" in words] == [f"{n} of 3 done" for n in (1, 2, 3)]
    assert os.environ.get("OMP_NUM_THREADS") == before


def test_what_a_job_refuses_is_refused_here() -> None:
    with pytest.raises(ConfigurationError, match="this cannot be done"):
        run_side_by_side([Refusing()], 1, [].append)


def test_a_process_that_ends_early_is_named() -> None:
    with pytest.raises(OptimizerError, match="the process of dying ended before it was done"):
        run_side_by_side([Dying()], 1, [].append)


def test_here_is_the_same_without_processes() -> None:
    said: list[str] = []
    assert run_here([Doubling(4), Doubling(1)], said.append) == [8, 2]
    assert said == ["doubling 4: threads 1", "doubling 1: threads 1"]
