from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from aineon.errors import ModelRefused, OptimizerError
from aineon.optimizer.models.storing import (
    ARRAYS,
    MANIFEST,
    load,
    read_manifest,
    remove,
    save,
    versions,
)
from tests.optimizer.trained import ensemble, tape


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_a_model_comes_back_as_it_was(folder: Path) -> None:
    version = save(ensemble(), folder)
    again = load(folder, version)
    for row in (0, 200, 299):
        asked = (
            tape().features[row],
            tape().pair_names[tape().pairs[row]],
            float(tape().net[row]),
            float(tape().gas[row]),
        )
        assert (again.chances(*asked) == ensemble().chances(*asked)).all()
    assert again.metrics == ensemble().metrics
    assert (again.trained_at, again.began_at, again.rows) == (
        ensemble().trained_at,
        ensemble().began_at,
        ensemble().rows,
    )


def test_saving_twice_keeps_one_and_leaves_nothing_beside_it(folder: Path) -> None:
    version = save(ensemble(), folder)
    assert {version} == {each.name for each in folder.iterdir()}
    assert versions(folder) == [version]
    assert read_manifest(folder, version).features == tape().names


def test_no_array_needs_pickle(folder: Path) -> None:
    version = save(ensemble(), folder)
    with np.load(folder / version / ARRAYS, allow_pickle=False) as held:
        assert all(held[name].dtype.kind in "fiU" for name in held.files)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [_flip, _cut, _empty, _gone])
@pytest.mark.parametrize("name", [ARRAYS, MANIFEST])
def test_a_damaged_file_is_refused_in_one_sentence(folder: Path, harm: object, name: str) -> None:
    version = save(ensemble(), folder)
    harm(folder / version / name)  # type: ignore[operator]
    with pytest.raises(ModelRefused) as refused:
        load(folder, version)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", "somebody-elses-1"),
        ("arms_bps", [100, 200]),
        ("features", ["other"]),
        ("trained_at", 0.0),
        ("trained_at", 1e300),
        ("trained_at", "yesterday"),
        ("rows", 10**6),
        ("metrics", {"brier": 0.0}),
        ("metrics", None),
        ("sha256", "0" * 64),
        ("more", 1),
    ],
)
def test_an_edited_manifest_is_refused(folder: Path, field: str, value: object) -> None:
    version = save(ensemble(), folder)
    path = folder / version / MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}, indent=1) + "\n")
    with pytest.raises(ModelRefused):
        load(folder, version)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"format": "aineon-model-1"}', "{" * 9999])
def test_what_is_no_manifest_is_refused(folder: Path, text: str) -> None:
    version = save(ensemble(), folder)
    (folder / version / MANIFEST).write_text(text)
    with pytest.raises(ModelRefused):
        load(folder, version)


def test_a_renamed_model_is_refused(folder: Path) -> None:
    version = save(ensemble(), folder)
    other = version[:-1] + ("0" if version[-1] != "0" else "1")
    shutil.copytree(folder / version, folder / other)
    with pytest.raises(ModelRefused, match="another model"):
        load(folder, other)


def test_a_pickle_in_the_place_of_an_array_is_never_opened(folder: Path) -> None:
    """Even with a manifest that vouches for it."""
    from dataclasses import replace
    from hashlib import sha256

    from aineon.optimizer.models.storing import Manifest

    file = io.BytesIO()
    np.savez(file, **{"inputs/names": np.array([print], dtype=object)}, allow_pickle=True)
    version = save(ensemble(), folder)
    manifest: Manifest = replace(
        read_manifest(folder, version), sha256=sha256(file.getvalue()).hexdigest()
    )
    place = folder / manifest.version
    place.mkdir()
    (place / ARRAYS).write_bytes(file.getvalue())
    (place / MANIFEST).write_text(manifest.text())
    with pytest.raises(ModelRefused, match="cannot be read"):
        load(folder, manifest.version)


@pytest.mark.parametrize(
    "version", ["", "..", "../../etc", "20261123T000000Z-zzzzzzzzzzzz", "x" * 99]
)
def test_what_is_no_version_is_refused(folder: Path, version: str) -> None:
    for refuse in (load, read_manifest, remove):
        with pytest.raises(ModelRefused, match="version"):
            refuse(folder, version)


def test_a_model_can_be_removed_and_removed_again(folder: Path) -> None:
    version = save(ensemble(), folder)
    remove(folder, version)
    remove(folder, version)
    assert versions(folder) == []
    assert versions(folder / "nowhere") == []


def test_a_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(OptimizerError, match="cannot be written"):
        save(ensemble(), tmp_path / "models")


def test_who_saves_what_another_process_saved_meanwhile_is_content(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = save(ensemble(), folder)
    monkeypatch.setattr(Path, "exists", lambda path: False)  # as it looked a moment ago
    assert save(ensemble(), folder) == version
    assert {version} == {each.name for each in folder.iterdir()}


def test_a_model_that_cannot_be_placed_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OptimizerError, match="cannot be written: Operation not permitted"):
        save(ensemble(), folder)
    assert list(folder.iterdir()) == []
