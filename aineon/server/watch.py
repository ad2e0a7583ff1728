"""What is new since the last look, as the stream tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from aineon.errors import AineonError, LedgerNotFound
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.primitives import Clock, SystemClock
from aineon.server.answers import OpportunityAnswer, Profit, Status, TradeAnswer
from aineon.server.doors import Doors
from aineon.server.standing import Standing

MOST_ROWS: Final = 200
"""How many opportunities, and how many trades, one look tells of."""


class StatusEvent(BaseModel):
    """How everything stands, whenever something of it changed."""

    event: Literal["status"] = "status"
    status: Status


class ProfitEvent(BaseModel):
    """The figures of the last 24 hours, whenever something was settled."""

    event: Literal["profit"] = "profit"
    profit: Profit


class OpportunityEvent(BaseModel):
    """An opportunity that was booked."""

    event: Literal["opportunity"] = "opportunity"
    opportunity: OpportunityAnswer


class TradeEvent(BaseModel):
    """A trade that was submitted, or settled."""

    event: Literal["trade"] = "trade"
    trade: TradeAnswer


class GapEvent(BaseModel):
    """More opportunities were booked at once than one look tells of: `missed` are left out."""

    event: Literal["gap"] = "gap"
    missed: int


class TroubleEvent(BaseModel):
    """Something cannot be read now; the stream goes on."""

    event: Literal["trouble"] = "trouble"
    words: str


Event = Annotated[
    StatusEvent | ProfitEvent | OpportunityEvent | TradeEvent | GapEvent | TroubleEvent,
    Field(discriminator="event"),
]


class Watch:
    """Looks at control database and book; what was there at the beginning is not told."""

    def __init__(self, standing: Standing, doors: Doors, clock: Clock | None = None) -> None:
        self._standing = standing
        self._doors = doors
        self._clock = clock or SystemClock()
        self._status: Status | None = None
        self._profit: Profit | None = None
        self._newest: int | None = None
        self._outcomes: dict[str, str | None] | None = None
        self._trouble = ""

    def now(self) -> list[Event]:
        """Return how everything stands, for somebody who has just come."""
        found: list[Event] = []
        with suppress(AineonError):
            found.append(StatusEvent(status=self._standing.read()))
        with suppress(AineonError), self._doors.book.open() as reader:
            found.append(ProfitEvent(profit=self._profit_of(reader)))
        return found

    def begin(self) -> None:
        """Take what is there as known."""
        self._status = self._profit = self._newest = self._outcomes = None
        self.look()

    def look(self) -> list[Event]:
        """Return what is new, oldest first."""
        found: list[Event] = []
        try:
            found += self._of_control()
            with self._doors.book.open() as reader:
                found += self._opportunities(reader)
                found += self._trades(reader)
                found += self._profits(reader)
            self._trouble = ""
        except LedgerNotFound:
            # Everything in a book that appears later is new.
            self._newest, self._outcomes = 0, {}
        except AineonError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                found.append(TroubleEvent(words=self._trouble))
        return found

    def _of_control(self) -> Iterator[Event]:
        status = self._standing.read()
        before, self._status = self._status, status
        if before is not None and _without_age(before) != _without_age(status):
            yield StatusEvent(status=status)

    def _opportunities(self, reader: BookReader) -> Iterator[Event]:
        rows = reader.recent_opportunities(MOST_ROWS)
        newest = rows[0].number if rows else 0
        before, self._newest = self._newest, newest
        if before is None:
            return
        # A lower number than before: another book has taken the place of the one that was there.
        known = before if newest >= before else 0
        new = [row for row in reversed(rows) if row.number > known]
        if len(new) == MOST_ROWS and new[0].number > known + 1:
            yield GapEvent(missed=new[0].number - known - 1)
        yield from (OpportunityEvent(opportunity=OpportunityAnswer.of(row)) for row in new)

    def _trades(self, reader: BookReader) -> Iterator[Event]:
        trades = reader.recent_trades(MOST_ROWS)
        outcomes = {trade.attempt.attempt_id: trade.outcome for trade in trades}
        before, self._outcomes = self._outcomes, outcomes
        if before is None:
            return
        for trade in reversed(trades):
            if before.get(trade.attempt.attempt_id, "unseen") != trade.outcome:
                yield TradeEvent(trade=TradeAnswer.of(trade))

    def _profits(self, reader: BookReader) -> Iterator[Event]:
        profit = self._profit_of(reader)
        before, self._profit = self._profit, profit
        moving = {"since", "until"}
        if before is not None and before.model_dump(exclude=moving) != profit.model_dump(
            exclude=moving
        ):
            yield ProfitEvent(profit=profit)

    def _profit_of(self, reader: BookReader) -> Profit:
        tracker = ProfitTracker(reader, reader.scope())
        return Profit.of(tracker.summary("day", self._clock.now()))


def _without_age(status: Status) -> object:
    return status.model_dump(exclude={"health": {"engine": {"heartbeat_age_seconds"}}})
