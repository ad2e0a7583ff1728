"""What a rehearsal takes from the settings, and what it does until its chain stands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aineon.errors import StartError
from aineon.primitives import Book
from aineon.rehearsal.entry import Entry, leave_refusal, take_refusal
from aineon.runtime import rehearsing
from aineon.runtime.processes import Program
from aineon.runtime.rehearsing import RehearsalInMaking, chain_program, settings_for
from aineon.runtime.settings import FeedName, Settings, load_settings
from tests.runtime.test_supervisor import ENDS, RUNS, Stage, until

KEY = "0x" + "1f" * 32
TREASURY_KEY = "0x" + "3d" * 32
MAINNET_KEY = "0x" + "2e" * 32


def entry(folder: Path) -> Entry:
    executor = "0x" + "e1" * 20
    here = "http://127.0.0.1"
    keys = (KEY, TREASURY_KEY)
    return Entry(str(folder / "chain.json"), f"{here}:1", f"{here}:2", executor, *keys)


def test_limits_are_taken_along_and_other_chains_are_not(tmp_path: Path) -> None:
    env = {
        "PRIVATE_KEY": MAINNET_KEY,
        "ALCHEMY_API_KEY": "Alchemy_Key_123",
        "AINEON_RPC_URLS": "https://mainnet.example/v3/PathKey12345",
        "AINEON_TOKENS": "WETH,USDC",
        "MAX_HOPS": "3",
        "AINEON_DATA_DIR": str(tmp_path),
    }
    given = load_settings(env=env)
    taking_part = settings_for(given, entry(tmp_path))
    assert taking_part.mode is Book.REHEARSAL
    assert taking_part.feed is FeedName.CHAIN
    assert taking_part.max_hops == 3
    assert taking_part.data_dir == given.data_dir
    assert taking_part.alchemy_api_key is None
    assert taking_part.tokens == Settings().tokens
    assert [url.get_secret_value() for url in taking_part.rpc_urls] == ["http://127.0.0.1:1"]
    assert taking_part.private_key is not None
    assert taking_part.private_key.get_secret_value() == KEY
    assert taking_part.withdrawal_private_key is not None
    assert taking_part.withdrawal_private_key.get_secret_value() == TREASURY_KEY
    assert taking_part.book_file == taking_part.data_dir.absolute() / "rehearsal.db"


def test_the_least_profit_is_the_rehearsals_unless_it_was_given(tmp_path: Path) -> None:
    assert settings_for(load_settings(env={}), entry(tmp_path)).min_profit_wei == 2 * 10**15
    given = load_settings(env={}, min_profit_wei="0.05")
    assert settings_for(given, entry(tmp_path)).min_profit_wei == 5 * 10**16


def test_the_chain_learns_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRIVATE_KEY", MAINNET_KEY)
    monkeypatch.setenv("MY_OWN_NAME_FOR_IT", f"key={MAINNET_KEY[2:].upper()}")
    monkeypatch.setenv("HARMLESS", "kept")
    program = chain_program(load_settings(env={"PRIVATE_KEY": MAINNET_KEY}), tmp_path, 2.0)
    assert MAINNET_KEY[2:].lower() not in " ".join(program.environment.values()).lower()
    assert "PRIVATE_KEY" not in program.environment
    # The control: what is no secret stays, by value and not by chance.
    assert program.environment["HARMLESS"] == "kept"
    bare = chain_program(load_settings(env={}), tmp_path, 2.0)
    assert "MY_OWN_NAME_FOR_IT" in bare.environment
    assert program.restarts == 0
    assert program.essential


class Scene(Stage):
    """A rehearsal in the making, whose chain is a small program."""

    def __init__(self, folder: Path, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder)
        chain = self.child("chain", source, essential=True).program

        def stands_in(settings: Settings, where: Path, block_seconds: float) -> Program:
            where.mkdir(exist_ok=True)
            return replace(chain, name="chain")

        monkeypatch.setattr(rehearsing, "chain_program", stands_in)
        self.settings = load_settings(env={"AINEON_DATA_DIR": str(folder)})
        self.making = RehearsalInMaking(self.settings, folder, self.said.append)
        self.entry_folder = folder / "rehearsal"
        self.entry_folder.mkdir(exist_ok=True)


def test_the_crew_is_there_when_the_entry_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, RUNS, monkeypatch)
    assert scene.making.tend(0.0) is None
    scene.wait_for("chain.started")
    entry(tmp_path).write(scene.entry_folder)
    crew = scene.making.tend(1.0)
    assert crew is not None
    # The chain is stopped last.
    assert [child.program.name for child in crew.children] == [
        "engine",
        "console",
        "training",
        "chain",
    ]
    crew.stop(lambda: False)
    assert scene.has("chain.stopped")


def test_an_entry_that_an_earlier_rehearsal_left_is_not_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rehearsal").mkdir()
    entry(tmp_path).write(tmp_path / "rehearsal")
    leave_refusal(tmp_path / "rehearsal", "an old reason")
    scene = Scene(tmp_path, RUNS, monkeypatch)
    assert scene.making.tend(0.0) is None
    assert take_refusal(tmp_path / "rehearsal") == ""
    scene.wait_for("chain.started")
    scene.making.stop(lambda: False)
    assert scene.has("chain.stopped")


def test_a_chain_that_cannot_be_had_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, ENDS.format(code=1), monkeypatch)
    leave_refusal(scene.entry_folder, "npm is not at hand")

    said: list[str] = []

    def failed() -> bool:
        try:
            scene.making.tend(0.0)
        except StartError as error:
            said.append(str(error))
        return bool(said)

    until(failed)
    assert said == ["the rehearsal's chain did not start: npm is not at hand"]


def test_a_chain_that_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(tmp_path, RUNS, monkeypatch)
    assert scene.making.tend(0.0) is None
    scene.wait_for("chain.started")
    assert scene.making.tend(299.0) is None
    with pytest.raises(StartError, match="was not ready after 300 s"):
        scene.making.tend(301.0)
    scene.making.stop(lambda: False)
    assert scene.has("chain.stopped")
