"""RequestTable: what is asked of the supervisor through the control database.

The console writes a request and nothing else; the supervisor takes it, and answers it once.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlalchemy import Engine, insert, select, update

from aineon.errors import RequestClosed
from aineon.ledger.connect import Place, explained
from aineon.ledger.tables import RequestRow, table_of

_REQUESTS: Final = table_of(RequestRow)
_COLUMNS: Final = "id, kind, mode, who, at, state, answer, changed_at, word, proof"
_WAITING: Final = f"SELECT {_COLUMNS} FROM requests WHERE state = 'asked' ORDER BY id"  # noqa: S608
# The kinds' own names, written the same in every database's SQL.
_LATEST: Final = f"SELECT {_COLUMNS} FROM requests WHERE kind = '{{kind}}' ORDER BY id DESC LIMIT 1"  # noqa: S608


class RequestKind(StrEnum):
    """What the supervisor is asked for."""

    MODE = "mode"
    """To play in another mode."""
    SETTINGS = "settings"
    """To start the engine anew, in the same mode, with the settings as they are saved now."""
    NODES = "nodes"
    """To ask each of the chain's nodes how it is; the answer has a line for each."""
    LIVE = "live"
    """To look at the checklist of live mode; the answer has a line for each point."""


class RequestState(StrEnum):
    """How far a request has come."""

    ASKED = "asked"
    TAKEN = "taken"
    DONE = "done"
    REFUSED = "refused"


_OPEN: Final = (RequestState.ASKED, RequestState.TAKEN)


@dataclass(frozen=True, slots=True)
class ModeRequest:
    """A wish to play in another mode, or another wish of the supervisor.

    Attributes:
        kind: what is wished.
        mode: the book that is asked for, e.g. `rehearsal`, and for other wishes that of the
            console that asks; the supervisor checks it.
        who: who asked, at `at`.
        state: how far it has come, since `changed_at`; `answer` says it in a sentence.
        word: the phrase that confirms live mode; empty for everything else.
        proof: that `who` gave a one-time code for it, which is taken once.
    """

    number: int
    kind: RequestKind
    mode: str
    who: str
    at: float
    state: RequestState
    answer: str
    changed_at: float
    word: str = ""
    proof: str = field(default="", repr=False)

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

    def ask(
        self,
        mode: str,
        who: str,
        at: float,
        kind: RequestKind = RequestKind.MODE,
        *,
        word: str = "",
        proof: str = "",
    ) -> int:
        """Ask for `mode`, or another wish, in the name of `who`; returns the request's number.

        `word` and `proof` are what live mode takes besides; see `ModeRequest`.
        """
        row = {"kind": kind.value, "mode": mode, "who": who, "at": at, "changed_at": at}
        row |= {"word": word, "proof": proof}
        with explained(self._place), self._engine.begin() as connection:
            query = insert(_REQUESTS).values(**row, state=RequestState.ASKED, answer="")
            number: int = connection.execute(query.returning(_REQUESTS.c.id)).scalar_one()
        return number

    def waiting(self) -> tuple[ModeRequest, ...]:
        """Return the requests that nobody has taken yet, oldest first."""
        return self._look(_WAITING)

    def latest(self, kind: RequestKind = RequestKind.MODE) -> ModeRequest | None:
        """Return the newest request of a kind; None where there was none."""
        return next(iter(self._look(_LATEST.format(kind=kind.value))), None)

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
        row = {"kind": RequestKind.MODE.value, "mode": mode, "who": who, "at": at}
        row |= {"changed_at": at, "answer": words, "word": "", "proof": ""}
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
            ModeRequest(
                number,
                RequestKind(kind),
                mode,
                who,
                at,
                RequestState(state),
                answer,
                changed_at,
                *confirmation,
            )
            for number, kind, mode, who, at, state, answer, changed_at, *confirmation in rows
        )
