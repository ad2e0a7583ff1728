"""`aineon stop`: it stops with everything else broken, and says what may still land."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from aineon.cli import breaker as breaker_command
from aineon.cli import stop as command
from aineon.cli.stop import NOBODY_HERE, STOP_IS_SET
from aineon.errors import AuditUnwritable, ConfigurationError, SafetyError, StopLatched
from aineon.ledger.control import ControlStore
from aineon.primitives import Book, SystemClock
from aineon.runtime.carrying import rehearsal_stop_of, stop_of, stop_variable
from aineon.runtime.doctor import unknown_names
from aineon.runtime.settings import Settings, load_settings
from aineon.runtime.stop_desk import (
    landings,
    settings_to_stop,
    stop_desk,
    was_at_work,
    word_of,
)
from aineon.safety import REHEARSAL_STOP_FILE, STOP_FILE, Breaker, BreakerState
from tests.databases import files_only
from tests.sending.engines import Life, payment, trade
from tests.sending.fakes import FakeCarrier, FakeChain


class Told:
    """What a command says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@pytest.fixture
def say() -> Told:
    return Told()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


def create(settings: Settings) -> None:
    ControlStore.open(settings.control_url).close()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")
    connection.close()


def is_stopped(settings: Settings) -> bool:
    """Whether an engine of these settings would sign."""
    with ControlStore.open(settings.control_url) as control:
        return stop_of(settings, control, SystemClock()).state().is_set


# --- setting it --------------------------------------------------------------------------------


def test_it_stops_engines_of_this_folder(settings: Settings, say: Told) -> None:
    create(settings)
    assert not is_stopped(settings)
    assert command.latch(settings, "the market is mad", "ada", say) == 0
    assert is_stopped(settings)
    assert "file: the market is mad (by ada, " in say.text
    assert "database: the market is mad (by ada, " in say.text
    with ControlStore.open(settings.control_url) as control:
        [entry] = control.audit(settings.anchor_path).last(1)
        assert (entry.decision.action, entry.decision.who) == ("stop.latch", "ada")
        rehearsal = rehearsal_stop_of(settings, control, SystemClock())
        with pytest.raises(StopLatched, match="the market is mad"):
            rehearsal.check("signing")


def test_it_works_where_nothing_exists_yet(tmp_path: Path, say: Told) -> None:
    settings = Settings(data_dir=tmp_path / "not" / "there")
    assert command.latch(settings, "before the start", None, say) == NOBODY_HERE
    assert "ONE THAT RUNS ELSEWHERE IS NOT STOPPED BY THIS" in say.text
    assert (settings.data_dir / STOP_FILE).exists()
    # It does not create a database that nobody asked for.
    assert not (settings.data_dir / "control.db").exists()
    assert is_stopped(settings)


