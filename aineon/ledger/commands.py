"""CommandTable: what console and command line ask of the engine, through the control database.

Whoever asks writes a command and nothing else; the engine alone writes its book. A command is
carried out exactly once although two databases are involved: the engine keeps the command's
token in the book in the same transaction as its effect, and answers afterwards. Where it dies in
between, the command is still open, the book knows the token, and the kept answer is given.

The token also names a wish: a form that is sent twice is one command.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, insert, select, update

from aineon.errors import CommandAltered, CommandClosed, LedgerError
from aineon.ledger.connect import Place, explained
from aineon.ledger.tables import CommandRow, table_of
from aineon.primitives import Book

_COMMANDS: Final = table_of(CommandRow)
_ANY_OPEN: Final = "SELECT number FROM commands WHERE state IN ('asked', 'taken') LIMIT 1"
_LONGEST_TOKEN: Final = 100
_LONGEST_BODY: Final = 20_000


class CommandState(StrEnum):
    """How far a command has come."""

    ASKED = "asked"
    TAKEN = "taken"
    DONE = "done"
    REFUSED = "refused"


_OPEN: Final = (CommandState.ASKED, CommandState.TAKEN)


@dataclass(frozen=True, slots=True)
class Command:
    """Something that the engine is to do.

    Attributes:
        token: names the wish; the same token is the same wish.
        kind: dotted words, such as `withdrawal.request`.
        book: the book it was meant for; another one refuses it.
        body: JSON; the engine checks it.
        who: who asked, at `at`.
        state: how far it has come, since `changed_at`; `answer` says it in a sentence.
    """

    number: int
    token: str
    kind: str
    book: Book
    body: Mapping[str, Any]
    who: str
    at: float
    state: CommandState
    answer: str
    changed_at: float

    @property
    def is_open(self) -> bool:
        """Whether its answer is still to come."""
        return self.state in _OPEN


class CommandTable:
    """Commands of the control database, each kept with its answer.

    All methods raise `LedgerError` where the database cannot be read or written.
    """

    def __init__(self, place: Place, engine: Engine) -> None:
        self._place = place
        self._engine = engine

    def ask(
        self,
        kind: str,
        body: Mapping[str, Any],
        who: str,
        at: float,
        *,
        book: Book,
        token: str | None = None,
    ) -> int:
        """Ask the engine that keeps `book` for something; returns the command's number.

        `token` is that of the form or call that asks: sent again it is the same command. None is
        a new wish.

        Raises:
            CommandAltered: the token is known, and was sent with another content or by another.
            LedgerError: `body` is no JSON, or too long.
        """
        wish = {"kind": kind, "book": book.value, "body": _json_of(body), "who": who}
        token = secrets.token_hex(16) if token is None else _checked(token)
        with explained(self._place), self._engine.begin() as connection:
            known = connection.execute(_where(_COMMANDS.c.token == token)).one_or_none()
            if known is not None:
                _refuse_altered(known, wish)
                return int(known.number)
            row = {"token": token, "at": at, "changed_at": at, "answer": ""}
            query = insert(_COMMANDS).values(**wish, **row, state=CommandState.ASKED.value)
            number: int = connection.execute(query.returning(_COMMANDS.c.number)).scalar_one()
        return number

    def waiting(self) -> tuple[Command, ...]:
        """Return the commands that nobody has taken yet, oldest first."""
        return self._look(_COMMANDS.c.state == CommandState.ASKED.value)

    def open(self, kinds: Collection[str]) -> tuple[Command, ...]:
        """Return the commands of these kinds that have no answer yet, oldest first.

        Taken ones are among them: whoever took them may have died.
        """
        if not self._any_open():
            return ()
        states = [state.value for state in _OPEN]
        return self._look(_COMMANDS.c.state.in_(states) & _COMMANDS.c.kind.in_(kinds))

    def newest(self, kinds: Collection[str], limit: int) -> tuple[Command, ...]:
        """Return the newest commands of these kinds, newest first."""
        query = select(_COMMANDS).where(_COMMANDS.c.kind.in_(kinds))
        query = query.order_by(_COMMANDS.c.number.desc()).limit(limit)
        with explained(self._place), self._engine.begin() as connection:
            return tuple(map(_command_of, connection.execute(query)))

    def find(self, number: int) -> Command | None:
        """Return a command; None where there is none of this number."""
        return next(iter(self._look(_COMMANDS.c.number == number)), None)

    def of_token(self, token: str) -> Command | None:
        """Return the command that a token names; None where it names none."""
        return next(iter(self._look(_COMMANDS.c.token == token)), None)

    def take(self, number: int, at: float) -> None:
        """Say that a command is being seen to; taking it again changes nothing.

        Raises:
            CommandClosed: it has its answer already.
        """
        self._change(number, CommandState.TAKEN, "", at)

    def answer(self, number: int, state: CommandState, words: str, at: float) -> None:
        """Answer a command: it is done or refused, and that stays.

        Raises:
            CommandClosed: it has its answer already.
        """
        self._change(number, state, words, at)

    def refuse_open(self, words: str, at: float) -> None:
        """Refuse everything that has no answer yet, taken or not."""
        still_open = _COMMANDS.c.state.in_([each.value for each in _OPEN])
        refused = {"state": CommandState.REFUSED.value, "answer": words, "changed_at": at}
        with explained(self._place), self._engine.begin() as connection:
            connection.execute(update(_COMMANDS).where(still_open).values(**refused))

    def _change(self, number: int, state: CommandState, words: str, at: float) -> None:
        with explained(self._place), self._engine.begin() as connection:
            changed = connection.execute(
                update(_COMMANDS)
                .where(
                    _COMMANDS.c.number == number,
                    _COMMANDS.c.state.in_([each.value for each in _OPEN]),
                )
                .values(state=state.value, answer=words, changed_at=at)
            )
        if changed.rowcount == 0:
            known = self.find(number)
            now = "not there" if known is None else known.state
            raise CommandClosed(f"command {number} is {now}; only an open one can become {state}")

    def _any_open(self) -> bool:
        # Without BEGIN: looking several times a second must not stand in a writer's way.
        with explained(self._place), closing(self._engine.raw_connection()) as raw:
            cursor = raw.cursor()
            cursor.execute(_ANY_OPEN)
            return cursor.fetchone() is not None

    def _look(self, condition: Any) -> tuple[Command, ...]:
        with explained(self._place), self._engine.begin() as connection:
            return tuple(map(_command_of, connection.execute(_where(condition))))


def refuse_waiting(connection: Connection, who: str, words: str, at: float) -> None:
    """Refuse what somebody asked and no engine has taken, within a transaction of the caller's."""
    waiting = (_COMMANDS.c.who == who) & (_COMMANDS.c.state == CommandState.ASKED.value)
    refused = {"state": CommandState.REFUSED.value, "answer": words, "changed_at": at}
    connection.execute(update(_COMMANDS).where(waiting).values(**refused))


