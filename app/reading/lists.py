"""What was seen and done, one by one, and added up."""

from __future__ import annotations

from aineon.chain.fee_forecast import BlockFee
from aineon.ledger.export import trades_csv, trades_json
from aineon.ledger.exporting import Export
from aineon.ledger.periods import Period
from aineon.ledger.records import (
    NearMissRecord,
    OpportunityRecord,
    PriceRecord,
    StepRecord,
    TakingRecord,
)
from aineon.ledger.sample_figures import SampleFigures, sample_figures
from aineon.ledger.views import Booked, Funnel, Pending, Scope, TakingsTotal, Trade
from app.fees_ahead import foretold
from app.models_seen import ModelsSeen
from app.models_seen import look as look_at_models
from app.reading.keeping import Kept, kept, kept_until_booked


class ListsRead(Kept):
    """Trades, opportunities, steps, prices, the funnel, models."""

    @kept_until_booked
    def trades(self, scope: Scope, limit: int) -> tuple[Trade, ...]:
        """Return trades, newest first, those in flight included."""
        return self.reader().recent_trades(limit, scope=scope)

    @kept
    def pending(self, scope: Scope) -> tuple[Pending, ...]:
        """Return what is seen in blocks that are not final, oldest first."""
        return self.reader().pending(scope)

    @kept
    def opportunities(
        self, scope: Scope, limit: int, gate: str | None
    ) -> tuple[Booked[OpportunityRecord], ...]:
        """Return opportunities, newest first; of one gate where `gate` is given."""
        return self.reader().recent_opportunities(limit, gate=gate, scope=scope)

    @kept
    def opportunity(self, number: int) -> Booked[OpportunityRecord] | None:
        """Return one opportunity by its number; None where it is not, or no longer, kept."""
        return self.reader().opportunity(number)

    @kept
    def best_stopped(self, scope: Scope, limit: int) -> tuple[Booked[OpportunityRecord], ...]:
        """Return what was stopped and would have earned most, best first."""
        return self.reader().best_stopped(limit, scope=scope)

    @kept_until_booked
    def samples(self, scope: Scope) -> SampleFigures:
        """Return what the optimizer's samples come to."""
        return sample_figures(self.reader(), scope)

    @kept
    def near_misses(self, scope: Scope) -> tuple[Booked[NearMissRecord], ...]:
        """Return the cycles that came closest in the newest scan, best rate first."""
        return self.reader().near_misses(scope=scope)

    @kept
    def steps(self, scope: Scope, limit: int) -> tuple[Booked[StepRecord], ...]:
        """Return processed steps, newest first."""
        return self.reader().recent_steps(limit, scope=scope)

    @kept
    def models(self) -> ModelsSeen:
        """Return the models of the newest run's market; none before a run."""
        runs = self.runs()
        return look_at_models(self.settings, runs[0].record) if runs else ModelsSeen()

    @kept
    def fees_ahead(self, scope: Scope, blocks: int) -> tuple[BlockFee, ...]:
        """Return the likely base fees of the next blocks, from as many newest ones."""
        return foretold(self.steps(scope, blocks))

    @kept
    def takings(self, scope: Scope, limit: int) -> tuple[Booked[TakingRecord], ...]:
        """Return what other searchers took, newest first."""
        return self.reader().recent_takings(limit, scope=scope)

    @kept
    def price_pairs(self, scope: Scope) -> tuple[str, ...]:
        """Return the pairs that have sampled prices."""
        return self.reader().price_pairs(scope)

    @kept
    def prices(self, scope: Scope, pair: str, limit: int) -> tuple[Booked[PriceRecord], ...]:
        """Return a pair's newest sampled prices, oldest first."""
        return self.reader().price_series(pair, limit, scope)

    # --- added up --------------------------------------------------------------------------

    @kept
    def funnel(self, scope: Scope) -> Funnel:
        """Return how far the opportunities came, and what stopped them."""
        return self.reader().funnel(scope=scope)

    @kept
    def takings_total(self, scope: Scope) -> TakingsTotal:
        """Return what other searchers took in all."""
        return self.reader().takings_total(scope=scope)

    def export(self, scope: Scope, ending: str, period: Period = "all") -> Export:
        """Return the trades of the period that ends now as a file, `json` or `csv`."""
        make = {"json": trades_json, "csv": trades_csv}[ending]
        return make(self.reader(), self.clock.now(), scope, period)
