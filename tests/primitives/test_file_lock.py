"""Locks on files: waiting for who holds one, and for nothing else."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from aineon.primitives import file_lock
from aineon.primitives.file_lock import locked


def test_one_that_is_held_is_waited_for_and_then_told(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        locked(path, 0.0),
        pytest.raises(TimeoutError, match="is held by somebody else"),
        locked(path, 0.0),
    ):
        pass
    with locked(path, 0.0):
        pass


def test_what_is_no_holder_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def without_locks(descriptor: int) -> None:
        tried.append(descriptor)
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(file_lock, "take", without_locks)
    # With patience for a while: it raises at once.
    with pytest.raises(OSError, match="No locks available") as raised, locked(tmp_path / "l", 1.0):
        pass
    assert raised.value.errno == errno.ENOLCK
    assert len(tried) == 1
