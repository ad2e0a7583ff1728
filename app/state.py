"""The one client through which pages see the engine and its book; it can only read.

What pages ask for goes through `app.actions`.

What is read is kept for a second, so that many open pages cost the database no more than one.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from aineon.access.sessions import Session
from aineon.access.users import User, UserStore
from aineon.chain.fee_forecast import BlockFee
from aineon.errors import AineonError, LedgerError, LedgerNotFound, SafetyError
from aineon.ledger.accounts.reading import AccountBalance, AccountsReader, Reconciliation
from aineon.ledger.breakdown import Breakdown
from aineon.ledger.commands import Command, CommandState
from aineon.ledger.control import ControlStore
from aineon.ledger.door import Door
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
from aineon.ledger.notices import KeptNotice, TargetTold
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
from aineon.ledger.requests import ModeRequest, RequestKind
from aineon.ledger.sample_figures import SampleFigures, sample_figures
from aineon.ledger.saved_settings import SavedSetting
from aineon.ledger.views import Booked, Funnel, Pending, Scope, TakingsTotal, Trade
from aineon.primitives import Book, Clock, SystemClock
from aineon.runtime.access import sessions_of
from aineon.runtime.auditing import audit_of
from aineon.runtime.handover import without_withheld
from aineon.runtime.hosts import EVERY_ADDRESS
from aineon.runtime.settings import Settings, load_settings
from aineon.safety.breaker import BreakerChange
from aineon.safety.places import STOP_FILE, StopFile, StopVariable
from aineon.safety.stop import StopReason
from aineon.treasury.commands import KINDS, PREVIEW
from aineon.treasury.exporting import withdrawals_csv, withdrawals_json
from aineon.treasury.preview import Preview
from aineon.treasury.snapshot import History, Snapshot, history, look
from aineon.treasury.store import TreasuryView
from app.fees_ahead import foretold
from app.models_seen import ModelsSeen
from app.models_seen import look as look_at_models

if TYPE_CHECKING:
    from aineon.risk.figures import RiskFigures

KEPT_SECONDS = 1.0
_MINUTE = 60
_MOST_KEPT = 300
_PREVIEWS_LOOKED_AT = 20
# A page says that the book is locked; it does not stand still until it no longer is.
_PATIENCE_SECONDS = 1.0

C = TypeVar("C", bound=Callable[..., Any])


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


def _kept_until_booked(method: C) -> C:
    """Answer from memory while no attempt was booked or settled, and the minute is the same."""

    @functools.wraps(method)
    def read(self: Client, *arguments: Any) -> Any:
        key = (method.__name__, arguments)
        newest = self.newest()
        found = self.memory.get(key)
        if found is None or found[0] != newest:
            value = method(self, *arguments)
            if len(self.memory) >= _MOST_KEPT:
                self.memory.clear()
            found = self.memory[key] = (newest, value)
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
        self.memory: dict[Any, tuple[Any, Any]] = {}
        self._control = Door(
            settings.control_url,
            lambda url: ControlStore.open_reader(url, busy_timeout=_PATIENCE_SECONDS),
        )
        self._book = Door(
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

    @_kept
    def latest_of(self, kind: RequestKind) -> ModeRequest | None:
        """Return the newest request of a kind; None where there was none.

        Raises:
            LedgerError: it cannot be read.
        """
        try:
            return self._control.store().requests.latest(kind)
        except LedgerNotFound:
            return None

    # --- what was chosen at the console ----------------------------------------------------

    @_kept
    def saved_settings(self) -> Mapping[str, SavedSetting]:
        """Return the saved settings by the names of their variables.

        Raises:
            LedgerError: they cannot be read.
        """
        try:
            return self._control.store().saved_settings.all()
        except LedgerNotFound:
            return {}

    @_kept
    def notices(self, limit: int) -> tuple[KeptNotice, ...]:
        """Return the newest notices, newest first.

        Raises:
            LedgerError: they cannot be read.
        """
        try:
            return self._control.store().notices.newest(limit)
        except LedgerNotFound:
            return ()

    @_kept
    def notice_targets(self) -> tuple[TargetTold, ...]:
        """Return how each target took the last notices.

        Raises:
            LedgerError: they cannot be read.
        """
        try:
            return self._control.store().notices.targets()
        except LedgerNotFound:
            return ()

    @_kept
    def users(self) -> tuple[User, ...]:
        """Return who may sign in, by name.

        Raises:
            LedgerError: they cannot be read.
        """
        try:
            control = self._control.store()
            return UserStore(control, audit_of(self.settings, control)).all()
        except LedgerNotFound:
            return ()

    def session(self, number: str) -> Session | None:
        """Return the session of this number while it stands; looked up anew each time.

        Raises:
            LedgerError: it cannot be read.
        """
        return sessions_of(self.settings, self._control.store()).numbered(number, self.clock.now())

    # --- runs ------------------------------------------------------------------------------

    @_kept
    def runs(self) -> tuple[Booked[RunRecord], ...]:
        """Return the newest runs, newest first."""
        return self._reader().runs()

    @_kept
    def scope(self, run_id: int | None) -> Scope:
        """Return one run as a scope, or all runs of the latest run's provenance."""
        return self._reader().scope(run_id)

    @_kept
    def newest(self) -> tuple[object, ...]:
        """Return what changes with every attempt, settlement and minute, and with the book."""
        reader = self._reader()
        return (*reader.newest(), self._book.seen, int(self.clock.now() // _MINUTE))

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

    @_kept_until_booked
    def series(
        self, scope: Scope, bucket: Bucket, since: float | None
    ) -> tuple[ProfitSummary, ...]:
        """Return the figures of whole hours, days or weeks."""
        return self._tracker(scope).series(bucket, since)

    @_kept_until_booked
    def curve(self, scope: Scope, since: float | None) -> EquityCurve:
        """Return the running total of the known net, from `since` on."""
        return self._tracker(scope).equity_curve(since=since)

    @_kept_until_booked
    def breakdown(self, scope: Scope, since: float | None) -> Breakdown:
        """Return what attempts came to by venue, pair, shape of route, and hour of the day."""
        return self._tracker(scope).breakdown(since)

    @_kept_until_booked
    def drawdown(self, scope: Scope) -> Drawdown:
        """Return how far the running total fell below its highest point."""
        return self._tracker(scope).drawdown()

    @_kept_until_booked
    def sharpe_told(self, scope: Scope) -> Sharpe:
        """Return the Sharpe ratio by day, and by hour where there are too few days."""
        by_day = self._tracker(scope).sharpe(self.clock.now(), "day")
        if by_day.ratio is not None:
            return by_day
        return self._tracker(scope).sharpe(self.clock.now(), "hour")

    @_kept_until_booked
    def strategy_runs(self, scope: Scope) -> StrategySummary:
        """Return the figures of strategy runs, each counted as one."""
        return self._tracker(scope).strategy_runs()

    @_kept_until_booked
    def recent_strategy_runs(self, scope: Scope, limit: int) -> tuple[StrategyFigures, ...]:
        """Return strategy runs, newest first."""
        return self._tracker(scope).recent_strategy_runs(limit)

    @_kept_until_booked
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

    @_kept_until_booked
    def risk_figures(self, scope: Scope) -> RiskFigures:
        """Return value at risk, expected shortfall and slippage."""
        # With it comes all of the search, for which the first page should not have to wait.
        from aineon.risk.figures import risk_figures

        return risk_figures(self._reader(), scope, self.clock.now())

    # --- the treasury ----------------------------------------------------------------------

    @_kept
    def treasury(self, limit: int) -> Snapshot:
        """Return the book's treasury with its newest withdrawals.

        Raises:
            MixedBooks: the book is a simulation, which has none.
        """
        return look(TreasuryView(self._reader()), self.clock.now(), limit)

    @_kept
    def treasury_of(self, book: Book, limit: int) -> Snapshot:
        """Return the treasury of another book in the same place."""
        url = self.settings.model_copy(update={"mode": book}).book_url
        with TreasuryView.open(url, book) as view:
            return look(view, self.clock.now(), limit)

    def withdrawal_history(self, withdrawal_id: str) -> History:
        """Return everything that happened to a withdrawal.

        It is not kept: beside a newer treasury it would stand there until the next change.
        """
        return history(TreasuryView(self._reader()), withdrawal_id)

    def export_withdrawals(self, ending: str) -> Export:
        """Return the book's withdrawals as a file, `json` or `csv`."""
        make = {"json": withdrawals_json, "csv": withdrawals_csv}[ending]
        return make(TreasuryView(self._reader()), self.clock.now())

    @_kept
    def treasury_commands(self, limit: int) -> tuple[Command, ...]:
        """Return what was asked of the treasury last, newest first."""
        try:
            return self._control.store().commands.newest(KINDS, limit)
        except LedgerNotFound:
            return ()

    @_kept
    def treasury_account(self) -> str | None:
        """Return the account that money leaves from, as the engine told it last; None before."""
        try:
            found = self._control.store().commands.newest({PREVIEW}, _PREVIEWS_LOOKED_AT)
        except LedgerNotFound:
            return None
        for each in found:
            if each.state is CommandState.DONE and each.book is self.settings.mode:
                # One that another version answered tells nothing.
                with suppress(LedgerError):
                    return Preview.from_answer(each.answer).account
        return None

    def command(self, token: str) -> Command | None:
        """Return what was asked under a token, answered or not; None where nothing was.

        It is not kept: whoever waits for an answer looks for it anew.
        """
        try:
            return self._control.store().commands.of_token(token)
        except LedgerNotFound:
            return None

    # --- lists -----------------------------------------------------------------------------

    @_kept_until_booked
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
    def opportunity(self, number: int) -> Booked[OpportunityRecord] | None:
        """Return one opportunity by its number; None where it is not, or no longer, kept."""
        return self._reader().opportunity(number)

    @_kept
    def best_stopped(self, scope: Scope, limit: int) -> tuple[Booked[OpportunityRecord], ...]:
        """Return what was stopped and would have earned most, best first."""
        return self._reader().best_stopped(limit, scope=scope)

    @_kept_until_booked
    def samples(self, scope: Scope) -> SampleFigures:
        """Return what the optimizer's samples come to."""
        return sample_figures(self._reader(), scope)

    @_kept
    def near_misses(self, scope: Scope) -> tuple[Booked[NearMissRecord], ...]:
        """Return the cycles that came closest in the newest scan, best rate first."""
        return self._reader().near_misses(scope=scope)

    @_kept
    def steps(self, scope: Scope, limit: int) -> tuple[Booked[StepRecord], ...]:
        """Return processed steps, newest first."""
        return self._reader().recent_steps(limit, scope=scope)

    @_kept
    def models(self) -> ModelsSeen:
        """Return the models of the newest run's market; none before a run."""
        runs = self.runs()
        return look_at_models(self.settings, runs[0].record) if runs else ModelsSeen()

    @_kept
    def fees_ahead(self, scope: Scope, blocks: int) -> tuple[BlockFee, ...]:
        """Return the likely base fees of the next blocks, from as many newest ones."""
        return foretold(self.steps(scope, blocks))

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


def as_it_listens(settings: Settings, address: str | None) -> Settings:
    """Return settings with the address that this process listens on; None is every address.

    Whoever starts Streamlit by hand may tell it another one, and who must sign in depends on it.
    """
    listens_on = address or EVERY_ADDRESS[0]
    if listens_on == settings.host:
        return settings
    return settings.model_copy(update={"host": listens_on})
