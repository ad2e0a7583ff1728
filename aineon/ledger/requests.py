"""RequestTable: what is asked of the supervisor through the control database.

The console writes a request and nothing else; the supervisor takes it, and answers it once.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Engine, insert, select, update

from aineon.errors import RequestClosed
from aineon.ledger.connect import Place, explained
from aineon.ledger.tables import RequestRow, table_of

_REQUESTS: Final = table_of(RequestRow)
_COLUMNS: Final = "id, mode, who, at, state, answer, changed_at"
_WAITING: Final = f"SELECT {_COLUMNS} FROM requests WHERE state = 'asked' ORDER BY id"  # noqa: S608
_LATEST: Final = f"SELECT {_COLUMNS} FROM requests ORDER BY id DESC LIMIT 1"  # noqa: S608


class RequestState(StrEnum):
    """How far a request has come."""

    ASKED = "asked"
    TAKEN = "taken"
    DONE = "done"
    REFUSED = "refused"


_OPEN: Final = (RequestState.ASKED, RequestState.TAKEN)


@dataclass(frozen=True, slots=True)
class ModeRequest:
    """A wish to play in another mode.

    Attributes:
        mode: the book that is asked for, e.g. `rehearsal`; the supervisor checks it.
        who: who asked, at `at`.
        state: how far it has come, since `changed_at`; `answer` says it in a sentence.
    """

    number: int
    mode: str
    who: str
    at: float
    state: RequestState
    answer: str
    changed_at: float

    @property
    def is_open(self) -> bool:
        """Whether its answer is still to come."""
        return self.state in _OPEN


class RequestTable:
    """Requests of the control database, each kept with its answer.

    All methods raise `LedgerError` where the database cannot be read or written.
    """

    def __init__(self, place: Place, engine: Engine) -> None:
        self._place = place
        self._engine = engine

    def ask(self, mode: str, who: str, at: float) -> int:
        """Ask for `mode` in the name of `who`; returns the request's number."""
        row = {"mode": mode, "who": who, "at": at, "changed_at": at}
        with explained(self._place), self._engine.begin() as connection:
            query = insert(_REQUESTS).values(**row, state=RequestState.ASKED, answer="")
            number: int = connection.execute(query.returning(_REQUESTS.c.id)).scalar_one()
        return number

    def waiting(self) -> tuple[ModeRequest, ...]:
        """Return the requests that nobody has taken yet, oldest first."""
        return self._look(_WAITING)

    def latest(self) -> ModeRequest | None:
        """Return the newest request; None where there was none."""
        return next(iter(self._look(_LATEST)), None)

    def take(self, number: int, words: str, at: float) -> None:
        """Say that a request is being seen to."""
        self._change(number, RequestState.TAKEN, words, at)

    def answer(self, number: int, state: RequestState, words: str, at: float) -> None:
        """Answer a request: it is done or refused, and that stays.

        Raises:
            RequestClosed: it has been answered already.
        """
        self._change(number, state, words, at)

    def tell(self, mode: str, who: str, words: str, at: float) -> None:
        """Keep on record a change that nobody asked for."""
        row = {"mode": mode, "who": who, "at": at, "changed_at": at, "answer": words}
        with explained(self._place), self._engine.begin() as connection:
            connection.execute(insert(_REQUESTS).values(**row, state=RequestState.DONE))

    def refuse_open(self, words: str, at: float) -> None:
        """Refuse whatever has no answer yet: who should have given it is gone."""
        with explained(self._place), self._engine.begin() as connection:
            connection.execute(
                update(_REQUESTS)
                .where(_REQUESTS.c.state.in_(_OPEN))
                .values(state=RequestState.REFUSED, answer=words, changed_at=at)
            )

    def _change(self, number: int, state: RequestState, words: str, at: float) -> None:
        with explained(self._place), self._engine.begin() as connection:
            changed = connection.execute(
                update(_REQUESTS)
                .where(_REQUESTS.c.id == number, _REQUESTS.c.state.in_(_OPEN))
                .values(state=state, answer=words, changed_at=at)
            )
        if changed.rowcount == 0:
            known = self._state_of(number)
            raise RequestClosed(f"request {number} is {known}; only an open one can become {state}")

    def _state_of(self, number: int) -> str:
        query = select(_REQUESTS.c.state).where(_REQUESTS.c.id == number)
        with explained(self._place), self._engine.begin() as connection:
            return connection.execute(query).scalar_one_or_none() or "not there"

    def _look(self, query: str) -> tuple[ModeRequest, ...]:
        # Without BEGIN: looking twice a second must not stand in the way of the engine's writes.
        with explained(self._place), closing(self._engine.raw_connection()) as raw:
            cursor = raw.cursor()
            cursor.execute(query)
            rows = cursor.fetchall()
        return tuple(
            ModeRequest(number, mode, who, at, RequestState(state), answer, changed_at)
            for number, mode, who, at, state, answer, changed_at in rows
        )
