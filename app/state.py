"""The one client through which pages see the engine and its book; it can only read.

What pages ask for goes through `app.actions`.

What is read is kept for a second, so that many open pages cost the database no more than one.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from aineon.errors import AineonError, LedgerNotFound, SafetyError
from aineon.ledger.accounts.reading import AccountBalance, AccountsReader, Reconciliation
from aineon.ledger.connect import parse_place
from aineon.ledger.control import ControlStore
from aineon.ledger.export import trades_csv, trades_json
from aineon.ledger.exporting import Export
from aineon.ledger.figures import (
    Balances,
    Drawdown,
    EquityCurve,
    ProfitSummary,
    Sharpe,
    StrategyFigures,
    StrategySummary,
)
from aineon.ledger.periods import Bucket, Period
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.records import (
    Heartbeat,
    NearMissRecord,
    OpportunityRecord,
    PriceRecord,
    RunRecord,
    StepRecord,
    TakingRecord,
)
from aineon.ledger.requests import ModeRequest
from aineon.ledger.views import Booked, Funnel, Pending, Scope, TakingsTotal, Trade
from aineon.primitives import Clock, SystemClock
from aineon.risk.figures import RiskFigures, risk_figures
from aineon.runtime.handover import without_withheld
from aineon.runtime.settings import Settings, load_settings
from aineon.safety.breaker import BreakerChange
from aineon.safety.places import STOP_FILE, StopFile, StopVariable
from aineon.safety.stop import StopReason

KEPT_SECONDS = 1.0
_MOST_KEPT = 300
# A page says that the book is locked; it does not stand still until it no longer is.
_PATIENCE_SECONDS = 1.0


class _Closable(Protocol):
    def close(self) -> None: ...


T = TypeVar("T", bound=_Closable)
C = TypeVar("C", bound=Callable[..., Any])


class _Door(Generic[T]):
    """Keeps a store open, and opens it anew where its file has become another one."""

    def __init__(self, url: str, opener: Callable[[str], T]) -> None:
        self._url = url
        self._opener = opener
        self._path = parse_place(url).path
        self._lock = threading.Lock()
        self._store: T | None = None
        self._seen: tuple[int, int] | None = None

    def store(self) -> T:
        """Return the open store.

        Raises:
            LedgerNotFound: nobody has created it yet.
            LedgerError: it cannot be opened.
        """
        with self._lock:
            found = _identity(self._path)
            if self._store is not None and found != self._seen:
                self._store.close()
                self._store = None
            if self._store is None:
                self._store = self._opener(self._url)
                self._seen = found
            return self._store

    def close(self) -> None:
        """Let go of the store; it is opened again when it is asked for."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None


def _identity(path: Path | None) -> tuple[int, int] | None:
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _kept(method: C) -> C:
    """Answer from memory what was asked a moment ago with the same arguments."""

    @functools.wraps(method)
    def read(self: Client, *arguments: Any) -> Any:
        key = (method.__name__, arguments)
        found = self.memory.get(key)
        if found is None or time.monotonic() - found[0] >= KEPT_SECONDS:
            try:
                value = method(self, *arguments)
            except AineonError as error:
                # Kept too: a locked book must not hold a page up once for every figure.
                value = error
            if len(self.memory) >= _MOST_KEPT:
                self.memory.clear()
            found = self.memory[key] = (time.monotonic(), value)
        if isinstance(found[1], AineonError):
            raise found[1]
        return found[1]

    return read  # type: ignore[return-value]


