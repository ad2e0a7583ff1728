"""Gas: what it costs now, in the next block for certain, and against what is usual."""

from __future__ import annotations

from collections import deque
from math import log, log10, nan
from typing import Final

from aineon.chain.fees import next_base_fee_wei
from aineon.optimizer.features.decaying import Mean
from aineon.optimizer.features.feature import Feature, Group
from aineon.primitives import Block
from aineon.primitives.units import GWEI

_LOOK_BACK: Final = 10
_HEADER = "header of the block"


def _told(name: str, unit: str, formula: str, source: str = _HEADER) -> Feature:
    return Feature(name, unit, formula, source, Group.GAS)


FEATURES: Final = (
    _told("base_fee", "ln gwei", "ln of the base fee per gas"),
    _told("base_fee_next", "ln", "next block's base fee over this one's, by EIP-1559"),
    _told("base_fee_move", "ln", "base fee over that of 10 blocks ago"),
    _told("base_fee_over_mean", "ln", "base fee less the mean of its ln, half-life 300 blocks"),
    _told("gas_full", "1", "gas used over gas limit, mean with half-life 5 blocks"),
    _told("gas_cost", "log10 ETH", "what the transaction's gas costs", "the route, and gas prices"),
)


class Gas:
    """Follows the headers of blocks; what a header does not tell is nan."""

    def __init__(self) -> None:
        self._fees: deque[tuple[int, float]] = deque(maxlen=_LOOK_BACK + 1)
        self._usual = Mean(300)
        self._full = Mean(5)
        self._next = nan

    def observe(self, block: Block) -> None:
        """A block has ended."""
        self._next = nan
        if block.gas_used is not None and block.gas_limit:
            self._full.add(block.gas_used / block.gas_limit, block.number)
        if not block.base_fee_wei:
            return
        fee = log(block.base_fee_wei / GWEI)
        self._fees.append((block.number, fee))
        self._usual.add(fee, block.number)
        if block.gas_used is not None and block.gas_limit and block.gas_used <= block.gas_limit:
            coming = next_base_fee_wei(block.base_fee_wei, block.gas_used, block.gas_limit)
            self._next = log(coming / block.base_fee_wei) if coming else nan

    @property
    def grows(self) -> float:
        """The next block's base fee over this one's, as its ln; nan where it is not known."""
        return self._next

    def values(self, now: int, cost: float) -> dict[str, float]:
        """The features of a transaction whose gas costs so much ETH, in block `now`."""
        known = bool(self._fees) and self._fees[-1][0] == now
        fee = self._fees[-1][1] if known else nan
        before = next((was for at, was in self._fees if at >= now - _LOOK_BACK), nan)
        old = bool(self._fees) and self._fees[0][0] <= now - _LOOK_BACK
        return {
            "base_fee": fee,
            "base_fee_next": self._next,
            "base_fee_move": fee - before if old else nan,
            "base_fee_over_mean": fee - self._usual.value,
            "gas_full": self._full.value,
            "gas_cost": log10(cost) if cost > 0 else nan,
        }
