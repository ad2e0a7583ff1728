"""Learning: joins the optimizer with the running engine.

It sees every step before anything is judged, advises about the best opportunities of a scan,
remembers what it advised until the outcome is known, and learns from that. The engine does not
wait for it: what takes long (models, the past) is prepared elsewhere and handed in between two
blocks.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from aineon.amm import Pool
from aineon.engine.advising import Advice, Heed, explained, for_another
from aineon.engine.funnel import FunnelEntry
from aineon.engine.hindsight import Hindsight, Judged, NoSequel, Seen, Sequel
from aineon.engine.others import takings_seen
from aineon.engine.ways import WayChooser
from aineon.execution.settlement import Attempt, Settlement
from aineon.feeds.base import FeedStep, Taking
from aineon.ledger.records import SampleRecord
from aineon.market import Market
from aineon.optimizer.arms import ARMS_BPS
from aineon.optimizer.decision import Decision
from aineon.optimizer.features.seeing import DirectedPools, gap_of, pair_of
from aineon.optimizer.regimes.regime import REGIMES
from aineon.primitives import Address, Block, Provenance, market_time
from aineon.primitives.units import BPS
from aineon.search import CostModel, Opportunity

if TYPE_CHECKING:
    from aineon.optimizer.features.builder import FeatureBuilder
    from aineon.optimizer.optimizer import Optimizer

_LOG: Final = logging.getLogger(__name__)

MOST_SAMPLES: Final = 12
"""The most gaps of a block that are learned from, and explained."""

# Attempts on a chain take a quarter of an hour to become final.
_MOST_WAITING: Final = 2_000
_MOST_KEPT: Final = 5_000
MOST_AT_ONCE: Final = 2 * MOST_SAMPLES
"""Outcomes that are learned from in one step, which is more than most steps bring: what has piled
up is spread over the next ones, because learning takes about a millisecond each."""


class Learning:
    """The optimizer's place in the engine; one for each run.

    Attributes:
        optimizer: decides and learns.
        beside: what those who prepare its models tell of them, as plain JSON.
        began, now: the market's own time when the run began, and of the newest block; None before
            the first.

    Args:
        optimizer: decides and learns.
        features: follows the market.
        hindsight: tells what became of opportunities.
        heed: how far decisions are followed, which `role` says in a word.
        costs: tells what takings are worth.
        run_id, provenance: of the run, for samples.
        ways: chooses how attempts are sent, where there is a choice.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        features: FeatureBuilder,
        hindsight: Hindsight,
        heed: Heed,
        role: str,
        costs: CostModel,
        run_id: int,
        provenance: Provenance,
        ways: WayChooser | None = None,
    ) -> None:
        self.optimizer = optimizer
        self._ways = ways
        self.now: float | None = None
        self.began: float | None = None
        self.beside: Mapping[str, Any] = {}
        self._features = features
        self._hindsight = hindsight
        self._heed = heed
        self._role = role
        self._costs = costs
        self._run_id = run_id
        self._provenance = provenance
        self._scene: tuple[Block, int, Market] | None = None
        self._judged: list[Judged] = []
        self._waiting: list[Judged] = []
        self._handed_in: list[Callable[[Learning], None]] = []
        self._unseen = _Unseen()
        self._since: deque[SampleRecord] | None = None
        self._known: deque[SampleRecord] = deque()
        self._trouble = ""
        self._logged: set[str] = set()

    # --- what others prepare ---------------------------------------------------------------

    def expect_past(self) -> None:
        """Keep what is learned from now on for an optimizer that still studies the past."""
        self._since = deque(maxlen=_MOST_KEPT)

    def missed(self) -> Iterator[SampleRecord]:
        """Deliver what was learned since `expect_past`, and forget it.

        For the thread that teaches the other optimizer, while the engine goes on learning.
        """
        while self._since:
            yield self._since.popleft()

    def hand_in(self, change: Callable[[Learning], None]) -> None:
        """Have `change` done between two blocks, on the engine's own thread."""
        self._handed_in.append(change)

    def go_on_with(self, optimizer: Optimizer) -> None:
        """Replace the optimizer by one that knows the past and, but for the last steps, `missed`.

        What it has not been told yet is what it learns next.
        """
        self.optimizer, missed, self._since = optimizer, self._since, None
        self._known.clear()
        self._known.extend(missed or ())

    # --- the engine ------------------------------------------------------------------------

    def see(
        self,
        step: FeedStep,
        before: Mapping[Address, Pool],
        market: Market,
        changed: frozenset[Address],
        settlements: Sequence[Settlement],
    ) -> tuple[SampleRecord, ...]:
        """Take in a step of the market; returns what is known now of earlier opportunities.

        What lies within a transaction is taken in when the transaction is over.
        """
        self._unseen.add(before, changed, step.takings)
        if step.mid_transaction:
            return ()
        block = step.update.block
        self.now = market_time(block)
        self.began = self.now if self.began is None else self.began
        self._trouble = ""
        try:
            return self._seen(step, market, settlements)
        except Exception as error:  # noqa: BLE001 (without the optimizer, the plain rule decides)
            self._note(error)
            return ()

    def study(self) -> None:
        """Learn from what became known in this step; a scan does not wait for it."""
        try:
            while self._handed_in:
                self._handed_in.pop(0)(self)
            for _ in range(min(len(self._known), MOST_AT_ONCE)):
                self.optimizer.learn(self._known.popleft())
        except Exception as error:  # noqa: BLE001 (what is learned next may do)
            self._note(error)

    def _seen(
        self, step: FeedStep, market: Market, settlements: Sequence[Settlement]
    ) -> tuple[SampleRecord, ...]:
        before, changed, takings = self._unseen.taken()
        block = step.update.block
        seen = Seen.of(block, market, changed, step.contests, settlements)
        others = takings_seen(takings, self._costs, market)
        self._features.observe(block, before, market, changed, others)
        samples = self._look_back(seen, market_time(block))
        for sample in samples:
            self._features.own(sample.pair, _would_have_landed(sample))
        self._known.extend(samples)
        if self._since is not None:
            self._since.extend(samples)
        return samples

    def rewound(self, to_block: int) -> None:
        """Blocks after `to_block` never were, and nothing will be known of what they showed."""
        self._waiting = [each for each in self._waiting if each.block.number <= to_block]

    def told(self) -> Mapping[str, Any]:
        """How the optimizer stands, as plain JSON for the heartbeat."""
        try:
            standing = asdict(self.optimizer.standing())
        except Exception as error:  # noqa: BLE001 (the heartbeat goes on without it)
            self._note(error)
            standing = {"words": ""}
        reading = self._features.regime
        seen = {
            "role": self._role,
            "regime": None if reading.regime is None else reading.regime.value,
            "regime_since_block": reading.since_block,
            "regime_probabilities": {
                regime.value: chance
                for regime, chance in zip(REGIMES, reading.probabilities, strict=False)
            },
        }
        told = {**standing, **seen, **self.beside}
        words = self._trouble or self.beside.get("models_refused") or told["words"]
        return {**told, "words": words}

    def _note(self, error: Exception) -> None:
        """Keep what went wrong for whoever looks; each kind of failure is logged once."""
        kind = type(error).__name__
        self._trouble = f"the optimizer failed ({kind}: {error}), so the rule decides"
        if kind not in self._logged:
            self._logged.add(kind)
            _LOG.error("%s", self._trouble, exc_info=error)

    # --- judging ---------------------------------------------------------------------------

    def turn(self, block: Block, step: int, market: Market) -> None:
        """Begin with another state of the market."""
        self._scene = (block, step, market)
        self._judged.clear()
        if self._ways is not None:
            try:
                exploring = self.optimizer.answer.exploring
                self._ways.turn(self._judged, market_time(block), exploring)
            except Exception as error:  # noqa: BLE001 (the usual way needs no choosing)
                self._note(error)
                # What is judged from now on is not shown to it, so everything goes that way.
                self._judged = []

    def advise(
        self, opportunity: Opportunity, net_wei: int | None, gas_wei: int | None
    ) -> Advice | None:
        """Return what to do with an opportunity; see `Adviser`.

        Whoever is after the same money gets the same answer: several routes lead through one gap,
        and the best of them, which comes first, is what is decided about.
        """
        if self._scene is None or net_wei is None or net_wei <= 0:
            return None
        gap = gap_of(opportunity.route)
        first = next((each for each in self._judged if not each.gap.isdisjoint(gap)), None)
        if first is not None:
            return for_another(self._heed(first.decision), first.net_wei, net_wei, gas_wei)
        try:
            decision = self._decided(opportunity, net_wei, gas_wei, self._scene[2])
        except Exception as error:  # noqa: BLE001 (the plain rule can decide as well)
            self._note(error)
            return None
        block, step, _ = self._scene
        self._judged.append(Judged(opportunity, decision, block, step, gap, net_wei, gas_wei))
        return self._heed(decision)

    def _decided(
        self, opportunity: Opportunity, net_wei: int, gas_wei: int | None, market: Market
    ) -> Decision:
        vector = self._features.vector(opportunity, market)
        pair = pair_of(opportunity.route)
        decision = self.optimizer.decide(opportunity, net_wei, gas_wei, pair, vector)
        regime = self._features.regime.regime
        return replace(decision, regime=None if regime is None else regime.value)

    def judged(
        self, entries: Iterable[FunnelEntry], attempts: Iterable[Attempt]
    ) -> list[FunnelEntry]:
        """Keep what was judged until it is known what became of it; explain the decisions.

        Both can wait until everything that is attempted has been handed over.
        """
        entries, by_id = list(entries), {each.attempt_id: each for each in attempts}
        attempted = [
            (gap_of(entry.opportunity.route), by_id[entry.attempt_id])
            for entry in entries
            if entry.attempt_id in by_id
        ]
        best = self._judged[:MOST_SAMPLES]
        tried = [each for each in self._judged[MOST_SAMPLES:] if _is_among(each, attempted)]
        new = [self._with_way(_with_attempt(each, attempted)) for each in (*best, *tried)]
        known = {(each.block.number, each.gap) for each in self._waiting}
        self._waiting += [
            each
            for each in new
            if self._hindsight.concerns(each)
            # A gap that stands through several steps of a block is one opportunity.
            and (each.attempt is not None or (each.block.number, each.gap) not in known)
        ]
        del self._waiting[:-_MOST_WAITING]
        try:
            reasons = {
                id(each.decision.vector): self.optimizer.explained(each.decision).reasons
                for each in (*best, *tried)
            }
        except Exception as error:  # noqa: BLE001 (a decision stands without its reasons too)
            self._note(error)
            return entries
        return [explained(entry, reasons) for entry in entries]

    def _with_way(self, judged: Judged) -> Judged:
        """The same with the way that its attempt was sent."""
        if self._ways is None or judged.attempt is None:
            return judged
        return replace(judged, way=self._ways.way_of(judged.attempt.plan))

    # --- learning --------------------------------------------------------------------------

    def _look_back(self, seen: Seen, now: float) -> tuple[SampleRecord, ...]:
        waiting, samples = [], []
        for judged in self._waiting:
            told = self._hindsight.look(judged, seen)
            if isinstance(told, Sequel):
                samples.append(self._sample(judged, told, now))
                self._teach_ways(judged, told, now)
            elif told is NoSequel.WAIT:
                waiting.append(judged)
        self._waiting = waiting
        return tuple(samples)

    def _teach_ways(self, judged: Judged, told: Sequel, now: float) -> None:
        if self._ways is None or told.won is None:
            return
        try:
            self._ways.learn(judged, told.won, now)
        except Exception:  # noqa: BLE001 (samples are worth more than what one attempt tells)
            _LOG.exception("what came of a way of sending could not be learned")

    def _sample(self, judged: Judged, sequel: Sequel, now: float) -> SampleRecord:
        decision = judged.decision
        return SampleRecord(
            run_id=self._run_id,
            block_number=judged.block.number,
            at=market_time(judged.block),
            known_at=now,
            pair=pair_of(judged.opportunity.route),
            vector=np.asarray(decision.vector, dtype="<f8").tobytes(),
            feature_set=self.optimizer.feature_set,
            net_wei=judged.net_wei,
            gas_wei=judged.gas_wei,
            needed_payment_wei=sequel.needed_payment_wei,
            reachable=sequel.reachable,
            won=sequel.won,
            offered_bps=judged.offered_bps,
            censored=sequel.censored,
            decided_by=decision.decided_by.value,
            lands=decision.lands,
            provenance=self._provenance,
        )