def test_it_works_with_the_database_locked(
    settings: Settings, say: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aineon.runtime.stop_desk.PATIENCE_SECONDS", 0.05)
    create(settings)
    with locked(settings.data_dir / "control.db"):
        assert command.latch(settings, "now", "ada", say) == 0
        assert "file: now (by ada" in say.text
        assert "is locked by another program" in say.text
    assert is_stopped(settings)


def test_it_works_with_a_database_that_is_none(settings: Settings, say: Told) -> None:
    (settings.data_dir / "control.db").write_bytes(b"this is no database" * 100)
    (settings.data_dir / "live.db").write_bytes(b"this is no database" * 100)
    assert command.latch(settings, "now", "ada", say) == 0
    assert (settings.data_dir / STOP_FILE).exists()
    assert "It is not in the audit: the audit cannot be written: " in say.text
    assert "What may still land of the live book is not known: " in say.text


def test_no_audit_is_missed_where_there_was_never_a_database(settings: Settings, say: Told) -> None:
    """Control of the test above."""
    command.latch(settings, "before the start", "ada", say)
    assert "not in the audit" not in say.text


@pytest.mark.parametrize("name", ["engine.lock", "supervisor.lock", "simulation.db", "live.db"])
def test_what_an_aineon_leaves_tells_that_one_was_here(
    settings: Settings, say: Told, name: str
) -> None:
    assert command.status(settings, say) == NOBODY_HERE
    assert "ONE THAT RUNS ELSEWHERE" in say.text
    (settings.data_dir / name).touch()
    assert command.latch(settings, "now", "ada", say) == 0
    assert "by an AINEON of this data folder" in say.text
    # What somebody else leaves there, or the stop itself, tells nothing.
    (settings.data_dir / name).rename(settings.data_dir / "poetry.lock")
    assert not was_at_work(settings)


def test_a_stop_that_reaches_a_running_database_reaches_its_engine(tmp_path: Path) -> None:
    """A folder that is new to it, and the database that an engine elsewhere works with."""
    shared = SecretStr(f"sqlite:///{tmp_path}/shared")
    here = Settings(data_dir=tmp_path / "here", database_url=shared)
    create(here)
    elsewhere = Settings(data_dir=tmp_path / "elsewhere", database_url=shared)
    assert was_at_work(elsewhere)
    (tmp_path / "here").mkdir(exist_ok=True)
    assert command.latch(elsewhere, "now", "ada", Told()) == 0
    assert is_stopped(here)


def test_it_fails_only_where_no_place_can_keep_it(settings: Settings, say: Told) -> None:
    (settings.data_dir / STOP_FILE).mkdir()
    with pytest.raises(SafetyError, match="would not survive a restart"):
        command.latch(settings, "now", "ada", say)


def test_a_setting_that_it_does_not_need_does_not_keep_it_from_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_GAS_PRICE", "very high")
    monkeypatch.setenv("AINEON_DATA_DIR", str(tmp_path / "here"))
    settings, problems = settings_to_stop()
    assert settings.data_dir == tmp_path / "here"
    assert "MAX_GAS_PRICE is 'very high'" in problems
    monkeypatch.setenv("DATABASE_URL", "rubbish")
    settings, _ = settings_to_stop()
    assert settings.data_dir == tmp_path / "here"
    # Control: without a fault nothing is told.
    monkeypatch.delenv("MAX_GAS_PRICE")
    monkeypatch.delenv("DATABASE_URL")
    assert settings_to_stop()[1] == ""


def test_the_file_comes_before_anything_that_waits(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, say: Told
) -> None:
    order: list[bool] = []

    def slow(place: object, patience: float) -> bool:
        order.append((settings.data_dir / STOP_FILE).exists())
        return False

    monkeypatch.setattr("aineon.ledger.connect.is_there", slow)
    assert command.latch(settings, "now", "ada", say) == NOBODY_HERE
    assert order[0] is True
    # It is kept once, though it is asked for twice.
    assert len((settings.data_dir / STOP_FILE).read_text().splitlines()) == 1


# --- looking at it -----------------------------------------------------------------------------


def test_status_says_whether_and_why(settings: Settings, say: Told) -> None:
    create(settings)
    assert command.status(settings, say) == 0
    assert say.lines[0] == (
        f"The emergency stop is not set in the data folder {settings.data_dir}."
    )
    (settings.data_dir / REHEARSAL_STOP_FILE).touch()
    say.lines.clear()
    assert command.status(settings, say) == STOP_IS_SET
    assert f"{REHEARSAL_STOP_FILE}: the file exists (by somebody" in say.text


def test_the_variable_counts_from_the_environment_and_from_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("AINEON_STOP=because\n", encoding="utf-8")
    of_file = load_settings({}, env_file=file)
    assert of_file.emergency_stop == "because"
    assert stop_variable(of_file).look()
    monkeypatch.setenv("AINEON_STOP", "off")
    assert stop_variable(load_settings(env_file=file)).look() == ()
    monkeypatch.setenv("AINEON_STOP", "1")
    # What was built without looking at the environment stops all the same.
    assert stop_variable(Settings()).look()
    assert not [line for line in unknown_names({"AINEON_STOP": "1"}) if "AINEON_STOP" in line]


# --- what may still land -----------------------------------------------------------------------


@files_only
async def test_open_transactions_are_told_with_hash_nonce_and_deadline(
    tmp_path: Path, say: Told
) -> None:
    chain = FakeChain()
    relays = (FakeCarrier(chain, is_public=False),)
    async with Life(tmp_path, chain, relays=relays) as life:
        trading = await life.sender.send(trade(0, 1))
        paying = await life.sender.send(payment())
    settings = Settings(data_dir=tmp_path)
    assert command.latch(settings, "now", "ada", say) == 0
    window = trading.version.window
    assert window is not None
    [found] = landings(settings)
    assert [each.hash for each in found.open] == [trading.version.hash, paying.version.hash]
    assert "of the rehearsal book:" in say.text
    assert (
        f"trade {trading.version.hash}, nonce {trading.version.nonce}, "
        f"{trading.version.state}: may land until block {window.last}, and reverts after it"
    ) in say.text
    assert f"{paying.version.hash}, nonce {paying.version.nonce}" in say.text
    assert "may land at any time" in say.text


@files_only
async def test_what_is_final_is_not_told(tmp_path: Path, say: Told) -> None:
    """Control of the test above: a payment that is over is on no list."""
    chain = FakeChain()
    async with Life(tmp_path, chain) as life:
        await life.sender.send(payment())
        chain.mine(6)
        await life.sender.reconcile()
    assert command.status(Settings(data_dir=tmp_path), say) == 0
    assert "Nothing that the rehearsal book knows may still land." in say.text


# --- clearing ----------------------------------------------------------------------------------


def shown(settings: Settings) -> str:
    """The word for the reasons that hold now."""
    with stop_desk(settings) as desk:
        return word_of(desk.all_places.state())


def test_a_word_for_other_reasons_clears_nothing(settings: Settings, say: Told) -> None:
    """Control: the word for those that hold does."""
    create(settings)
    command.latch(settings, "first", "ada", say)
    word = shown(settings)
    command.latch(settings, "second", "engine", say)
    assert command.clear(settings, "ada", word, say) == 1
    assert f"the word for these reasons is {shown(settings)!r}" in say.text
    assert is_stopped(settings)
    assert command.clear(settings, "ada", shown(settings), say) == 0


def test_clearing_takes_a_name_and_the_word(settings: Settings, say: Told) -> None:
    create(settings)
    command.latch(settings, "the market is mad", "ada", say)
    with pytest.raises(ConfigurationError, match="--who is not given"):
        command.clear(settings, None, shown(settings), say)
    say.lines.clear()
    assert command.clear(settings, "bob", "yes", say) == 1
    assert "the market is mad" in say.text
    assert is_stopped(settings)
    assert command.clear(settings, "bob", shown(settings), say) == 0
    assert not is_stopped(settings)
    with ControlStore.open(settings.control_url) as control:
        [entry] = control.audit(settings.anchor_path).last(1)
    assert (entry.decision.action, entry.decision.who) == ("stop.clear", "bob")


def test_clearing_frees_rehearsals_too(settings: Settings, say: Told) -> None:
    create(settings)
    (settings.data_dir / REHEARSAL_STOP_FILE).touch()
    assert command.clear(settings, "ada", shown(settings), say) == 0
    assert not (settings.data_dir / REHEARSAL_STOP_FILE).exists()


def test_what_the_environment_says_is_not_cleared_from_here(
    settings: Settings, say: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(settings)
    monkeypatch.setenv("AINEON_STOP", "1")
    assert command.clear(settings, "ada", shown(settings), say) == STOP_IS_SET
    assert "it is still set" in say.text


def test_a_reason_that_came_up_meanwhile_is_shown_first(settings: Settings, say: Told) -> None:
    create(settings)
    command.latch(settings, "first", "ada", say)
    with stop_desk(settings) as desk:
        seen = desk.all_places.state()
        command.latch(settings, "second", "engine", say)
        with pytest.raises(SafetyError, match="was not looked at yet: second"):
            desk.clear("ada", seen)
    assert is_stopped(settings)


def test_it_is_not_cleared_where_that_cannot_be_audited(settings: Settings, say: Told) -> None:
    create(settings)
    command.latch(settings, "now", "ada", say)
    with sqlite3.connect(settings.data_dir / "control.db") as connection:
        connection.execute("DROP TABLE audit")
    connection.close()
    with pytest.raises(AuditUnwritable):
        command.clear(settings, "ada", shown(settings), say)
    # Control: setting it needs no audit.
    say.lines.clear()
    assert command.latch(settings, "again", "ada", say) == 0
    assert "It is not in the audit" in say.text


# --- the breaker -------------------------------------------------------------------------------


def test_the_breaker_is_shown_and_reset_in_somebodys_name(settings: Settings, say: Told) -> None:
    assert breaker_command.show(settings, say) == 0
    with ControlStore.open(settings.control_url) as control:
        breaker = Breaker(control.breaker(Book.SIMULATION))
        breaker.move(BreakerState.HALTED, "daily_loss", "the loss is 2 ETH", "risk")
    say.lines.clear()
    assert breaker_command.show(settings, say) == breaker_command.NOT_RUNNING
    assert "is halted: the loss is 2 ETH" in say.text
    assert "running → halted  daily_loss: the loss is 2 ETH (risk)" in say.text
    with pytest.raises(ConfigurationError, match="--who is not given"):
        breaker_command.reset(settings, None, "reset", say)
    assert breaker_command.reset(settings, "ada", None, say) == 1
    word = say.lines[-1].rpartition("--word ")[2]
    assert breaker_command.reset(settings, "ada", "reset", say) == 1
    with ControlStore.open(settings.control_url) as control:
        breaker = Breaker(control.breaker(Book.SIMULATION))
        breaker.move(BreakerState.HALTED, "contradiction", "a receipt contradicts it", "risk")
    # It was for what was seen: another cause has come up since.
    assert breaker_command.reset(settings, "ada", word, say) == 1
    word = say.lines[-1].rpartition("--word ")[2]
    assert breaker_command.reset(settings, "ada", word, say) == 0
    assert say.lines[-1] == "It is paused now, and goes on by itself."
    with ControlStore.open(settings.control_url) as control:
        [entry] = control.audit(settings.anchor_path).last(1)
    assert (entry.decision.action, entry.decision.who) == ("breaker.reset", "ada")
