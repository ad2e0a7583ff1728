"""What tokens are worth elsewhere: the outside prices that informed traders know.

The native token's worth in dollars follows a geometric walk whose character changes now and
then (quiet, ranging, trending, volatile) and which sometimes jumps. Other free tokens wander
against it in the same way; stablecoins and staked tokens are drawn back to par. A soft pull
keeps an endless run from drifting into nonsense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aineon.feeds.sandbox.dice import Dice, exp
from aineon.feeds.sandbox.universe import Asset, Habit
from aineon.primitives import Token


@dataclass(frozen=True, slots=True)
class Regime:
    """The character of a stretch of time. All figures are for one block of 12 seconds.

    Attributes:
        volatility: deviation of the logarithm's change.
        drift: how far the logarithm moves on, up or down.
        pull: share of the way back to where the stretch began.
        jump_chance, jump_size: a jump and its deviation.
        end_chance: chance that the stretch ends with this block.
        followers: what comes next, with weights.
    """

    name: str
    volatility: float
    drift: float
    pull: float
    jump_chance: float
    jump_size: float
    end_chance: float
    followers: tuple[tuple[str, float], ...]


REGIMES = {
    regime.name: regime
    for regime in (
        Regime(
            "quiet", 0.00015, 0.0, 0.0, 0.0002, 0.0020, 1 / 300,
            (("ranging", 5.0), ("trending", 2.0), ("volatile", 1.0)),
        ),
        Regime(
            "ranging", 0.00032, 0.0, 0.004, 0.0005, 0.0025, 1 / 350,
            (("quiet", 4.0), ("trending", 4.0), ("volatile", 1.5)),
        ),
        Regime(
            "trending", 0.00038, 0.00006, 0.0, 0.001, 0.0030, 1 / 200,
            (("ranging", 5.0), ("quiet", 2.0), ("volatile", 2.0)),
        ),
        Regime(
            "volatile", 0.00085, 0.0, 0.0, 0.012, 0.0045, 1 / 80,
            (("ranging", 5.0), ("trending", 3.0), ("quiet", 1.0)),
        ),
    )
}  # fmt: skip

_SOFT_PULL = 1e-6
_PEG_PULL = 0.01
_PEG_VOLATILITY = 0.00003
_PEG_SHOCK_CHANCE = 0.0008
_PEG_SHOCK_SIZE = 0.0012


class Walk:
    """The logarithm of a worth, relative to its start, with changing regimes."""

    __slots__ = ("_dice", "_origin", "_restlessness", "direction", "log", "regime")

    def __init__(self, dice: Dice, restlessness: float) -> None:
        self._dice = dice
        self._restlessness = restlessness
        self._origin = 0.0
        self.direction = 1.0
        self.log = 0.0
        self.regime = REGIMES["ranging"]

    def advance(self) -> None:
        """Move on by one block."""
        dice, regime = self._dice, self.regime
        move = regime.volatility * dice.normal() + regime.drift * self.direction
        if dice.chance(regime.jump_chance):
            move += regime.jump_size * dice.normal()
        self.log += move * self._restlessness
        self.log -= regime.pull * (self.log - self._origin) + _SOFT_PULL * self.log
        if dice.chance(regime.end_chance):
            self.regime = REGIMES[dice.weighted(regime.followers)]
            self._origin = self.log
            self.direction = 1.0 if dice.chance(0.5) else -1.0


class Peg:
    """The logarithm of a worth that is drawn back to par, relative to par."""

    __slots__ = ("_dice", "_restlessness", "log")

    def __init__(self, dice: Dice, restlessness: float) -> None:
        self._dice = dice
        self._restlessness = restlessness
        self.log = 0.0

    def advance(self) -> None:
        """Move on by one block."""
        dice = self._dice
        move = _PEG_VOLATILITY * dice.normal()
        if dice.chance(_PEG_SHOCK_CHANCE):
            move += _PEG_SHOCK_SIZE * dice.normal()
        self.log += move * self._restlessness - _PEG_PULL * self.log


class OutsidePrices:
    """The worth of one smallest unit of each token, in dollars, block after block."""

    def __init__(self, assets: Sequence[Asset], seed: int) -> None:
        self._assets = assets
        self._processes: list[Walk | Peg] = []
        for asset in assets:
            dice = Dice(seed, f"price:{asset.token.address}")
            process = Walk if asset.habit in {Habit.NATIVE, Habit.FREE} else Peg
            self._processes.append(process(dice, asset.restlessness))
        native = next(
            process
            for asset, process in zip(assets, self._processes, strict=True)
            if asset.habit is Habit.NATIVE
        )
        assert isinstance(native, Walk)
        self._native = native
        self._units = [1.0 / 10 ** (asset.token.decimals or 0) for asset in assets]
        self.dollars: dict[Token, float] = {}
        self._publish()

    @property
    def regime(self) -> Regime:
        """The native token's regime."""
        return self._native.regime

    @property
    def direction(self) -> float:
        """Which way the native token goes where it is trending: 1.0 for up, -1.0 for down."""
        return self._native.direction

    @property
    def log(self) -> float:
        """The logarithm of the native token's worth, relative to its start."""
        return self._native.log

    def advance(self) -> None:
        """Move every price on by one block."""
        for process in self._processes:
            process.advance()
        self._publish()

    def rate(self, token_in: Token, token_out: Token) -> float:
        """Units of `token_out` that one unit of `token_in` is worth."""
        return self.dollars[token_in] / self.dollars[token_out]

    def _publish(self) -> None:
        native = self._native.log
        for asset, process, unit in zip(self._assets, self._processes, self._units, strict=True):
            log = process.log
            if asset.habit in {Habit.STAKED, Habit.FREE}:
                log += native
            self.dollars[asset.token] = asset.dollars * unit * exp(log)