class _Unseen:
    """What has happened since the features were shown the market last."""

    def __init__(self) -> None:
        self._before: Mapping[Address, Pool] | None = None
        self._changed: frozenset[Address] = frozenset()
        self._takings: tuple[Taking, ...] = ()

    def add(
        self,
        before: Mapping[Address, Pool],
        changed: frozenset[Address],
        takings: tuple[Taking, ...],
    ) -> None:
        """Add a step."""
        self._before = before if self._before is None else self._before
        self._changed |= changed
        self._takings += takings

    def taken(self) -> tuple[Mapping[Address, Pool], frozenset[Address], tuple[Taking, ...]]:
        """Return all of it, and begin anew."""
        seen = self._before or {}, self._changed, self._takings
        self._before, self._changed, self._takings = None, frozenset(), ()
        return seen


def _is_among(judged: Judged, attempted: Sequence[tuple[DirectedPools, Attempt]]) -> bool:
    """Whether somebody went for its gap."""
    return any(not gap.isdisjoint(judged.gap) for gap, _ in attempted)


def _with_attempt(judged: Judged, attempted: Sequence[tuple[DirectedPools, Attempt]]) -> Judged:
    """The same with the first attempt that went for its gap."""
    own = next((each for gap, each in attempted if not gap.isdisjoint(judged.gap)), None)
    return judged if own is None else replace(judged, attempt=own)


def _would_have_landed(sample: SampleRecord) -> bool:
    """Whether the dearest bid would have landed, as far as the outcome tells."""
    if sample.censored or sample.needed_payment_wei is None:
        return bool(sample.won)
    return sample.needed_payment_wei <= sample.net_wei * ARMS_BPS[-1] // BPS
