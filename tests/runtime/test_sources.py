"""The environment, and the `.env` file below it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aineon.errors import ConfigurationError
from aineon.runtime.settings import load_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_environment_wins_over_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("# mine\nexport PORT=9001\n\nMAX_HOPS='3' # few\nAINEON_SEED=\n")
    monkeypatch.setenv("MAX_HOPS", "2")
    settings = load_settings()
    assert (settings.port, settings.max_hops, settings.seed) == (9001, 2, 7)
    assert settings.origin("port") == ".env:2"
    assert settings.origin("max_hops") == "environment"
    assert settings.origin("seed") == "default"


def test_empty_in_the_environment_is_not_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("PORT=9001\n")
    monkeypatch.setenv("PORT", "  ")
    assert load_settings().port == 9001


def test_a_given_environment_is_the_whole_one(folder: Path) -> None:
    (folder / ".env").write_text("PORT=9001\n")
    assert load_settings(env={}).port == 8501
    assert load_settings(env={}, env_file=".env").port == 9001
    assert load_settings(env={"AINEON_ENV_FILE": ".env"}).port == 9001


def test_the_file_can_be_named_or_left_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / ".env").write_text("PORT=9001\n")
    (folder / "other").write_text("PORT=9002\n")
    monkeypatch.setenv("AINEON_ENV_FILE", "other")
    assert load_settings().port == 9002
    monkeypatch.setenv("AINEON_ENV_FILE", "off")
    assert load_settings().port == 8501


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("PORT=1\n\n\nPORT 9001\n", 4),
        ("just words\n", 1),
        ("MAX_HOPS=3\nPORT\n", 2),
        ("PORT=1\nPRIVATE_KEY='unfinished\nPORT=2\n", 2),
        ("=value\n", 1),
    ],
)
def test_a_malformed_line_is_named_and_not_repeated(folder: Path, content: str, line: int) -> None:
    (folder / ".env").write_text(content)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    first = str(caught.value).splitlines()[0]
    assert first == f".env:{line} is not an assignment; allowed is NAME=value."


def test_a_bad_value_in_the_file_names_its_line(folder: Path) -> None:
    (folder / ".env").write_text("\nPORT=abc\n")
    with pytest.raises(ConfigurationError, match=r"PORT is 'abc' \(\.env:2\); allowed is a whole"):
        load_settings()


def test_files_that_cannot_be_read(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="missing cannot be read: No such file"):
        load_settings(env={}, env_file="missing")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(env={}, env_file=folder)
    (folder / ".env").write_bytes(b"PORT=\xff\xfe\n")
    with pytest.raises(ConfigurationError, match="is not UTF-8 text"):
        load_settings()


def test_values_are_taken_as_they_are_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOMETHING", "x")
    (folder / ".env").write_text("AINEON_DATA_DIR=a${SOMETHING}b\n")
    assert load_settings().data_dir == Path("a${SOMETHING}b")
