"""Fetching: pinned, checked, idempotent, and one line where it cannot be."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from aineon.errors import Unavailable
from aineon.rehearsal import packages
from aineon.rehearsal.packages import Package

NPM = """\
import pathlib, sys
folder = next(a.split("=", 1)[1] for a in sys.argv if a.startswith("--pack-destination="))
pathlib.Path(folder, "x.tgz").write_bytes(pathlib.Path({archive!r}).read_bytes())
pathlib.Path({calls!r}).open("a").write(sys.argv[2] + "\\n")
"""


def archive_of(**files: str) -> bytes:
    """An npm archive with these files."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(f"package/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    return content.getvalue()


def pinned(content: bytes, *files: str, name: str = "@some/thing") -> Package:
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    return Package(name, "1.2.3", digest, files)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv("AINEON_CONTRACTS_CACHE", str(place))
    return place


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An npm that packs one archive whatever is asked; its calls are written down."""
    archive, calls = tmp_path / "a.tgz", tmp_path / "calls"
    archive.write_bytes(archive_of(kept="code", left="unused"))
    source = NPM.format(archive=str(archive), calls=str(calls))
    monkeypatch.setattr(packages, "npm_command", lambda say: [sys.executable, "-c", source])
    package = pinned(archive.read_bytes(), "kept")
    monkeypatch.setattr(packages, "CONTRACTS", (package,))
    monkeypatch.setattr(packages, "ANVILS", {})
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    return calls


def test_only_what_is_used_is_kept(npm: Path, own_cache: Path) -> None:
    packages.fetch_all(print)
    kept = [path.relative_to(own_cache) for path in own_cache.rglob("*") if path.is_file()]
    assert kept == [Path("some-thing-1.2.3/kept")]
    assert packages.present(packages.CONTRACTS[0], "kept").read_text("utf-8") == "code"


def test_a_second_time_asks_nothing(npm: Path) -> None:
    packages.fetch_all(print)
    packages.fetch_all(print)
    assert npm.read_text("utf-8") == "@some/thing@1.2.3\n"


def test_a_checkout_that_wants_more_files_fetches_again(
    npm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages.fetch_all(print)
    more = packages.CONTRACTS[0]._replace(files=("kept", "left"))
    monkeypatch.setattr(packages, "CONTRACTS", (more,))
    packages.fetch_all(print)
    assert packages.present(more, "left").read_text("utf-8") == "unused"


def test_an_archive_that_is_not_the_pinned_one_is_refused(
    npm: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = packages.CONTRACTS[0]._replace(sha512="AAAA")
    monkeypatch.setattr(packages, "CONTRACTS", (other,))
    with pytest.raises(Unavailable, match="it was refused"):
        packages.fetch_all(print)
    assert not other.folder.exists()


def test_a_file_that_the_package_does_not_hold_is_named(
    npm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = packages.CONTRACTS[0]._replace(files=("absent",))
    monkeypatch.setattr(packages, "CONTRACTS", (other,))
    with pytest.raises(Unavailable, match=r"@some/thing 1\.2\.3 has no file absent"):
        packages.fetch_all(print)


def test_what_is_missing_says_how_to_get_it(own_cache: Path) -> None:
    with pytest.raises(Unavailable, match=r"is not at hand .*rehearsal\.packages` fetches it"):
        packages.present(packages.UNISWAP_V2, "build/UniswapV2Factory.json")


def test_without_npm_and_without_its_wheel_one_line_says_so(tmp_path: Path) -> None:
    env = {**os.environ, "PATH": str(tmp_path), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    done = subprocess.run(
        [sys.executable, "-m", "aineon.rehearsal.packages"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("notice: the real contracts are not at hand: ")
    assert done.stderr.endswith("tests against them skip.\n")
    assert done.stderr.count("\n") == 1


def test_every_pin_is_a_sha512() -> None:
    every = [*packages.CONTRACTS, *packages.ANVILS.values()]
    assert {len(base64.b64decode(package.sha512)) for package in every} == {64}


def test_the_node_wheels_are_pinned_by_hash() -> None:
    text = packages.NPM_LOCK.read_text("utf-8")
    assert text.count("==") == 1
    assert "--hash=sha256:" in text


def test_without_a_checkout_the_users_cache_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AINEON_CONTRACTS_CACHE")
    assert packages.cache() == packages.CHECKOUT / ".cache" / "contracts"
    monkeypatch.setattr(packages, "CHECKOUT", tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert packages.cache() == tmp_path / "user" / "aineon" / "contracts"


def test_a_folder_that_cannot_be_made_is_named(
    npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    monkeypatch.setenv("AINEON_CONTRACTS_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(Unavailable, match="file/cache cannot be made: Not a directory"):
        packages.fetch_all(print)
