"""The doctor looks, and touches nothing."""

from __future__ import annotations

import socket
import sqlite3
from pathlib import Path

import pytest

from aineon.errors import StartError
from aineon.runtime.doctor import Examination, Verdict, examine, unknown_names, versions
from aineon.runtime.settings import Settings, load_settings
from aineon.runtime.storage import check_database, check_folder
from aineon.sending.keys import play_key
from tests.runtime.onchain import KEY


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return load_settings(env={}, data_dir=tmp_path / "var", port=port)


def verdicts(found: Examination) -> dict[str, Verdict]:
    return {check.name: check.verdict for check in found.checks}


def test_a_fresh_machine_can_simulate_and_is_left_as_it_was(
    settings: Settings, tmp_path: Path
) -> None:
    found = examine(settings, env={})
    assert found.can_simulate
    assert list(tmp_path.iterdir()) == []
    words = {check.name: check.words for check in found.checks}
    assert words["data folder"] == f"{tmp_path}/var will be created"
    assert words["simulation book"] == f"{tmp_path}/var/simulation.db will be created"
    assert "Python 3." in words["versions"]


def test_live_mode_lacks_things_and_says_which(settings: Settings) -> None:
    missing = examine(settings, env={}).missing_for_live
    assert [sentence.split()[0] for sentence in missing] == [
        "AINEON_KEYSTORE",
        "WITHDRAWAL_ADDRESS",
        "AINEON_EXECUTOR",
        "None",
    ]
    supplied = load_settings(
        env={},
        data_dir=settings.data_dir,
        private_key=KEY,
        withdrawal_address="0x" + "1f" * 20,
        executor_address="0x" + "2f" * 20,
        rpc_urls="https://node.example",
    )
    assert examine(supplied, env={}).missing_for_live == ()


@pytest.mark.parametrize("key", ["1f" * 32, play_key(7, "operator").reveal().hex()])
def test_a_key_that_others_can_work_out_is_named(settings: Settings, key: str) -> None:
    known = load_settings(env={}, data_dir=settings.data_dir, private_key=key)
    named = [each for each in examine(known, env={}).missing_for_live if "guessed" in each]
    assert len(named) == 1
    assert named[0].startswith("PRIVATE_KEY is a rehearsal's or can be guessed")
    own = load_settings(env={}, data_dir=settings.data_dir, private_key=KEY)
    assert not any("guessed" in each for each in examine(own, env={}).missing_for_live)


def test_a_locked_database_is_a_problem(settings: Settings) -> None:
    settings.data_dir.mkdir()
    holder = sqlite3.connect(settings.data_dir / "simulation.db", isolation_level=None)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        found = examine(settings, env={})
    finally:
        holder.close()
    assert not found.can_simulate
    assert verdicts(found)["simulation book"] is Verdict.PROBLEM
    assert verdicts(found)["control database"] is Verdict.OK
    assert examine(settings, env={}).can_simulate


def test_words_in_place_of_a_database_are_a_problem(settings: Settings) -> None:
    settings.data_dir.mkdir()
    (settings.data_dir / "control.db").write_text("words " * 1000)
    check = next(c for c in examine(settings, env={}).checks if c.name == "control database")
    assert check.verdict is Verdict.PROBLEM
    assert "is not a database" in check.words


def test_a_database_that_can_be_written_is_not_changed(settings: Settings) -> None:
    settings.data_dir.mkdir()
    path = settings.data_dir / "control.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    before = path.read_bytes()
    assert check_database(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_port_in_use_is_a_note_only(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.port))
        other.listen()
        found = examine(settings, env={})
    assert verdicts(found)["port"] is Verdict.NOTE
    assert found.can_simulate
    assert verdicts(examine(settings, env={}))["port"] is Verdict.OK


def test_a_missing_recording_is_a_problem(settings: Settings, tmp_path: Path) -> None:
    replay = load_settings(env={}, data_dir=tmp_path, feed="replay", replay_file="no.json")
    assert verdicts(examine(replay, env={}))["recording"] is Verdict.PROBLEM


def test_names_that_are_nearly_settings_are_pointed_out(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("MAX_HOP=3\n")
    env = {
        "AINEON_PACEE": "1",
        "AINEON_PACE": "1",
        "AINEON_XYZ": "",
        "AINEON_ENV_FILE": str(file),
        "OTHER": "",
    }
    assert unknown_names(env) == [
        "AINEON_PACEE (environment) is not a setting; did you mean AINEON_PACE?",
        "AINEON_XYZ (environment) is not a setting and is ignored",
        f"MAX_HOP ({file}:1) is not a setting; did you mean MAX_HOPS?",
    ]


def test_versions_name_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aineon.runtime.doctor._PACKAGES", ("no-such-package",))
    assert "no-such-package not installed" in versions()


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="is not a folder"):
        check_folder(tmp_path / "file" / "var")
