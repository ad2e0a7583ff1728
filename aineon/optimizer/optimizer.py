"""Optimizer: decides about each opportunity with whatever may be trusted at that moment."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.arms import ARMS_BPS, Channel
from aineon.optimizer.bandit import Bandit
from aineon.optimizer.deciding import band_wei, bid_of, expected_wei
from aineon.optimizer.decision import DecidedBy, Decision
from aineon.optimizer.drift import Alarm, Answer
from aineon.optimizer.knowing import Asked, Knowledge
from aineon.optimizer.leading import Terms, row_of_numbers
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.models.labels import landed
from aineon.optimizer.novelty import Ranges
from aineon.optimizer.reckoning import Reckoning
from aineon.optimizer.sampled import row_of
from aineon.optimizer.tape import TapeRow
from aineon.optimizer.telling import AlarmTold, OptimizerTold
from aineon.primitives import market_time
from aineon.primitives.units import ETHER
from aineon.search import Opportunity

if TYPE_CHECKING:
    from aineon.ledger.samples import Sample


def feature_set(names: Sequence[str]) -> str:
    """Return the hash of features and their order; vectors of different sets never mix."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]


class Optimizer:
    """Decides, learns from outcomes, and tells how it stands.

    It never raises on what the market or a model brings: what cannot be trusted steps back for
    the table, and the table for the rule, with the reason in the decision's words.

    Args:
        rule_bps: the bid of the plain rule, in basis points of the net profit.
        names: the features of the vectors that will come.
        channel: how attempts travel.
        seed: of the draws behind drift's thresholds.
        terms: from when on what is trusted.
        bandit: what learns about ways of sending, where there are several.
    """

    def __init__(
        self,
        rule_bps: int,
        names: Sequence[str],
        channel: Channel = Channel.PRIVATE,
        seed: int = 0,
        terms: Terms | None = None,
        bandit: Bandit | None = None,
    ) -> None:
        self.feature_set = feature_set(names)
        self.bandit = bandit
        self._rule_bps = rule_bps
        self._channel = channel
        self._knowledge = Knowledge(names, channel, terms or Terms())
        self._reckoning = Reckoning(rule_bps, channel, seed)
        self._decided: Counter[str] = Counter()
        self._attempted = 0

    # --- deciding --------------------------------------------------------------------------

    def decide(
        self,
        opportunity: Opportunity | None,
        net_wei: int | None,
        gas_wei: int | None,
        pair: str,
        vector: Sequence[float] | NDArray[np.float64],
        *,
        at: float | None = None,
    ) -> Decision:
        """Return what to do with one opportunity.

        Args:
            opportunity: the opportunity; its block tells the time. None where `at` does.
            net_wei: what it leaves after flash fee and gas, before the bid; None is unknown.
            gas_wei: what a failed public attempt costs; None is unknown.
            pair: what it trades, as `features.pair_of` names it.
            vector: the features, nan where one is not known.
            at: seconds, the market's time; by default the block's.
        """
        row = row_of_numbers(vector)
        decision = Decision(
            attempt=True,
            bid_bps=self._rule_bps,
            channel=self._channel,
            lands=None,
            expected_net_wei=None,
            band_wei=None,
            decided_by=DecidedBy.RULE,
            words=self._why_rule(net_wei, gas_wei),
            vector=() if row is None else tuple(row.tolist()),
            pair=pair,
            net_wei=net_wei,
            gas_wei=gas_wei,
        )
        if not decision.words and net_wei is not None:
            now = _time_of(opportunity, self._knowledge.learned_until) if at is None else at
            asked = Asked(pair, net_wei / ETHER, (gas_wei or 0) / ETHER, row, now)
            decision = self._by_chances(decision, asked)
        self._decided[decision.decided_by.value] += 1
        self._attempted += decision.attempt
        return decision

    def chances(
        self,
        pair: str,
        net_wei: int,
        gas_wei: int | None,
        vector: Sequence[float] | NDArray[np.float64],
        *,
        at: float | None = None,
    ) -> Floats | None:
        """Return the chance of each arm by what leads; None where only the rule does.

        Args:
            pair: what it trades.
            net_wei: what it leaves before the bid.
            gas_wei: what a failed public attempt costs; None is unknown.
            vector: the features, nan where one is not known.
            at: seconds, the market's time; by default that of the newest outcome.
        """
        now = self._knowledge.learned_until if at is None else at
        gas = (gas_wei or 0) / ETHER
        asked = Asked(pair, net_wei / ETHER, gas, row_of_numbers(vector), now)
        return self._knowledge.told(asked).curve

    def explained(self, decision: Decision) -> Decision:
        """Return the decision with the figures that moved its score most; see `explaining`."""
        if decision.lands is None or decision.net_wei is None or decision.reasons:
            return decision
        net, gas = decision.net_wei / ETHER, (decision.gas_wei or 0) / ETHER
        asked = Asked(decision.pair, net, gas, np.array(decision.vector), 0.0)
        arm = ARMS_BPS.index(decision.bid_bps)
        reasons = self._knowledge.reasons(asked, decision.decided_by, arm)
        return replace(decision, reasons=reasons)

    def _why_rule(self, net_wei: int | None, gas_wei: int | None) -> str:
        if net_wei is None or net_wei <= 0:
            return "it is not known to leave anything, so the rule decides"
        if gas_wei is None and self._channel is Channel.PUBLIC:
            return "what a miss would cost is not known, so the rule decides"
        return ""

    def _by_chances(self, decision: Decision, asked: Asked) -> Decision:
        told = self._knowledge.told(asked)
        if told.curve is None or decision.net_wei is None:
            return replace(decision, words=told.words)
        net, gas = decision.net_wei, decision.gas_wei or 0
        arm, _, lands, _ = self._reckoning.bid(told.curve, asked)
        bid = bid_of(arm)
        expected = expected_wei(lands, net, gas, bid, self._channel)
        words = told.words
        if expected <= 0:
            lost = "its misses would cost more than it wins"
            words = f"at the best bid it lands in {lands:.0%} of cases, and " + (
                lost if self._channel is Channel.PUBLIC else "that leaves nothing"
            )
        by_models = told.by in (DecidedBy.ENSEMBLE, DecidedBy.MEAN)
        champion = self._knowledge.champion if by_models else None
        return replace(
            decision,
            attempt=expected > 0,
            bid_bps=bid,
            lands=lands,
            expected_net_wei=expected,
            band_wei=band_wei(lands, net, gas, bid, self._channel),
            decided_by=told.by,
            words=words,
            model_version=None if champion is None else champion.version,
        )

    # --- learning --------------------------------------------------------------------------

    def learn(self, sample: Sample) -> None:
        """Take in the outcome of one opportunity, attempted or not."""
        row = row_of(sample)
        if sample.feature_set != self.feature_set:
            # Pair, size and outcome are what they are; its features mean something else.
            row = row._replace(vector=np.full(len(self._knowledge.names), np.nan))
        self.learn_row(row)

    def learn_row(self, row: TapeRow) -> None:
        """Take in one row of a tape; rows come in the order in which outcomes became known."""
        if not (math.isfinite(row.net) and row.net > 0 and math.isfinite(row.known_at)):
            return
        came = landed(np.array([row.needed]), np.array([row.censored]), np.array([row.offered]))[0]
        if np.isnan(came).all():
            return
        gas = row.gas if math.isfinite(row.gas) else 0.0
        asked = Asked(row.pair, row.net, gas, row_of_numbers(row.vector), row.time)
        if gas != row.gas and self._channel is Channel.PUBLIC:
            # What a miss would have cost is not known, so no way of deciding can be judged by it.
            self._reckoning.witness(row, came)
            self._knowledge.learn_outcome(asked, came, row.known_at)
            return
        said = self._knowledge.reviewed(asked)
        self._reckoning.learn(asked, said, row, came)
        self._knowledge.learn(asked, said, came, row.known_at)

    def adopt(
        self, models: Ensemble, version: str | None = None, ranges: Ranges | None = None
    ) -> None:
        """Decide with these models from now on, as soon as enough is known to trust them.

        Args:
            models: as they were trained.
            version: as the registry names them.
            ranges: the inputs that they know; by default `ranges_seen`.
        """
        self._knowledge.adopt(models, version, ranges)

    def ranges_seen(self) -> Ranges | None:
        """Return the ranges of the inputs that were seen here; None of too few.

        What takes long in adopting models; another thread may do it beforehand.
        """
        return self._knowledge.ranges_seen()

    def dismiss(self) -> None:
        """Decide without models from now on: the named ones may not be used."""
        self._knowledge.dismiss()

    def confirm(self, at: float) -> None:
        """Take down that the models in use won again at `at`, so that they do not expire."""
        self._knowledge.confirm(at)

    # --- telling ---------------------------------------------------------------------------

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """The newest alarms, oldest first."""
        return tuple(self._reckoning.watch.alarms)

    @property
    def answer(self) -> Answer:
        """What the newest alarm asks for, while it holds."""
        return self._reckoning.watch.answer(self._knowledge.learned_until)

    def standing(self) -> OptimizerTold:
        """Return how the optimizer stands."""
        leading, words = self._knowledge.leading()
        champion, record = self._knowledge.champion, self._reckoning.record
        now, bandit = self._knowledge.learned_until, self.bandit
        return OptimizerTold(
            leading=leading.value,
            words=words,
            labels=self._knowledge.labels,
            decisions=dict(self._decided),
            attempted=self._attempted,
            model_version=None if champion is None else champion.version,
            model_trained_at=None if champion is None else champion.models.trained_at,
            calibration=record.calibration(),
            calibration_error=record.calibration_error(),
            captured=record.captured(),
            arms=record.arms(),
            ways=() if bandit is None else bandit.told(),
            bands=self._reckoning.bands_told(now),
            alarms=tuple(
                AlarmTold(each.at, each.what, each.words) for each in reversed(self.alarms)
            ),
            exploring_left_wei=0 if bandit is None else bandit.left_wei(now, self.answer.exploring),
            regret_wei=0 if bandit is None else bandit.regret_wei,
        )


def _time_of(opportunity: Opportunity | None, otherwise: float) -> float:
    """The market's time, as the engine counts it."""
    block = None if opportunity is None else opportunity.block
    return otherwise if block is None else market_time(block)
