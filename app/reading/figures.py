"""What the trades came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aineon.ledger.accounts.reading import AccountBalance, AccountsReader, Reconciliation
from aineon.ledger.breakdown import Breakdown
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
from aineon.ledger.records import (
    RunRecord,
)
from aineon.ledger.views import Booked, Scope

if TYPE_CHECKING:
    from aineon.risk.figures import RiskFigures

from app.reading.keeping import Kept, kept, kept_until_booked


class FiguresRead(Kept):
    """Runs, figures of profit and risk, accounts."""

    @kept
    def runs(self) -> tuple[Booked[RunRecord], ...]:
        """Return the newest runs, newest first."""
        return self.reader().runs()

    @kept
    def scope(self, run_id: int | None) -> Scope:
        """Return one run as a scope, or all runs of the latest run's provenance."""
        return self.reader().scope(run_id)

    # --- figures ---------------------------------------------------------------------------

    @kept
    def summary(self, scope: Scope, period: Period) -> ProfitSummary:
        """Return the figures of the period that ends now."""
        return self.tracker(scope).summary(period, self.clock.now())

    @kept
    def today(self, scope: Scope) -> ProfitSummary:
        """Return the figures since midnight UTC."""
        now = self.clock.now()
        return self.tracker(scope).series("day", now, now)[0]

    @kept_until_booked
    def series(
        self, scope: Scope, bucket: Bucket, since: float | None
    ) -> tuple[ProfitSummary, ...]:
        """Return the figures of whole hours, days or weeks."""
        return self.tracker(scope).series(bucket, since)

    @kept_until_booked
    def curve(self, scope: Scope, since: float | None) -> EquityCurve:
        """Return the running total of the known net, from `since` on."""
        return self.tracker(scope).equity_curve(since=since)

    @kept_until_booked
    def breakdown(self, scope: Scope, since: float | None) -> Breakdown:
        """Return what attempts came to by venue, pair, shape of route, and hour of the day."""
        return self.tracker(scope).breakdown(since)

    @kept_until_booked
    def drawdown(self, scope: Scope) -> Drawdown:
        """Return how far the running total fell below its highest point."""
        return self.tracker(scope).drawdown()

    @kept_until_booked
    def sharpe_told(self, scope: Scope) -> Sharpe:
        """Return the Sharpe ratio by day, and by hour where there are too few days."""
        by_day = self.tracker(scope).sharpe(self.clock.now(), "day")
        if by_day.ratio is not None:
            return by_day
        return self.tracker(scope).sharpe(self.clock.now(), "hour")

    @kept_until_booked
    def strategy_runs(self, scope: Scope) -> StrategySummary:
        """Return the figures of strategy runs, each counted as one."""
        return self.tracker(scope).strategy_runs()

    @kept_until_booked
    def recent_strategy_runs(self, scope: Scope, limit: int) -> tuple[StrategyFigures, ...]:
        """Return strategy runs, newest first."""
        return self.tracker(scope).recent_strategy_runs(limit)

    @kept_until_booked
    def balances(self, scope: Scope) -> Balances:
        """Return what the trades left in each token."""
        return self.tracker(scope).balances()

    # --- accounts --------------------------------------------------------------------------

    @kept
    def accounts(self) -> tuple[AccountBalance, ...]:
        """Return the balances of all accounts of the chain; none in a simulation."""
        return AccountsReader(self.reader()).balances()

    @kept
    def reconciliation(self) -> Reconciliation | None:
        """Return the newest comparison of the accounts with the chain; None before the first."""
        return AccountsReader(self.reader()).latest_reconciliation()

    @kept_until_booked
    def risk_figures(self, scope: Scope) -> RiskFigures:
        """Return value at risk, expected shortfall and slippage."""
        # With it comes all of the search, for which the first page should not have to wait.
        from aineon.risk.figures import risk_figures

        return risk_figures(self.reader(), scope, self.clock.now())
