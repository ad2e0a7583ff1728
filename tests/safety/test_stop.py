"""The emergency stop: set anywhere means set, unreadable means set, and it outlives everything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from aineon.errors import SafetyError, StopLatched
from aineon.ledger.control import ControlStore
from aineon.primitives import ManualClock
from aineon.safety import (
    STOP_FILE,
    Stop,
    StopFile,
    StopReason,
    StopReporter,
    StopState,
    StopVariable,
)
from tests.databases import database_url


class Broken:
    """A place that nobody can read or write."""

    name = "broken"

    def look(self) -> tuple[StopReason, ...]:
        raise OSError("no such device")

    def latch(self, reason: StopReason) -> None:
        raise OSError("no such device")

    def clear(self, who: str, at: float, seen: Sequence[StopReason]) -> None:
        raise OSError("no such device")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / STOP_FILE


def test_it_is_not_set_at_first(file: Path) -> None:
    stop = Stop([StopFile(file)], [StopVariable({})])
    assert stop.state() == StopState()
    stop.check("signing")


def test_a_latch_stops_and_survives_a_restart(file: Path) -> None:
    clock = ManualClock(1000.0)
    Stop([StopFile(file)], clock=clock).latch("nonce 7 is a stranger's", "sending")
    again = Stop([StopFile(file)])
    assert again.state().reasons == (
        StopReason("file", "nonce 7 is a stranger's", "sending", 1000.0),
    )
    with pytest.raises(StopLatched, match="signing was refused.*nonce 7 is a stranger's.*sending"):
        again.check("signing")


def test_all_reasons_are_told_once(file: Path, tmp_path: Path) -> None:
    with ControlStore.open(database_url(tmp_path / "control.db")) as control:
        stop = Stop([StopFile(file), control.stops], [StopVariable({"AINEON_STOP": "1"})])
        stop.latch("first", "ada", at=5.0)
        stop.latch("second", "bob", at=6.0)
        for _ in range(3):
            stop.latch("first", "ada", at=7.0)
        told = [(reason.place, reason.reason) for reason in stop.state().reasons]
        assert told == [
            ("file", "first"),
            ("file", "second"),
            ("database", "first"),
            ("database", "second"),
            ("environment", "AINEON_STOP is set"),
        ]


def test_either_keeper_alone_keeps_it(file: Path, tmp_path: Path) -> None:
    url = database_url(tmp_path / "control.db")
    with ControlStore.open(url) as control:
        Stop([StopFile(file), control.stops]).latch("why", "ada")
    file.unlink()
    with ControlStore.open(url) as control:
        assert Stop([StopFile(file), control.stops]).state().is_set
        control.stops.clear("ada", 1.0, control.stops.look())
        assert not Stop([StopFile(file), control.stops]).state().is_set


def test_what_is_latched_while_it_is_cleared_stays(file: Path, tmp_path: Path) -> None:
    """Control: what was seen goes."""
    with ControlStore.open(database_url(tmp_path / "control.db")) as control:
        stop = Stop([StopFile(file), control.stops])
        seen = stop.latch("seen", "ada")
        for keeper in (StopFile(file), control.stops):
            keeper.latch(StopReason(keeper.name, "a key leaked", "bert", 2.0))
            keeper.clear("ada", 3.0, seen.reasons)
            assert [each.reason for each in keeper.look()] == ["a key leaked"]
        assert stop.state().is_set


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("place", [(StopFile, "latch"), (Path, "unlink")])
def test_a_clearing_that_is_killed_loses_no_reason(
    file: Path, monkeypatch: pytest.MonkeyPatch, place: tuple[type, str]
) -> None:
    """Killed before what nobody has seen is back, or before what was put aside is removed."""
    StopFile(file).latch(StopReason("file", "seen", "ada", 1.0))
    seen = StopFile(file).look()
    StopFile(file).latch(StopReason("file", "a key leaked", "bert", 2.0))

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(*place, kill)
        with pytest.raises(Killed):
            StopFile(file).clear("ada", 3.0, seen)
    # Control: the file was moved away by then.
    assert (file.parent / f".{STOP_FILE}-cleared").exists()
    assert {each.reason for each in StopFile(file).look()} == {"seen", "a key leaked"}
    # It is gone on with, and what was not seen is told once.
    StopFile(file).clear("ada", 4.0, seen)
    assert [each.reason for each in StopFile(file).look()] == ["a key leaked"]
    StopFile(file).clear("ada", 5.0, StopFile(file).look())
    assert StopFile(file).look() == ()
    assert not list(file.parent.iterdir())


def test_a_time_that_no_clock_shows_is_not_known(file: Path) -> None:
    file.write_text('{"reason": "why", "who": "ada", "at": 1e300}\n')
    (reason,) = StopFile(file).look()
    assert (reason.reason, reason.at) == ("why", None)


def test_it_can_be_set_without_the_database(file: Path) -> None:
    Stop([StopFile(file), Broken()]).latch("the database is down", "ada")
    assert "the database is down" in str(Stop([StopFile(file)]).state())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file exists"),
        (b"stop at once\n", "stop at once"),
        (b'{"reason": 1', '{"reason": 1'),
        (b"\xff\xfe", "��"),
        (b"[]", "[]"),
    ],
)
def test_any_file_of_that_name_stops(file: Path, content: bytes, reason: str) -> None:
    file.write_bytes(content)
    assert [found.reason for found in StopFile(file).look()] == [reason]


def test_a_link_that_leads_nowhere_stops(file: Path) -> None:
    file.symlink_to("nowhere")
    assert Stop([StopFile(file)]).state().is_set


def test_a_folder_that_is_gone_stops(tmp_path: Path) -> None:
    stop = Stop([StopFile(tmp_path / "unmounted" / STOP_FILE)])
    assert "cannot be read" in str(stop.state())


def test_a_folder_in_its_place_stops_and_is_not_cleared(file: Path) -> None:
    file.mkdir()
    assert Stop([StopFile(file)]).state().is_set
    with pytest.raises(OSError, match="Is a directory|denied"):
        StopFile(file).clear("ada", 1.0, ())
    assert file.is_dir()


def test_what_cannot_be_read_stops(file: Path) -> None:
    assert "cannot be read: no such device" in str(Stop([StopFile(file)], [Broken()]).state())


def test_a_damaged_database_stops(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    with ControlStore.open(database_url(path)) as control:
        stop = Stop([StopFile(file), control.stops])
        assert not stop.state().is_set
        control.stops.look()
        with control._engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE stops")
        assert "database" in str(stop.state())


@pytest.mark.parametrize("value", ["1", "true", "yes", "anything", "off!"])
def test_the_variable_stops(value: str) -> None:
    assert StopVariable({"AINEON_STOP": value}).look()


@pytest.mark.parametrize("value", ["", " ", "0", "false", "No", "OFF"])
def test_the_variable_may_say_no(value: str) -> None:
    assert not StopVariable({"AINEON_STOP": value}).look()


def test_the_variable_is_the_process_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AINEON_STOP", "1")
    assert StopVariable().look()


def test_a_latch_that_nobody_keeps_still_stops_this_process() -> None:
    stop = Stop([Broken()])
    with pytest.raises(SafetyError, match="in this process alone.*broken: no such device"):
        stop.latch("why", "ada")
    assert any(reason.place == "memory" for reason in stop.state().reasons)


def test_without_a_keeper_there_is_no_stop() -> None:
    with pytest.raises(SafetyError, match="needs a place that keeps it"):
        Stop([])


def test_clearing_wants_a_name_and_eyes(file: Path) -> None:
    stop = Stop([StopFile(file)], [StopVariable({"AINEON_STOP": "1"})])
    stop.latch("first", "sending")
    seen = stop.state()
    stop.latch("second", "risk")
    with pytest.raises(SafetyError, match="in somebody's name"):
        stop.clear(" ", seen)
    with pytest.raises(SafetyError, match="not looked at yet: second"):
        stop.clear("ada", seen)
    left = stop.clear("ada", stop.state())
    assert [reason.place for reason in left.reasons] == ["environment"]
    assert not file.exists()


def test_a_clear_that_fails_leaves_it_set() -> None:
    stop = Stop([Broken()])
    with pytest.raises(SafetyError, match="stays set: broken"):
        stop.clear("ada", stop.state())
    assert stop.state().is_set


def test_a_cleared_latch_stays_on_record(file: Path, tmp_path: Path) -> None:
    with ControlStore.open(database_url(tmp_path / "control.db")) as control:
        stop = Stop([StopFile(file), control.stops], clock=ManualClock(9.0))
        stop.latch("why", "sending", at=5.0)
        stop.clear("ada", stop.state())
        with control._engine.begin() as connection:
            rows = connection.exec_driver_sql("SELECT reason, who, at, cleared_by FROM stops")
            assert rows.fetchall() == [("why", "sending", 5.0, "ada")]


def test_a_reporter_that_falls_silent_stops(file: Path) -> None:
    clock = ManualClock(100.0)
    pause = StopReporter("contract", 36.0, clock)
    stop = Stop([StopFile(file)], [pause])
    assert "was never looked at" in str(stop.state())
    pause.report_clear()
    assert not stop.state().is_set
    pause.report_set("the executor is paused", "its guardian")
    assert stop.state().reasons == (
        StopReason("contract", "the executor is paused", "its guardian", 100.0),
    )
    pause.report_clear()
    clock.advance(37.0)
    assert "was not looked at for 37 seconds" in str(stop.state())


def test_what_latch_writes_is_a_line_of_json(file: Path) -> None:
    StopFile(file).latch(StopReason("memory", "why", "ada", 3.5))
    assert json.loads(file.read_text()) == {"reason": "why", "who": "ada", "at": 3.5}
