"""The command as people meet it: version, runs, the doctor, under the supervisor."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import aineon
from aineon.cli.options import FLAGS
from aineon.runtime.settings import PARAMETERS
from tests.cli.shell import KEY, SHORT, Shell, one_sentence


def test_every_flag_stands_for_a_setting() -> None:
    assert set(FLAGS) <= set(PARAMETERS)


# --- version and help ----------------------------------------------------------------------


@pytest.mark.parametrize("argument", ["version", "--version"])
def test_version(shell: Shell, argument: str) -> None:
    done = shell.aineon(argument)
    assert (done.returncode, done.stdout) == (0, f"aineon {aineon.__version__}\n")


def test_the_version_loads_little(shell: Shell) -> None:
    code = (
        "import sys; sys.argv = ['aineon', 'version']\n"
        "from aineon.cli.main import main\n"
        "assert main() == 0\n"
        "heavy = {'pydantic', 'sqlalchemy', 'numpy', 'fastapi', 'structlog', 'streamlit'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=shell.environment(),
        cwd=shell.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", [(), ("up",), ("run",), ("doctor",)])
def test_help(shell: Shell, command: tuple[str, ...]) -> None:
    done = shell.aineon(*command, "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout
    assert "--supervised" not in done.stdout


@pytest.mark.parametrize("arguments", [("fly",), ("run", "--wings"), ("run", "--seed")])
def test_wrong_arguments_are_refused(shell: Shell, arguments: tuple[str, ...]) -> None:
    done = shell.aineon(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


# --- run -----------------------------------------------------------------------------------


def test_a_short_run_ends_with_a_report_and_leaves_nothing(shell: Shell) -> None:
    done = shell.aineon("run", *SHORT)
    assert done.returncode == 0, done.stderr
    assert "AINEON run report" in done.stdout
    assert "warm-up: 2 of 2 blocks" in done.stderr
    assert list(shell.folder.iterdir()) == []


def test_the_report_as_json_is_json_alone(shell: Shell) -> None:
    done = shell.aineon("run", *SHORT, "--json")
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), dict)


def test_a_run_that_is_kept_is_in_the_book(shell: Shell) -> None:
    done = shell.aineon("run", *SHORT, "--db", "--data-dir", "there")
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(shell.folder / "there" / "simulation.db") as book:
        tables = [name for (name,) in book.execute("SELECT name FROM sqlite_master")]
    book.close()
    assert tables
    assert (shell.folder / "there" / "control.db").is_file()


def test_the_last_flag_reaches_the_engine(shell: Shell) -> None:
    done = shell.aineon("run", *SHORT, "--max-hops", "7", AINEON_SEED="8")
    assert done.returncode == 2
    assert one_sentence(done) == (
        "MAX_HOPS is '7' (--max-hops); allowed is a whole number from 2 to 6."
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_with_its_report(shell: Shell, number: signal.Signals) -> None:
    with shell.start("run", "--warm-up", "1", "--pace", "0.01") as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "warm-up: 1 of 1" in line:
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "AINEON run report" in out
    assert "stopped before the feed ended" in out
    assert "Traceback" not in err


def test_a_reader_that_goes_away_is_no_error(shell: Shell) -> None:
    with shell.start("run", *SHORT, "--json") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        err = process.stderr.read()
        process.wait(60)
    assert "Traceback" not in err
    assert "error" not in err
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_output_on_a_full_disk(shell: Shell) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "aineon", "version"],
            cwd=shell.folder,
            env=shell.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: No space left on device\n"


# --- doctor --------------------------------------------------------------------------------


def test_the_doctor_shows_what_is_in_force(shell: Shell) -> None:
    (shell.folder / ".env").write_text(f"PRIVATE_KEY={KEY}\nMAX_HOPS=3\n")
    done = shell.aineon("doctor", AINEON_PACEE="1", MAX_GAS_PRICE="33.5")
    assert done.returncode == 0, done.stdout + done.stderr
    assert KEY not in done.stdout
    rows = {
        cells[1]: cells[2:4]
        for line in done.stdout.splitlines()
        if len(cells := [cell.strip() for cell in line.split("│")]) == 5
    }
    assert rows["PRIVATE_KEY"] == ["********", ".env:1"]
    assert rows["MAX_HOPS"] == ["3 hops", ".env:2"]
    assert rows["MAX_GAS_PRICE"] == ["33.5 gwei", "environment"]
    assert rows["PORT"] == ["8501", "default"]
    assert "did you mean AINEON_PACE?" in done.stdout
    assert "Missing for live mode:" in done.stdout
    assert sorted(path.name for path in shell.folder.iterdir()) == [".env"]


def test_the_doctor_fails_for_live_mode(shell: Shell) -> None:
    done = shell.aineon("doctor", "--live")
    assert done.returncode == 1
    assert "WITHDRAWAL_ADDRESS is not set" in done.stdout
    beside = done.stdout.partition("For live mode")[2]
    assert "the emergency stop is not set" in beside
    assert "no admin has set up a second factor yet" in beside
    assert "no node is given" in done.stdout


def test_the_doctor_fails_where_simulation_cannot_run(shell: Shell) -> None:
    (shell.folder / "var").write_text("a file where the folder should be")
    done = shell.aineon("doctor")
    assert done.returncode == 1
    assert "Simulation cannot run." in done.stdout


# --- under the supervisor ------------------------------------------------------------------


def test_the_supervised_engine_beats_and_stops_when_asked(shell: Shell) -> None:
    with shell.start("run", "--supervised", "--warm-up", "1", "--pace", "0.05") as process:
        assert process.stderr is not None
        for line in process.stderr:
            assert line.startswith("engine: ")
            if "warm-up: 1 of 1" in line:
                break
        _wait_for_heartbeat(shell.folder / "var" / "control.db")
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == ""


def _wait_for_heartbeat(path: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as control:
            found = control.execute("SELECT count(*) FROM heartbeat").fetchone()
        control.close()
        if found[0]:
            return
        time.sleep(0.05)
    raise AssertionError("no heartbeat came")
