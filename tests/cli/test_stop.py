"""`aineon stop` as people meet it: no engine, no console, no database, broken settings."""

from __future__ import annotations

import re

from tests.cli.shell import Shell, one_sentence


def test_it_stops_with_nothing_there_and_survives(shell: Shell) -> None:
    done = shell.aineon("stop", "--reason", "the market is mad", "--who", "ada")
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing is signed or sent from now on" in done.stdout
    assert (shell.folder / "var" / "STOP").exists()
    done = shell.aineon("stop", "--status")
    assert done.returncode == 3
    assert "the market is mad (by ada" in done.stdout


def test_a_broken_setting_does_not_keep_it_from_stopping(shell: Shell) -> None:
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
