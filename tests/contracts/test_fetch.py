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

from tests.contracts import fetch
from tests.contracts.fetch import Package, Unavailable

SCRIPT = Path(fetch.__file__)
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
    monkeypatch.setattr(fetch, "npm_command", lambda: [sys.executable, "-c", source])
    package = pinned(archive.read_bytes(), "kept")
    monkeypatch.setattr(fetch, "CONTRACTS", (package,))
    monkeypatch.setattr(fetch, "ANVILS", {})
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    return calls


def test_only_what_is_used_is_kept(npm: Path, own_cache: Path) -> None:
    fetch.fetch_all()
    kept = [path.relative_to(own_cache) for path in own_cache.rglob("*") if path.is_file()]
    assert kept == [Path("some-thing-1.2.3/kept")]
    assert fetch.present(fetch.CONTRACTS[0], "kept").read_text("utf-8") == "code"


def test_a_second_time_asks_nothing(npm: Path) -> None:
    fetch.fetch_all()
    fetch.fetch_all()
    assert npm.read_text("utf-8") == "@some/thing@1.2.3\n"


def test_a_checkout_that_wants_more_files_fetches_again(
    npm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch.fetch_all()
    more = fetch.CONTRACTS[0]._replace(files=("kept", "left"))
    monkeypatch.setattr(fetch, "CONTRACTS", (more,))
    fetch.fetch_all()
    assert fetch.present(more, "left").read_text("utf-8") == "unused"


def test_an_archive_that_is_not_the_pinned_one_is_refused(
    npm: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = fetch.CONTRACTS[0]._replace(sha512="AAAA")
    monkeypatch.setattr(fetch, "CONTRACTS", (other,))
    with pytest.raises(Unavailable, match="it was refused"):
        fetch.fetch_all()
    assert not other.folder.exists()


def test_a_file_that_the_package_does_not_hold_is_named(
    npm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = fetch.CONTRACTS[0]._replace(files=("absent",))
    monkeypatch.setattr(fetch, "CONTRACTS", (other,))
    with pytest.raises(Unavailable, match=r"@some/thing 1\.2\.3 has no file absent"):
        fetch.fetch_all()


def test_what_is_missing_says_how_to_get_it(own_cache: Path) -> None:
    with pytest.raises(Unavailable, match=r"is not at hand .*fetch\.py` fetches it"):
        fetch.present(fetch.UNISWAP_V2, "build/UniswapV2Factory.json")


def test_without_npm_and_without_its_wheel_one_line_says_so(tmp_path: Path) -> None:
    env = {**os.environ, "PATH": str(tmp_path), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("notice: the real contracts cannot be compared with: ")
    assert done.stderr.endswith("those tests skip.\n")
    assert done.stderr.count("\n") == 1


def test_every_pin_is_a_sha512() -> None:
    packages = [*fetch.CONTRACTS, *fetch.ANVILS.values()]
    assert {len(base64.b64decode(package.sha512)) for package in packages} == {64}


def test_the_node_wheels_are_pinned_by_hash() -> None:
    text = fetch.NPM_LOCK.read_text("utf-8")
    assert text.count("==") == 1
    assert "--hash=sha256:" in text
