"""Files with secrets: others cannot read them, and no crash leaves half of one."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from aineon.errors import UnsafeFile
from aineon.primitives import private_files
from aineon.primitives.private_files import read_private, replace_private, write_private

posix = pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "secret"
    write_private(path, b"one")
    assert read_private(path, 100) == b"one"
    replace_private(path, b"two")
    assert read_private(path, 100) == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["secret"]


@posix
def test_the_owner_alone_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    before = os.umask(0)
    try:
        write_private(path, b"one")
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        replace_private(path, b"two")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, b"one")
    with pytest.raises(FileExistsError):
        write_private(path, b"two")
    assert path.read_bytes() == b"one"
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("links", [True, False])
def test_of_many_writers_one_wins_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def no_links(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", no_links)
    path = tmp_path / "secret"
    refused: list[int] = []

    def write(number: int) -> None:
        try:
            write_private(path, bytes([number]) * 50_000)
        except FileExistsError:
            refused.append(number)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    content = path.read_bytes()
    assert len(refused) == 7
    assert content[0] not in refused
    assert content == content[:1] * 50_000
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_cannot_be_written_leaves_all_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "secret"
    write_private(path, b"one")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os if step == "fsync" else private_files.Path, step, full)
    with pytest.raises(OSError, match="No space"):
        replace_private(path, b"two")
    assert path.read_bytes() == b"one"
    assert [p.name for p in tmp_path.iterdir()] == ["secret"]


def test_file_and_folder_are_synced_in_this_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def note(descriptor: int) -> None:
        done.append("folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "file")
        fsync(descriptor)

    def renamed(self: Path, target: Path) -> Path:
        done.append("rename")
        return replace(self, target)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc to tell a file from a folder")
    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(Path, "replace", renamed)
    replace_private(tmp_path / "secret", b"one")
    assert done == ["file", "rename", "folder"]


@posix
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o666, 0o610])
def test_a_file_that_others_can_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"one")
    path.chmod(mode)
    with pytest.raises(UnsafeFile, match="by other users.*chmod 600"):
        read_private(path, 100)
    for private in (0o600, 0o400):
        path.chmod(private)
        assert read_private(path, 100) == b"one"


@posix
def test_a_file_of_roots_may_be_open_to_our_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"one")
    path.chmod(0o640)
    owner = path.stat().st_uid
    monkeypatch.setattr(private_files, "_ROOT", owner)
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert read_private(path, 100) == b"one"
    path.chmod(0o644)
    with pytest.raises(UnsafeFile, match="allowed is 0640"):
        read_private(path, 100)
    monkeypatch.setattr(private_files, "_ROOT", owner + 2)
    with pytest.raises(UnsafeFile, match="belongs to another user"):
        read_private(path, 100)


def test_other_things_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_private(tmp_path / "nowhere", 100)
    path = tmp_path / "long"
    write_private(path, b"x" * 101)
    with pytest.raises(UnsafeFile, match="longer than 100 bytes"):
        read_private(path, 100)
    assert len(read_private(path, 101)) == 101


@posix
def test_folders_and_devices_are_refused_and_a_pipe_is_read(tmp_path: Path) -> None:
    for place in (tmp_path, Path("/dev/zero")):
        with pytest.raises(UnsafeFile, match="is not a file"):
            read_private(place, 100)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"from a pipe",))
    writer.start()
    assert read_private(pipe, 100) == b"from a pipe"
    writer.join()
