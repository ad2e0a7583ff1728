"""Commands: asked once, answered once, and open until then whoever took them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aineon.errors import CommandAltered, CommandClosed, LedgerError
from aineon.ledger.commands import CommandState, CommandTable
from aineon.ledger.control import ControlStore
from aineon.primitives import Book
from tests.databases import database_url

KIND = "withdrawal.request"


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[CommandTable]:
    with ControlStore.open(database_url(tmp_path / "control.db"), busy_timeout=0.1) as store:
        yield store.commands


def ask(commands: CommandTable, **changes: Any) -> int:
    wish = {"kind": KIND, "body": {"amount": "1"}, "who": "anna", "at": 1.0, "book": Book.LIVE}
    return commands.ask(**(wish | changes))


def test_a_command_is_open_until_it_is_answered(commands: CommandTable) -> None:
    assert commands.open({KIND}) == ()
    number = ask(commands)
    [waiting] = commands.waiting()
    assert (waiting.number, waiting.kind, waiting.body) == (number, KIND, {"amount": "1"})
    assert (waiting.who, waiting.at, waiting.book) == ("anna", 1.0, Book.LIVE)
    commands.take(number, 2.0)
    assert commands.waiting() == ()
    # Whoever took it may have died: it is still to be answered.
    [taken] = commands.open({KIND})
    assert (taken.state, taken.is_open) == (CommandState.TAKEN, True)
    commands.take(number, 3.0)
    commands.answer(number, CommandState.DONE, "done so", 4.0)
    assert commands.open({KIND}) == ()
    done = commands.find(number)
    assert done is not None
    assert (done.state, done.answer, done.changed_at) == (CommandState.DONE, "done so", 4.0)


def test_an_answer_stays(commands: CommandTable) -> None:
    number = ask(commands)
    commands.answer(number, CommandState.REFUSED, "no", 2.0)
    with pytest.raises(CommandClosed, match="command 1 is refused"):
        commands.answer(number, CommandState.DONE, "yes", 3.0)
    with pytest.raises(CommandClosed, match="command 1 is refused"):
        commands.take(number, 3.0)
    with pytest.raises(CommandClosed, match="command 9 is not there"):
        commands.take(9, 3.0)


def test_others_take_other_kinds(commands: CommandTable) -> None:
    ask(commands)
    other = ask(commands, kind="stop.clear")
    assert [each.number for each in commands.open({"stop.clear"})] == [other]


def test_one_token_is_one_wish(commands: CommandTable) -> None:
    number = ask(commands, token="form-1")
    assert ask(commands, token="form-1", at=9.0) == number
    commands.answer(number, CommandState.DONE, "", 2.0)
    assert ask(commands, token="form-1") == number
    for changes in (
        {"body": {"amount": "2"}},
        {"who": "bert"},
        {"kind": "withdrawal.cancel"},
        {"book": Book.REHEARSAL},
    ):
        with pytest.raises(CommandAltered, match="with another"):
            ask(commands, token="form-1", **changes)
    assert ask(commands) != ask(commands)


@pytest.mark.parametrize(
    "changes",
    [
        {"body": {"amount": float("nan")}},
        {"body": {"amount": object()}},
        {"body": {"amount": "1" * 30_000}},
        {"token": ""},
        {"token": "x" * 101},
        {"token": "é"},
    ],
)
def test_what_cannot_be_a_command(commands: CommandTable, changes: dict[str, Any]) -> None:
    with pytest.raises(LedgerError):
        ask(commands, **changes)
    assert commands.waiting() == ()


def test_an_engine_without_work_does_not_wait_for_a_writer(
    tmp_path: Path, commands: CommandTable
) -> None:
    with ControlStore.open(database_url(tmp_path / "control.db")) as other, other.engine.begin():
        assert commands.open({KIND}) == ()
        with pytest.raises(LedgerError, match="is locked by another program"):
            ask(commands)
