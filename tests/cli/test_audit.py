"""`aineon audit` and `aineon backup` as people meet them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from aineon.cli.audit import terminal_safe
from tests.cli.shell import Shell, one_sentence, open_books
from tests.databases import files_only
from tests.ledger.audit.decisions import Audited

# Intruders edit a file.
pytestmark = files_only


@pytest.fixture
def audited(shell: Shell) -> Audited:
    audited = Audited(open_books(shell))
    audited.write(3)
    return audited


def test_verify_says_what_is_wrong_by_words_and_exit_code(shell: Shell, audited: Audited) -> None:
    done = shell.aineon("audit", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    first, head, anchor = done.stdout.splitlines()
    assert first == "The audit is sound: 3 entries."
    assert anchor.endswith("control.anchor")
    expected = head.removeprefix("Head: ")
    assert shell.aineon("audit", "verify", "--expect", expected).returncode == 0
    audited.sql("UPDATE audit SET who = 'mallory' WHERE number = 2")
    done = shell.aineon("audit", "verify")
    assert done.returncode == 1
    assert "NOT sound (edited): entry 2 is not what was written." in done.stdout
    done = shell.aineon("audit", "verify", "--expect", "nonsense")
    assert done.returncode == 2
    assert "--expect is 'nonsense'; allowed is a head" in one_sentence(done)


def test_a_control_database_that_went_is_no_empty_audit(shell: Shell, audited: Audited) -> None:
    for path in audited.folder.glob("control.db*"):
        path.unlink()
    done = shell.aineon("audit", "verify")
    assert done.returncode == 1
    assert "NOT sound: the control database is gone" in done.stdout
    audited.anchor.unlink()
    assert shell.aineon("audit", "verify").returncode == 0


def test_show_is_safe_for_terminals_and_for_machines(shell: Shell, audited: Audited) -> None:
    with audited.log() as log:
        log.append(
            who="an\x1b[31mna",
            action="stop.latch",
            subject="\u202egnp.exe\r\n99  2027",
            detail={"reason": "smoke"},
            at=1_800_000_000.0,
        )
    done = shell.aineon("audit", "show", "--last", "2")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["3", "4"]
    assert r"an\x1b[31mna" in lines[1]
    assert r"\u202egnp.exe\r\n99  2027" in lines[1]
    [one] = shell.aineon("audit", "show", "--last", "1", "--json").stdout.splitlines()
    read = json.loads(one)
    assert (read["number"], read["detail"]) == (4, {"reason": "smoke"})


def test_terminal_safe_spells_everything_out() -> None:
    assert terminal_safe("añ\t\x07\ud800\u2028") == r"añ\t\x07\ud800\u2028"


def test_an_anchor_is_renewed_in_somebodys_name(shell: Shell, audited: Audited) -> None:
    audited.anchor.unlink()
    assert shell.aineon("audit", "verify").returncode == 1
    done = shell.aineon("audit", "renew-anchor", "--who", "anna", "--reason", "the disk died")
    assert done.returncode == 0
    done = shell.aineon("audit", "verify")
    assert done.returncode == 0
    assert "Note: the anchor was begun anew at entry 3" in done.stdout


def test_a_backup_from_end_to_end(shell: Shell, audited: Audited, tmp_path: Path) -> None:
    done = shell.aineon("backup", "create", "kept")
    assert done.returncode == 0, done.stderr
    assert "No key is in it" in done.stdout
    head = next(line for line in done.stdout.splitlines() if line.startswith("Audit head: "))
    head = head.removeprefix("Audit head: ")
    done = shell.aineon("backup", "verify", "kept", "--expect", head)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "The backup kept is sound.")
    done = shell.aineon("backup", "drill", "kept")
    assert done.returncode == 0, done.stderr
    done = shell.aineon("backup", "restore", "kept")
    assert done.returncode == 1
    assert "(--over control)" in one_sentence(done)
    done = shell.aineon("backup", "restore", "kept", "--over", "control")
    assert done.returncode == 0, done.stderr
    assert "The emergency stop is set" in done.stdout
    assert (audited.folder / "STOP").exists()
    with closing(sqlite3.connect(tmp_path / "kept" / "control.db")) as copy:
        copy.execute("UPDATE audit SET who = 'm'")
        copy.commit()
    done = shell.aineon("backup", "verify", "kept")
    assert done.returncode == 1
    assert "is not what was written" in one_sentence(done)


def test_a_backup_of_nothing_and_one_that_is_none(shell: Shell, tmp_path: Path) -> None:
    assert "nothing to keep yet" in one_sentence(shell.aineon("backup", "create", "kept"))
    assert not (tmp_path / "kept").exists()
    for command in ("verify", "restore", "drill"):
        done = shell.aineon("backup", command, "nowhere")
        assert done.returncode == 1
        assert "is no backup" in one_sentence(done)