def _where(condition: Any) -> Select[Any]:
    return select(_COMMANDS).where(condition).order_by(_COMMANDS.c.number)


def _command_of(row: Row[Any]) -> Command:
    return Command(
        row.number,
        row.token,
        row.kind,
        Book(row.book),
        row.body,
        row.who,
        row.at,
        CommandState(row.state),
        row.answer,
        row.changed_at,
    )


def _checked(token: str) -> str:
    if not isinstance(token, str) or not 0 < len(token) <= _LONGEST_TOKEN or not token.isascii():
        raise LedgerError(
            f"token {token!r:.40} of a command is not 1 to {_LONGEST_TOKEN} ASCII characters"
        )
    return token


def _json_of(body: Mapping[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(dict(body), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise LedgerError(f"a command's body cannot be stored: {error}") from error
    if len(text) > _LONGEST_BODY:
        raise LedgerError(f"a command's body has {len(text)} characters, {_LONGEST_BODY} at most")
    return dict(json.loads(text))


def _refuse_altered(known: Row[Any], wish: Mapping[str, Any]) -> None:
    for name, value in wish.items():
        if getattr(known, name) != value:
            raise CommandAltered(
                f"command {known.number} was sent with this token before, with another {name}; "
                "a changed form needs a new token"
            )
