"""What the command refuses, and what stops it: one sentence, and nothing lost."""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import sqlite3
import subprocess
import sys

import pytest

from aineon.runtime.lock import FolderLock
from tests.cli.shell import KEY, SHORT, Shell, one_sentence, open_books

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
        "AINEON_FEED is 'chian' (environment); allowed is sandbox or replay or chain."
    )


def test_an_unknown_feed_by_flag(shell: Shell) -> None:
    done = shell.aineon("run", "--feed", "ether")
    assert done.returncode == 2
    assert (
        one_sentence(done)
        == "AINEON_FEED is 'ether' (--feed); allowed is sandbox or replay or chain."
    )


def test_live_mode(shell: Shell) -> None:
    done = shell.aineon("run", "--mode", "live", PRIVATE_KEY=KEY)
    assert done.returncode == 2
    assert "live mode does not start: " in done.stderr
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
        "run.running = broken\n"
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
