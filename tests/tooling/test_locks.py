"""requirements*.txt hold what pyproject.toml asks for, for every machine we name."""

from __future__ import annotations

import copy
import re
import tomllib

import pytest

from tests.tooling.locks import DEV_LOCK, ROOT, RUN_LOCK, faults, pins, read_locks

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = read_locks(ROOT)


def test_locks_agree_with_the_ranges() -> None:
    assert faults(PYPROJECT, LOCKS) == []


@pytest.mark.parametrize("lock", [RUN_LOCK, DEV_LOCK])
def test_locks_name_no_machine_and_no_registry(lock: str) -> None:
    text = LOCKS[lock]
    assert "://" not in text
    assert set(re.findall(r"(?m)^\s*(--?[a-z-]+)", text)) == {"--hash"}
    assert not re.search(r"(^|\s)/\w", text)


def test_every_pin_is_exact_and_hashed() -> None:
    for text in LOCKS.values():
        lines = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
        assert len(lines) == len(pins(text)) > 30


def test_control_a_range_that_the_pin_does_not_meet() -> None:
    changed = copy.deepcopy(PYPROJECT)
    changed["project"]["dependencies"][0] = "numpy>=99"
    assert any("`numpy>=99`" in fault for fault in faults(changed, LOCKS))


def test_control_a_new_dependency() -> None:
    changed = copy.deepcopy(PYPROJECT)
    changed["project"]["dependencies"].append("polars>=1")
    assert any("no version for `polars>=1`" in fault for fault in faults(changed, LOCKS))


def test_control_a_dependency_that_was_dropped() -> None:
    changed = copy.deepcopy(PYPROJECT)
    changed["project"]["dependencies"] = [
        line for line in changed["project"]["dependencies"] if not line.startswith("structlog")
    ]
    assert faults(changed, LOCKS) == [
        "requirements.txt holds structlog, which pyproject.toml no longer asks for"
    ]


def test_control_a_pin_for_some_machines_only() -> None:
    changed = {
        **LOCKS,
        RUN_LOCK: re.sub(r"(?m)^(rich==\S+)", r"\1 ; os_name == 'nt'", LOCKS[RUN_LOCK]),
    }
    assert any("no version for `rich" in fault for fault in faults(PYPROJECT, changed))


def test_control_locks_that_contradict_each_other() -> None:
    changed = {**LOCKS, DEV_LOCK: re.sub(r"(?m)^rich==\S+", "rich==1.0", LOCKS[DEV_LOCK])}
    assert faults(PYPROJECT, changed) == [
        "requirements-dev.txt pins rich==1.0, requirements.txt does not"
    ]


def test_control_a_pin_without_hash() -> None:
    changed = {**LOCKS, RUN_LOCK: LOCKS[RUN_LOCK] + "\nzzz==1.0\n"}
    assert "requirements.txt pins zzz without a hash" in faults(PYPROJECT, changed)
