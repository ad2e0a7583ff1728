"""The watch: sees from outside what operators want to be told, and takes no time of the engine.

It reads what the engine writes, the heartbeat and the book; so an engine that died is noticed as
well as one that trades. What stands at the first look is not told: only what changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from aineon.errors import LedgerError, SafetyError
from aineon.ledger.accounts.reading import AccountsReader
from aineon.ledger.control import ControlStore
from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.reading import BookReader
from aineon.ledger.views import Trade
from aineon.primitives import Book, Clock
from aineon.runtime.notices import wording
from aineon.runtime.notices.kinds import NoticeKind
from aineon.runtime.settings import Settings
from aineon.safety.places import STOP_FILE, StopFile
from aineon.treasury import TreasuryView, Withdrawal

_ENDED: Final = frozenset({"finished", "stopped"})
_PATIENCE_SECONDS: Final = 1.0
_START_SECONDS: Final = 120.0
_HOLD_SECONDS: Final = 30.0
_TRADES: Final = 100
_WITHDRAWALS: Final = 50
_MOST_REMEMBERED: Final = 5000
_BAD_VERDICTS: Final = frozenset({"shortfall", "surplus"})


@dataclass(frozen=True, slots=True)
class Seen:
    """Something to be told."""

    kind: NoticeKind
    words: str


class Watch:
    """Looks at one book and its engine, again and again.

    Args:
        settings: name the places, the book and what is worth telling.
        control: the control database.
    """

    def __init__(self, settings: Settings, control: ControlStore, clock: Clock) -> None:
        self._settings = settings
        self._book = settings.mode
        self._control = control
        self._clock = clock
        self._began = clock.now()
        self._silent = False
        self._state = ""
        self._stops: frozenset[tuple[str, str]] | None = None
        self._move: object = None
        self._looked_at_moves = False
        self._nodes: dict[str, _Node] = {}
        self._drift: float | None = None
        self._trades: dict[str, None] | None = None
        self._withdrawals: dict[str, str] | None = None
        self._reconciled: float | None = None
        self._looked_at_accounts = False

    def look(self) -> tuple[Seen, ...]:
        """Return what has happened since the last look.

        Where one thing cannot be read, the others are looked at all the same.
        """
        found: list[Seen] = []
        for part in (self._engine, self._stop, self._breaker, self._of_book):
            try:
                found += part()
            except (LedgerError, SafetyError, OSError):
                # Looked at again in a moment. A database that stays so stops the engine's
                # heartbeat as well, and that is told.
                continue
        return tuple(found)

    # --- the engine ------------------------------------------------------------------------

    def _engine(self) -> Iterator[Seen]:
        beat = self._control.heartbeat()
        played = None if beat is None else beat.mode
        if beat is None or played != self._book:
            yield from self._not_there()
            return
        old = self._clock.now() - beat.beat_at
        silent = old > self._settings.heartbeat_stale_seconds and beat.state not in _ENDED
        told = self._silent
        if silent:
            # One of an earlier start is given the time that an engine takes to begin.
            if not told and (beat.beat_at >= self._began or self._has_waited()):
                self._silent = True
                yield Seen(NoticeKind.ENGINE, f"The engine has been silent for {old:.0f} s.")
            return
        self._silent = False
        if told:
            yield Seen(NoticeKind.ENGINE, f"The engine is back: {beat.state}.")
        if beat.state == "failed" and self._state not in ("", "failed"):
            yield Seen(NoticeKind.ENGINE, f"The engine failed: {wording.line(beat.detail)}")
        self._state = beat.state
        yield from self._of_nodes(beat)
        yield from self._of_drift(beat)

    def _not_there(self) -> Iterator[Seen]:
        if self._has_waited() and not self._silent:
            self._silent = True
            yield Seen(NoticeKind.ENGINE, "The engine has not been heard of since the start.")

    def _has_waited(self) -> bool:
        return self._clock.now() - self._began > _START_SECONDS

    def _of_nodes(self, beat: Heartbeat) -> Iterator[Seen]:
        now = self._clock.now()
        for told in beat.nodes:
            node = self._nodes.setdefault(told.name, _Node(told.state, now, told.state))
            if told.state != node.state:
                node.state, node.since = told.state, now
            # A node that stumbles for a moment is no news.
            if node.state != node.told and now - node.since >= _HOLD_SECONDS:
                node.told = node.state
                why = f": {wording.line(told.detail)}" if told.detail else ""
                yield Seen(NoticeKind.NODE, f"Node {told.name} is {told.state}{why}")

    def _of_drift(self, beat: Heartbeat) -> Iterator[Seen]:
        alarms = [] if beat.optimizer is None else beat.optimizer.get("alarms", [])
        told = sorted((float(each["at"]), str(each["words"])) for each in alarms)
        before, self._drift = self._drift, told[-1][0] if told else -math.inf
        if before is None:
            return
        for at, words in told:
            if at > before:
                yield Seen(NoticeKind.DRIFT, f"The market has changed: {wording.line(words)}")

    # --- stop and breaker ------------------------------------------------------------------

    def _stop(self) -> Iterator[Seen]:
        file = StopFile(self._settings.data_dir.absolute() / STOP_FILE)
        reasons = [*self._control.stops.look(), *file.look()]
        now = frozenset((reason.reason, reason.who) for reason in reasons)
        before, self._stops = self._stops, now
        if before is None:
            return
        for reason, who in sorted(now - before):
            words = f"Emergency stop set by {wording.line(who)}: {wording.line(reason)}"
            yield Seen(NoticeKind.STOP, words)
        if before and not now:
            yield Seen(NoticeKind.STOP, "The emergency stop was cleared.")

    def _breaker(self) -> Iterator[Seen]:
        newest = next(iter(self._control.breaker(self._book).history(1)), None)
        before, self._move = self._move, newest
        first, self._looked_at_moves = not self._looked_at_moves, True
        if first or newest is None or newest == before:
            return
        reason = wording.line(newest.reason)
        words = f"Breaker {newest.old} to {newest.new} by {wording.line(newest.who)}: {reason}"
        yield Seen(NoticeKind.BREAKER, words)

    # --- the book --------------------------------------------------------------------------

    def _of_book(self) -> Iterator[Seen]:
        book = self._book
        found: list[Seen] = []
        with closing(
            BookReader.open(self._settings.book_url, book, busy_timeout=_PATIENCE_SECONDS)
        ) as reader:
            found += self._of_trades(reader)
            if book is not Book.SIMULATION:
                found += self._of_accounts(reader)
                with TreasuryView(reader).reading() as treasury:
                    found += self._of_withdrawals(treasury.newest(_WITHDRAWALS))
        yield from found

    def _of_trades(self, reader: BookReader) -> Iterator[Seen]:
        newest: dict[str, Trade] = {}
        for outcome in ("included", "reverted"):
            for trade in reader.recent_trades(_TRADES, outcome=outcome):
                newest[trade.attempt.attempt_id] = trade
        before = self._trades
        self._trades = dict.fromkeys(newest) if before is None else before
        if before is None:
            return
        fresh = [name for name in newest if name not in before]
        self._trades |= dict.fromkeys(fresh)
        while len(self._trades) > _MOST_REMEMBERED:
            del self._trades[next(iter(self._trades))]
        for trade in sorted((newest[name] for name in fresh), key=_settled_at):
            yield from self._of_trade(trade)

    def _of_trade(self, trade: Trade) -> Iterator[Seen]:
        if trade.net is None or abs(trade.net.wei) < self._settings.notify_trades_from_wei:
            return
        told = f"{wording.pair(trade.attempt.pair)}: {wording.ether(trade.net.wei)} net"
        if trade.net.wei < 0:
            yield Seen(NoticeKind.LOSS, f"A trade cost money, {told}")
        elif trade.net.wei > 0:
            yield Seen(NoticeKind.TRADE, f"A trade was included, {told}")

    def _of_withdrawals(self, newest: tuple[Withdrawal, ...]) -> Iterator[Seen]:
        now = {each.id: each.state.value for each in newest}
        before, self._withdrawals = self._withdrawals, now
        if before is None:
            return
        for each in reversed(newest):
            if before.get(each.id) != each.state:
                yield Seen(NoticeKind.WITHDRAWAL, _withdrawal_words(each))

    def _of_accounts(self, reader: BookReader) -> Iterator[Seen]:
        newest = AccountsReader(reader).latest_reconciliation()
        at = None if newest is None else newest.at
        before, self._reconciled = self._reconciled, at
        first, self._looked_at_accounts = not self._looked_at_accounts, True
        if first or newest is None or at == before or newest.verdict not in _BAD_VERDICTS:
            return
        yield Seen(NoticeKind.MISMATCH, f"Accounts, {newest.verdict}: {wording.line(newest.words)}")


def _settled_at(trade: Trade) -> float:
    return 0.0 if trade.settlement is None else trade.settlement.settled_at


@dataclass(slots=True)
class _Node:
    """How a node is, since when, and what was told of it last."""

    state: str
    since: float
    told: str


def _withdrawal_words(each: Withdrawal) -> str:
    payment = each.payment
    to = f"{payment.destination[:6]}…{payment.destination[-4:]}"
    paid = wording.amount(payment.amount, payment.asset)
    why = f": {wording.line(each.reason)}" if each.reason else ""
    return f"Withdrawal {wording.line(each.id)} of {paid} to {to} is {each.state.value}{why}"
