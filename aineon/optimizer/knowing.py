"""Knowledge: what table and models say of an opportunity, and whose word counts."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from aineon.optimizer.arms import Channel
from aineon.optimizer.decision import DecidedBy, Reason
from aineon.optimizer.explaining import reasons_of_models, reasons_without_models
from aineon.optimizer.leading import (
    Champion,
    Objection,
    Terms,
    why_not_input,
    why_not_models,
    why_not_table,
)
from aineon.optimizer.models.correction import Correction
from aineon.optimizer.models.curves import Floats
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.models.labels import Label
from aineon.optimizer.models.live import Live, LiveTold
from aineon.optimizer.models.mixing import PLAIN, Curves, Mixing, curves_of
from aineon.optimizer.novelty import Ranges

_SEEN: Final = 4_000
_FEWEST_SEEN: Final = 200
_NAMED: Final = {DecidedBy.TABLE: "the table", DecidedBy.RIVALS: "what is known of the rivals"}
"""Who decides without models."""
# What numbers can do wrong in a model; a fault of the program still shows itself.
_FAULTS: Final = (ArithmeticError, ValueError, LookupError)


class Asked(NamedTuple):
    """One opportunity, with its amounts in ETH.

    Attributes:
        vector: its features; None where what came is no row of numbers.
        at: seconds, the market's time.
    """

    pair: str
    net: float
    gas: float
    vector: Floats | None
    at: float


class Told(NamedTuple):
    """What may be trusted about an opportunity.

    Attributes:
        curve: the chance of each arm; None where only the rule may decide.
        by: whose curve it is.
        words: why nobody who knows more said it; empty where nobody does.
        live: what the live table and what is thought of the rivals say, whoever leads.
        models: the models' curve; None where they have none, or were not asked.
        raw: the same without its correction.
        novel: whether the input lies outside of what the models have seen.
    """

    curve: Floats | None
    by: DecidedBy
    words: str
    live: LiveTold
    models: Floats | None
    raw: Floats | None
    novel: bool

    @property
    def curves(self) -> Curves | None:
        """What is said without models, by them, and by their mean; None without models."""
        return None if self.models is None else curves_of(self.live.curve, self.models)


class Knowledge:
    """The live table, the models in use with their correction, and the choice between them.

    Args:
        names: the features of the vectors that will come.
        channel: how attempts travel, which decides whose word counts.
        terms: from when on what is trusted.
    """

    def __init__(self, names: Sequence[str], channel: Channel, terms: Terms) -> None:
        self.names = tuple(names)
        self.champion: Champion | None = None
        self.learned_until = -math.inf
        self._channel = channel
        self._terms = terms
        self._live = Live(names)
        self._correction = Correction()
        self._mixing = Mixing()
        self._seen: deque[Floats] = deque(maxlen=_SEEN)
        self._nets: deque[float] = deque(maxlen=_SEEN)

    @property
    def labels(self) -> int:
        """How many outcomes were learned from."""
        return self._live.labels

    def told(self, asked: Asked) -> Told:
        """Return what may be trusted about an opportunity; models are asked where they count."""
        live = self._live.told(asked.pair, asked.net, asked.vector)
        against = self._against(asked)
        plain = Told(None, DecidedBy.RULE, "", live, None, None, against.novel)
        words = why_not_table(self.labels, self._terms) or self._why_clock(asked.at)
        if words:
            return plain._replace(words=words)
        plain = plain._replace(curve=live.curve, by=_without_models(live))
        words = self._why_models(asked.at) or against.words
        if words:
            return plain._replace(words=f"{words}, so {_NAMED[plain.by]} decides")
        return self._with_models(plain, asked)

    def reviewed(self, asked: Asked) -> Told:
        """Return the same with what the models say, whether or not they may be trusted."""
        told = self.told(asked)
        if told.models is not None:
            return told
        return self._heard(told, asked)

    def _with_models(self, plain: Told, asked: Asked) -> Told:
        told = self._heard(plain, asked)
        if told.models is None:
            words = f"the models answered with no chances, so {_NAMED[plain.by]} decides"
            return plain._replace(words=words)
        way = self._mixing.leading(self._channel)
        if way == PLAIN:
            return told._replace(words=f"{_NAMED[plain.by]} left more lately than the models")
        curve = getattr(curves_of(plain.live.curve, told.models), way)
        return told._replace(curve=curve, by=DecidedBy(way))

    def leading(self) -> tuple[DecidedBy, str]:
        """Return who decides about an opportunity of which everything is known, and why."""
        words = why_not_table(self.labels, self._terms)
        if words:
            return DecidedBy.RULE, words
        plain = DecidedBy.RIVALS if self._live.hears_of_rivals else DecidedBy.TABLE
        words = self._why_models(self.learned_until)
        if words:
            return plain, f"{words}, so {_NAMED[plain]} decides"
        way = self._mixing.leading(self._channel)
        return (plain if way == PLAIN else DecidedBy(way)), ""

    def reasons(self, asked: Asked, by: DecidedBy, arm: int) -> tuple[Reason, ...]:
        """Return what moved the chance of an arm most; nothing where nobody can say."""
        try:
            pair, net, vector = asked.pair, asked.net, asked.vector
            live = self._live.told(pair, net, vector)
            if by in _NAMED or self.champion is None or vector is None:
                usual = float(np.median(self._nets)) if self._nets else net
                return reasons_without_models(live, self._live.table, pair, net, usual, arm)
            return reasons_of_models(
                self.champion.models, vector, pair, net, asked.gas, live.curve, arm
            )
        except _FAULTS:
            # Models that were adopted since the decision may know other features.
            return ()

    # --- learning --------------------------------------------------------------------------

    def learn(self, asked: Asked, said: Told, landed: Floats, time: float) -> None:
        """Take in an outcome, and what was said about it beforehand."""
        pair, net = asked.pair, asked.net
        curves = said.curves
        if curves is not None and said.raw is not None:
            self._mixing.learn(curves, net, asked.gas, landed)
            self._correction.learn(said.raw, pair, net, landed)
        self.learn_outcome(asked, landed, time)

    def learn_outcome(self, asked: Asked, landed: Floats, time: float) -> None:
        """Take in an outcome about which nothing was said."""
        pair, net = asked.pair, asked.net
        vector = self._unknown() if asked.vector is None else asked.vector
        self._live.learn(Label(time, pair, net, asked.gas, vector, landed))
        self.learned_until = max(self.learned_until, time)
        self._nets.append(net)
        if vector.shape == (len(self.names),):
            self._seen.append(vector)

    def adopt(self, models: Ensemble, version: str | None, ranges: Ranges | None) -> None:
        """Ask these models from now on; see `Optimizer.adopt`."""
        ranges = self.ranges_seen() if ranges is None else ranges
        before = None if self.champion is None else self.champion.version
        # Models that are handed in again were corrected and compared already.
        if version is None or version != before:
            self._correction = Correction()
            self._mixing = Mixing()
        self.champion = Champion(models, version, models.trained_at, ranges)
        if self.labels < models.live.labels:
            # A fresh process goes on where the training's table was.
            self._live = Live.from_arrays(models.live.arrays(), self.names)

    def ranges_seen(self) -> Ranges | None:
        """Return the ranges of the inputs that were seen; None of too few."""
        # A list of it all at once, because another thread may add to it.
        seen = list(self._seen)
        return Ranges.of(self.names, np.array(seen)) if len(seen) >= _FEWEST_SEEN else None

    def dismiss(self) -> None:
        """Ask no models any more, until others are adopted."""
        self.champion = None
        self._correction, self._mixing = Correction(), Mixing()

    def confirm(self, at: float) -> None:
        """Take down that the models in use won again at `at`."""
        if self.champion is not None:
            newest = max(self.champion.confirmed_at, at)
            self.champion = replace(self.champion, confirmed_at=newest)

    # --- whom to trust ---------------------------------------------------------------------

    def _why_clock(self, at: float) -> str:
        if not math.isfinite(at):
            return "the time is not known, so the rule decides"
        back = self.learned_until - at
        if back <= self._terms.slack:
            return ""
        return f"the clock went back by {back:.0f} seconds, so the rule decides"

    def _why_models(self, at: float) -> str:
        return why_not_models(self.champion, self.names, self.labels, at, self._terms)

    def _against(self, asked: Asked) -> Objection:
        ranges = None if self.champion is None else self.champion.ranges
        return why_not_input(asked.vector, len(self.names), ranges)

    def _heard(self, told: Told, asked: Asked) -> Told:
        """The same with the models' curve; without one where they cannot give it."""
        raw = self._raw(asked, told.live.curve)
        if raw is None:
            return told
        models = self._correction.chances(raw, asked.pair, asked.net)
        return told._replace(models=models, raw=raw)

    def _raw(self, asked: Asked, live: Floats) -> Floats | None:
        champion = self.champion
        if champion is None or asked.vector is None:
            return None
        if len(champion.models.names) != len(asked.vector):
            return None
        try:
            curve = champion.models.chances(asked.vector, asked.pair, asked.net, asked.gas, live)
        except _FAULTS:
            return None
        known = curve.shape == live.shape and bool(np.isfinite(curve).all())
        return np.clip(curve, 0.0, 1.0) if known else None

    def _unknown(self) -> Floats:
        return np.full(len(self.names), np.nan)


def _without_models(live: LiveTold) -> DecidedBy:
    return DecidedBy.TABLE if live.rivals is None else DecidedBy.RIVALS
