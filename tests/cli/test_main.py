"""The command as people meet it: a subprocess, its output, its exit code."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import aineon
from aineon.cli.options import FLAGS
from aineon.ledger import BookStore, ControlStore
from aineon.primitives import Book
from aineon.runtime.lock import FolderLock
from aineon.runtime.settings import PARAMETERS

ROOT = Path(__file__).resolve().parents[2]
KEY = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
SHORT = ("--warm-up", "2", "--blocks", "3")


class Shell:
    """Runs `aineon` in a folder of its own, with no settings but those given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def environment(self, **env: str) -> dict[str, str]:
        names = {parameter.env for parameter in PARAMETERS.values()}
        base = {name: value for name, value in os.environ.items() if name not in names}
        return base | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "100"} | env

    def start(self, *arguments: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "aineon", *arguments],
            cwd=self.folder,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def aineon(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments, **env) as process:
            out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def open_books(shell: Shell) -> Path:
    """Create or open the databases, as the engine does, and return their folder."""
    var = shell.folder / "var"
    ControlStore.open(f"sqlite:///{var}/control.db").close()
    BookStore.open(f"sqlite:///{var}/simulation.db", Book.SIMULATION).close()
    return var


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on standard error; a traceback would be more than one."""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("error: ")
    assert done.stdout == ""
    return lines[0].removeprefix("error: ")


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


# --- input that is refused -----------------------------------------------------------------


def test_a_malformed_env_file(shell: Shell) -> None:
    (shell.folder / ".env").write_text(f"PORT=8501\nPRIVATE_KEY {KEY}\nMIN_PROFIT_THRESHOLD=-1\n")
    done = shell.aineon("run", *SHORT)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "error: .env:2 is not an assignment; allowed is NAME=value.",
        (
            "error: MIN_PROFIT_THRESHOLD is '-1' (.env:3); allowed is an amount of ETH from 0 to "
            "1000000 with at most 18 decimals."
        ),
    ]


@pytest.mark.parametrize("command", ["run", "up", "doctor"])
def test_every_command_refuses_the_same_settings(shell: Shell, command: str) -> None:
    done = shell.aineon(command, AINEON_FEED="chian")
    assert done.returncode == 2
    assert one_sentence(done) == (
        "AINEON_FEED is 'chian' (environment); allowed is sandbox or replay."
    )


def test_an_unknown_feed_by_flag(shell: Shell) -> None:
    done = shell.aineon("run", "--feed", "chain")
    assert done.returncode == 2
    assert one_sentence(done) == "AINEON_FEED is 'chain' (--feed); allowed is sandbox or replay."


def test_live_mode(shell: Shell) -> None:
    done = shell.aineon("run", "--mode", "live", PRIVATE_KEY=KEY)
    assert done.returncode == 2
    assert "which this version does not have" in done.stderr
    assert "one of the ten test keys" in done.stderr
    assert KEY not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_recording(shell: Shell) -> None:
    done = shell.aineon("run", "--data", "nowhere.json")
    assert done.returncode == 2
    assert "nowhere.json" in one_sentence(done)


@pytest.mark.parametrize("content", ['{"blocks": [', "", "\x00\x01", "[1, 2"])
def test_a_truncated_recording(shell: Shell, content: str) -> None:
    (shell.folder / "cut.json").write_text(content)
    done = shell.aineon("run", "--data", "cut.json")
    assert done.returncode == 2
    assert "cut.json" in one_sentence(done)


# --- what stops a run ----------------------------------------------------------------------


def test_a_port_in_use(shell: Shell) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = shell.aineon("up", "--port", str(port))
    assert done.returncode == 1
    assert one_sentence(done).startswith(f"port {port} on 127.0.0.1 cannot be used: Address alr")
    # Nothing was begun.
    assert list(shell.folder.iterdir()) == []


def test_a_database_that_is_locked(shell: Shell) -> None:
    var = shell.folder / "var"
    var.mkdir()
    holder = sqlite3.connect(var / "control.db", isolation_level=None)
    holder.execute("CREATE TABLE t (x)")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        done = shell.aineon("run", *SHORT, "--db")
    finally:
        holder.close()
    assert done.returncode == 1
    assert "control.db is locked" in one_sentence(done)


def test_a_file_that_is_no_database(shell: Shell) -> None:
    (shell.folder / "var").mkdir()
    (shell.folder / "var" / "simulation.db").write_text("dear diary, " * 1000)
    done = shell.aineon("run", *SHORT, "--db")
    assert done.returncode == 1
    assert "simulation.db is not a database" in one_sentence(done)
    assert (shell.folder / "var" / "simulation.db").read_text() == "dear diary, " * 1000


def _respect_rights() -> None:
    """Give up root's right to write what is read-only; it comes back at no later exec."""
    drop_from_bounding_set, override_rights = 24, 1
    if os.geteuid() == 0:
        ctypes.CDLL(None).prctl(drop_from_bounding_set, override_rights, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="only there root can be made to obey")
@pytest.mark.parametrize(
    ("what", "words"), [("folder", "cannot be written"), ("files", "is read-only")]
)
def test_a_database_that_is_read_only(shell: Shell, what: str, words: str) -> None:
    var = open_books(shell)
    for path in var.glob("*.db*"):
        path.chmod(0o444)
    if what == "folder":
        var.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-m", "aineon", "run", *SHORT, "--db"],
        cwd=shell.folder,
        env=shell.environment(),
        capture_output=True,
        text=True,
        preexec_fn=_respect_rights,
        check=False,
    )
    var.chmod(0o755)
    assert done.returncode == 1, done.stderr
    assert words in one_sentence(done)


def test_a_disk_that_fills_up_keeps_what_was_kept(shell: Shell) -> None:
    size = (open_books(shell) / "simulation.db").stat().st_size

    def full_soon() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40_000, size + 40_000))

    done = subprocess.run(
        [sys.executable, "-m", "aineon", "run", "--warm-up", "0", "--blocks", "400", "--db"],
        cwd=shell.folder,
        env=shell.environment(),
        capture_output=True,
        text=True,
        preexec_fn=full_soon,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "disk" in done.stderr.splitlines()[-1]
    with sqlite3.connect(shell.folder / "var" / "simulation.db") as book:
        assert book.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    book.close()
    open_books(shell)


@pytest.mark.parametrize("arguments", [("--db", *SHORT), ("--supervised",)])
def test_two_engines_do_not_share_a_folder(shell: Shell, arguments: tuple[str, ...]) -> None:
    with FolderLock(shell.folder / "var", "engine", "me"):
        done = shell.aineon("run", *arguments)
    assert done.returncode == 1
    assert one_sentence(done).startswith(
        f"another engine (process {os.getpid()}) already works in data folder var"
    )


def test_a_defect_is_reported_in_one_line_with_its_report(shell: Shell) -> None:
    code = (
        "import sys; sys.argv = ['aineon', 'run', '--warm-up', '1', '--blocks', '1']\n"
        "import aineon.cli.run as run\n"
        f"def broken(*a, **k): raise RuntimeError('told {KEY} to everybody')\n"
        "run.build_engine = broken\n"
        "from aineon.cli.main import main\n"
        "sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=shell.folder,
        env=shell.environment(PRIVATE_KEY=KEY),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 70
    assert one_sentence(done).startswith(
        "AINEON has a defect: RuntimeError: told ******** to everybody (report: "
    )
    [report] = (shell.folder / "var").glob("aineon-crash-*.log")
    assert str(report) in done.stderr
    assert "Traceback" in report.read_text()
    assert KEY not in report.read_text()


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
