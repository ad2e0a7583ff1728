"""The base fee: EIP-1559 against a demand for block space that comes and goes."""

from __future__ import annotations

from aineon.chain.fees import next_base_fee_wei
from aineon.feeds.sandbox.dice import Dice, exp
from aineon.primitives.units import GWEI

GAS_LIMIT = 36_000_000
PRIORITY_FEE_WEI = GWEI

_FIRST_BASE_FEE_WEI = 8 * GWEI
_USUAL_GWEI = 8.0
_CALMING = 0.02
_UNREST = 0.06
_RUSH_CHANCE = 0.0015
_RUSH_CALMING = 0.04
_BLOCK_NOISE = 0.3
_FEAR = 20.0
_LEAST_USED = 0.03


class GasMarket:
    """How full blocks are, and what their gas costs.

    People fill blocks in proportion to how far the base fee lies below what they are willing
    to pay. That willingness is drawn back to a usual level, rises while prices are volatile,
    and leaps when there is a rush for something.
    """

    def __init__(self, seed: int) -> None:
        self._dice = Dice(seed, "gas")
        self._mood = 0.0
        self._rush = 0.0
        self.base_fee_wei = _FIRST_BASE_FEE_WEI
        self.gas_used = GAS_LIMIT // 2

    @property
    def coming_base_fee_wei(self) -> int:
        """The base fee of the next block, which the last one's use decides (EIP-1559)."""
        return next_base_fee_wei(self.base_fee_wei, self.gas_used, GAS_LIMIT)

    def advance(self, unrest: float) -> None:
        """Move on to the next block: its base fee follows from the last one's use.

        `unrest` is the volatility of prices in this block.
        """
        dice = self._dice
        self.base_fee_wei = self.coming_base_fee_wei
        self._mood += _UNREST * dice.normal() - _CALMING * self._mood + _FEAR * unrest
        self._rush -= _RUSH_CALMING * self._rush
        if dice.chance(_RUSH_CHANCE):
            self._rush += dice.between(0.7, 1.8)
        willing_wei = _USUAL_GWEI * GWEI * exp(self._mood + self._rush)
        noise = exp(_BLOCK_NOISE * dice.normal())
        share = 0.5 * willing_wei / self.base_fee_wei * noise
        self.gas_used = int(GAS_LIMIT * min(max(share, _LEAST_USED), 1.0))
