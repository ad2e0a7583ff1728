"""`aineon stop` as people meet it: no engine, no console, no database, broken settings."""

from __future__ import annotations

import re

from tests.cli.shell import Shell, one_sentence, open_books


def test_it_stops_and_survives(shell: Shell) -> None:
    var = open_books(shell)
    done = shell.aineon("stop", "--reason", "the market is mad", "--who", "ada")
    assert (done.returncode, done.stderr) == (0, "")
    first, second, *_ = done.stdout.splitlines()
    assert first == f"The emergency stop is set in the data folder {var}."
    assert second.startswith("Nothing is signed or sent from now on by an AINEON of this")
    assert (var / "STOP").exists()
    done = shell.aineon("stop", "--status")
    assert done.returncode == 3
    assert "the market is mad (by ada" in done.stdout


def test_in_the_wrong_folder_it_says_whom_it_does_not_stop(shell: Shell) -> None:
    """Its control is the test above: where an AINEON was, it says what is stopped."""
    done = shell.aineon("stop")
    assert (done.returncode, done.stderr) == (4, "")
    first, second, *_ = done.stdout.splitlines()
    assert first == f"The emergency stop is set in the data folder {shell.folder / 'var'}."
    assert second.startswith("No AINEON was ever at work there: ONE THAT RUNS ELSEWHERE IS NOT")
    assert "--data-dir" in done.stdout
    assert "from now on" not in done.stdout
    assert "what may still land of others is not known here" in done.stdout
    assert (shell.folder / "var" / "STOP").exists()


def test_a_broken_setting_does_not_keep_it_from_stopping(shell: Shell) -> None:
    open_books(shell)
    done = shell.aineon("stop", MAX_GAS_PRICE="very high")
    assert done.returncode == 0
    assert "MAX_GAS_PRICE is 'very high'" in done.stderr
    assert (shell.folder / "var" / "STOP").exists()
    # Control: what starts something is refused.
    assert shell.aineon("run", *("--blocks", "1"), MAX_GAS_PRICE="very high").returncode == 2


def test_clearing_shows_the_reasons_and_takes_a_name_and_a_word(shell: Shell) -> None:
    shell.aineon("stop", "--reason", "the market is mad")
    done = shell.aineon("stop", "--clear")
    assert done.returncode == 2
    assert "--who is not given" in one_sentence(done)
    done = shell.aineon("stop", "--clear", "--who", "ada")
    assert done.returncode == 1
    assert "the market is mad" in done.stdout
    found = re.search(r"'(clear-[0-9a-f]{6})'", done.stdout)
    assert found is not None
    done = shell.aineon("stop", "--clear", "--who", "ada", "--word", found[1])
    assert done.returncode == 0
    assert not (shell.folder / "var" / "STOP").exists()
