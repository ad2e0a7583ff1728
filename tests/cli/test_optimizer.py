"""`aineon optimizer` as people meet it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from aineon.cli.failures import REFUSED_INPUT, exit_code_of
from aineon.cli.main import app
from aineon.cli.optimizer_report import FORMAT
from aineon.errors import ConfigurationError, OptimizerError
from aineon.optimizer.tape import Tape
from tests.cli.shell import Shell, one_sentence
from tests.optimizer.synthetic import synthetic_tape


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tape as somebody has it from the field: nobody knows its chances."""
    path = tmp_path_factory.mktemp("own") / "own.npz"
    tape = synthetic_tape(401, 150)
    Tape(**{**vars(tape), "chances": None}).save(path)
    return path


def test_a_tape_is_recorded_and_then_explained(shell: Shell) -> None:
    light = ("--universe", "usual", "--hours", "0.2")
    done = shell.aineon("optimizer", "tape", "market.npz", "--seed", "77", *light)
    assert (done.returncode, done.stderr) == (0, "")
    tape = Tape.load(shell.folder / "market.npz")
    assert done.stdout.startswith(f"{len(tape)} opportunities of 0.2 hours")
    assert tape.chances is not None


def test_an_opportunity_is_decided_with_what_was_known_by_then(shell: Shell, own: Path) -> None:
    done = shell.aineon("optimizer", "explain", str(own), "--row", "120")
    assert done.returncode == 0
    for words in ("Opportunity 120 of 150", "decided by", "table", "moved by", "what it took"):
        assert words in done.stdout


def test_own_data_is_evaluated_and_says_what_cannot_be_known(shell: Shell, own: Path) -> None:
    asked = ("optimizer", "evaluate", "--data", str(own), "--learning-hours", "0.5")
    once = (*asked, "--channel", "public", "--retrain-minutes", "1440")
    done = shell.aineon(*once, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["format"] == FORMAT
    assert told["asked"]["data"] == str(own)
    assert [seed["chances_known"] for seed in told["seeds"]] == [False]
    met = {check["what"]: check["met"] for check in told["checks"]}
    assert met["public: share of a clairvoyant's net captured, mean of the seeds"] is None
    shown = shell.aineon(*once)
    assert shown.returncode == 0
    for words in ("Nobody knows this tape's true chances", "not measured", "always saying no"):
        assert words in " ".join(shown.stdout.split())


def refused(*arguments: str) -> str:
    """What is refused, in one line; with which exit code is the same for all of them."""
    with pytest.raises((ConfigurationError, OptimizerError)) as refusal:
        app(["optimizer", *arguments], standalone_mode=False)
    assert exit_code_of(refusal.value) == REFUSED_INPUT
    (line,) = str(refusal.value).splitlines()
    return line


def test_a_refusal_is_one_sentence_and_exit_code_2(shell: Shell) -> None:
    done = shell.aineon("optimizer", "evaluate", "--data", "gone.npz")
    assert done.returncode == 2
    assert one_sentence(done) == "there is no tape gone.npz"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--seeds", "x"), "--seeds is 'x'; allowed is a whole number"),
        (("--seeds", "1", "2", "x"), "--seeds is 'x'; allowed is a whole number"),
        (("--seeds", " "), "allowed are 1 to 50 whole numbers"),
        (("--mix", "nope"), "'nope'; allowed are steady, mixed, restless"),
        (("--channel", "sea"), "--channel is 'sea'; allowed are private, public and both"),
        (("--hours", "nan"), "--hours is 'nan'; allowed is a number from 1"),
        (("--hours", "4", "--learning-hours", "4"), "so that some count"),
        (("--processes", "0"), "--processes is '0'; allowed are 1 to 64"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: tuple[str, ...], words: str) -> None:
    assert words in refused("evaluate", *arguments)


def test_foreign_and_short_files_are_refused(tmp_path: Path, own: Path) -> None:
    (tmp_path / "foreign.npz").write_bytes(b"no tape")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    Tape.load(own).rows(slice(0, 3)).save(tmp_path / "three.npz")
    for name, words in (
        ("foreign.npz", "foreign.npz is no tape"),
        ("other.npz", "other.npz is no tape"),
        ("three.npz", "three.npz holds 3 opportunities; allowed are 100 or more"),
    ):
        assert words in refused("evaluate", "--data", str(tmp_path / name))
        assert words in refused("train", str(tmp_path / name))
    drift = refused("evaluate", "--data", str(own), "--drift")
    assert "drift cannot be looked at on a given tape" in drift
    late = refused("evaluate", "--data", str(own), "--learning-hours", "9")
    assert "after the first 9 hours" in late
    assert "allowed for" in refused("explain", str(own), "--row", "150")


def test_the_kind_of_a_change_and_its_hour_are_checked(tmp_path: Path) -> None:
    words = refused("tape", str(tmp_path / "x.npz"), "--change", "nope")
    assert "'nope'; allowed are three_times_as_many" in words
    assert "give --change too" in refused("tape", str(tmp_path / "x.npz"), "--at-hour", "3")
    assert not list(tmp_path.iterdir())