class Client:
    """Reads the engine's heartbeat and the book of the settings' mode.

    Every method that reads the book raises LedgerNotFound where there is none yet, and
    LedgerError where it cannot be read.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.memory: dict[Any, tuple[float, Any]] = {}
        self._control = _Door(
            settings.control_url,
            lambda url: ControlStore.open_reader(url, busy_timeout=_PATIENCE_SECONDS),
        )
        self._book = _Door(
            settings.book_url,
            lambda url: BookReader.open(url, settings.mode, busy_timeout=_PATIENCE_SECONDS),
        )

    # --- the engine ------------------------------------------------------------------------

    @_kept
    def heartbeat(self) -> Heartbeat | None:
        """Return the engine's latest heartbeat; None where there has been none yet.

        Raises:
            LedgerError: it cannot be read.
        """
        try:
            return self._control.store().heartbeat()
        except LedgerNotFound:
            return None

    @_kept
    def mode_of_engine(self) -> str | None:
        """Return the mode the engine says it is in; None where that is not known."""
        try:
            heartbeat = self.heartbeat()
        except AineonError:
            return None
        return None if heartbeat is None else heartbeat.mode

    @_kept
    def latest_request(self) -> ModeRequest | None:
        """Return what was asked of the supervisor last; None where nothing was.

        Raises:
            LedgerError: it cannot be read.
        """
        try:
            return self._control.store().requests.latest()
        except LedgerNotFound:
            return None

    @_kept
    def stops(self) -> tuple[StopReason, ...]:
        """Return the emergency stops that file and control database keep, and the setting.

        Raises:
            LedgerError, SafetyError: they cannot be read.
        """
        found = [*StopVariable(setting=self.settings.emergency_stop).look(), *self._stop_file()]
        with suppress(LedgerNotFound):
            found += self._control.store().stops.look()
        return tuple(found)

    def _stop_file(self) -> Sequence[StopReason]:
        folder = self.settings.data_dir.absolute()
        try:
            return StopFile(folder / STOP_FILE).look() if folder.exists() else ()
        except OSError as error:
            raise SafetyError(f"{folder / STOP_FILE} cannot be read: {error.strerror}") from error

    @_kept
    def breaker_moves(self, limit: int) -> tuple[BreakerChange, ...]:
        """Return the newest moves of the book's circuit breaker, newest first.

        Raises:
            LedgerError: they cannot be read.
        """
        try:
            return self._control.store().breaker(self.settings.mode).history(limit)
        except LedgerNotFound:
            return ()

    # --- runs ------------------------------------------------------------------------------

    @_kept
    def runs(self) -> tuple[Booked[RunRecord], ...]:
        """Return the newest runs, newest first."""
        return self._reader().runs()

    @_kept
    def scope(self, run_id: int | None) -> Scope:
        """Return one run as a scope, or all runs of the latest run's provenance."""
        return self._reader().scope(run_id)

    # --- figures ---------------------------------------------------------------------------

    @_kept
    def summary(self, scope: Scope, period: Period) -> ProfitSummary:
        """Return the figures of the period that ends now."""
        return self._tracker(scope).summary(period, self.clock.now())

    @_kept
    def today(self, scope: Scope) -> ProfitSummary:
        """Return the figures since midnight UTC."""
        now = self.clock.now()
        return self._tracker(scope).series("day", now, now)[0]

    @_kept
    def series(
        self, scope: Scope, bucket: Bucket, since: float | None
    ) -> tuple[ProfitSummary, ...]:
        """Return the figures of whole hours, days or weeks."""
        return self._tracker(scope).series(bucket, since)

    @_kept
    def curve(self, scope: Scope) -> EquityCurve:
        """Return the running total of the known net."""
        return self._tracker(scope).equity_curve()

    @_kept
    def drawdown(self, scope: Scope) -> Drawdown:
        """Return how far the running total fell below its highest point."""
        return self._tracker(scope).drawdown()

    @_kept
    def sharpe_told(self, scope: Scope) -> Sharpe:
        """Return the Sharpe ratio by day, and by hour where there are too few days."""
        by_day = self._tracker(scope).sharpe(self.clock.now(), "day")
        if by_day.ratio is not None:
            return by_day
        return self._tracker(scope).sharpe(self.clock.now(), "hour")

    @_kept
    def strategy_runs(self, scope: Scope) -> StrategySummary:
        """Return the figures of strategy runs, each counted as one."""
        return self._tracker(scope).strategy_runs()

    @_kept
    def recent_strategy_runs(self, scope: Scope, limit: int) -> tuple[StrategyFigures, ...]:
        """Return strategy runs, newest first."""
        return self._tracker(scope).recent_strategy_runs(limit)

    @_kept
    def balances(self, scope: Scope) -> Balances:
        """Return what the trades left in each token."""
        return self._tracker(scope).balances()

    # --- accounts --------------------------------------------------------------------------

    @_kept
    def accounts(self) -> tuple[AccountBalance, ...]:
        """Return the balances of all accounts of the chain; none in a simulation."""
        return AccountsReader(self._reader()).balances()

    @_kept
    def reconciliation(self) -> Reconciliation | None:
        """Return the newest comparison of the accounts with the chain; None before the first."""
        return AccountsReader(self._reader()).latest_reconciliation()

    @_kept
    def risk_figures(self, scope: Scope) -> RiskFigures:
        """Return value at risk, expected shortfall and slippage."""
        return risk_figures(self._reader(), scope, self.clock.now())

    # --- lists -----------------------------------------------------------------------------

    @_kept
    def trades(self, scope: Scope, limit: int) -> tuple[Trade, ...]:
        """Return trades, newest first, those in flight included."""
        return self._reader().recent_trades(limit, scope=scope)

    @_kept
    def pending(self, scope: Scope) -> tuple[Pending, ...]:
        """Return what is seen in blocks that are not final, oldest first."""
        return self._reader().pending(scope)

    @_kept
    def opportunities(
        self, scope: Scope, limit: int, gate: str | None
    ) -> tuple[Booked[OpportunityRecord], ...]:
        """Return opportunities, newest first; of one gate where `gate` is given."""
        return self._reader().recent_opportunities(limit, gate=gate, scope=scope)

    @_kept
    def best_stopped(self, scope: Scope, limit: int) -> tuple[Booked[OpportunityRecord], ...]:
        """Return what was stopped and would have earned most, best first."""
        return self._reader().best_stopped(limit, scope=scope)

    @_kept
    def near_misses(self, scope: Scope) -> tuple[Booked[NearMissRecord], ...]:
        """Return the cycles that came closest in the newest scan, best rate first."""
        return self._reader().near_misses(scope=scope)

    @_kept
    def steps(self, scope: Scope, limit: int) -> tuple[Booked[StepRecord], ...]:
        """Return processed steps, newest first."""
        return self._reader().recent_steps(limit, scope=scope)

    @_kept
    def takings(self, scope: Scope, limit: int) -> tuple[Booked[TakingRecord], ...]:
        """Return what other searchers took, newest first."""
        return self._reader().recent_takings(limit, scope=scope)

    @_kept
    def price_pairs(self, scope: Scope) -> tuple[str, ...]:
        """Return the pairs that have sampled prices."""
        return self._reader().price_pairs(scope)

    @_kept
    def prices(self, scope: Scope, pair: str, limit: int) -> tuple[Booked[PriceRecord], ...]:
        """Return a pair's newest sampled prices, oldest first."""
        return self._reader().price_series(pair, limit, scope)

    # --- added up --------------------------------------------------------------------------

    @_kept
    def funnel(self, scope: Scope) -> Funnel:
        """Return how far the opportunities came, and what stopped them."""
        return self._reader().funnel(scope=scope)

    @_kept
    def takings_total(self, scope: Scope) -> TakingsTotal:
        """Return what other searchers took in all."""
        return self._reader().takings_total(scope=scope)

    def export(self, scope: Scope, ending: str) -> Export:
        """Return the trades of `scope` as a file, `json` or `csv`."""
        make = {"json": trades_json, "csv": trades_csv}[ending]
        return make(self._reader(), self.clock.now(), scope)

    def close(self) -> None:
        """Let go of both databases."""
        self._control.close()
        self._book.close()

    def _reader(self) -> BookReader:
        return self._book.store()

    def _tracker(self, scope: Scope) -> ProfitTracker:
        return ProfitTracker(self._reader(), scope)


@functools.cache
def client() -> Client:
    """Return the client of this process, with settings from its environment."""
    return Client(without_withheld(load_settings()))
