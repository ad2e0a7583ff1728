"""One process of a kind in a data folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aineon.errors import StartError
from aineon.runtime.lock import FolderLock, engine_lock
from aineon.runtime.settings import load_settings

HOLD = """
import sys, time
from pathlib import Path
from aineon.runtime.lock import FolderLock
with FolderLock(Path(sys.argv[1]), "engine", "another engine"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with (
        FolderLock(tmp_path / "new", "engine", "another engine"),
        pytest.raises(StartError) as caught,
        FolderLock(tmp_path / "new", "engine", "another engine"),
    ):
        pass
    assert str(caught.value) == (
        f"another engine (process {os.getpid()}) already works in data folder {tmp_path}/new; "
        "stop it, or name another one in AINEON_DATA_DIR."
    )


def test_other_kinds_and_other_folders_do_not_matter(tmp_path: Path) -> None:
    with (
        FolderLock(tmp_path, "engine", "x"),
        FolderLock(tmp_path, "supervisor", "x"),
        FolderLock(tmp_path / "b", "engine", "x"),
    ):
        pass


def test_it_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with FolderLock(tmp_path, "engine", "x"):
            assert (tmp_path / "engine.lock").read_text() == f"{os.getpid()}\n"


def test_what_a_killed_process_left_is_stale(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StartError, match=rf"process {holder.pid}"):
            FolderLock(tmp_path, "engine", "another engine").__enter__()
        holder.kill()
        holder.wait()
    assert (tmp_path / "engine.lock").read_text() == f"{holder.pid}\n"
    with FolderLock(tmp_path, "engine", "another engine"):
        pass


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="cannot be written"):
        FolderLock(tmp_path / "file" / "x", "engine", "x").__enter__()


def test_one_book_has_one_engine_whatever_the_data_folders(tmp_path: Path) -> None:
    """Control: with a book of its own, the other engine may work."""
    one, same_book, own_book = [
        load_settings(
            {"AINEON_DATA_DIR": str(tmp_path / folder), "DATABASE_URL": f"sqlite:///{book}"}
        )
        for folder, book in (
            ("a", tmp_path / "shared.db"),
            ("b", tmp_path / "shared.db"),
            ("c", tmp_path / "other.db"),
        )
    ]
    with engine_lock(one):
        with engine_lock(own_book):
            pass
        with pytest.raises(StartError) as caught, engine_lock(same_book):
            pass
    assert str(caught.value) == (
        f"another engine (process {os.getpid()}) already works in database "
        f"{tmp_path}/shared-simulation.db; stop it, or name another one in DATABASE_URL."
    )
