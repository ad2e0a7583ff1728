"""The crowd: everybody who fills blocks without touching our pools, so that gas has a price.

Its transactions do nothing but burn the gas that they bring, which costs the node no work. The
base fee follows from how full blocks are, as EIP-1559 says and as AINEON forecasts it.
"""

from __future__ import annotations

from aineon.feeds.sandbox.dice import Dice, exp
from aineon.primitives import parse_address
from aineon.primitives.units import GWEI
from aineon.rehearsal.rpc import Rpc

BURNER = parse_address("0x" + "00" * 16 + "deadfee0")
"""A contract whose only instruction is the invalid one: it burns all gas."""

_INVALID = "0xfe"
_MOST_GAS = 16_000_000
_LEAST_GAS = 21_000
_CALMING = 0.02
_UNREST = 0.06
_BLOCK_NOISE = 0.3


class Crowd:
    """Fills blocks in proportion to how far the base fee lies below what people would pay.

    Args:
        rpc: the node; gets the burner.
        usual_base_fee_wei: what the base fee is drawn to.
    """

    def __init__(self, rpc: Rpc, seed: int, usual_base_fee_wei: int = 2 * GWEI) -> None:
        self._dice = Dice(seed, "rehearsal crowd")
        self._usual_wei = usual_base_fee_wei
        self._mood = 0.0
        rpc.ask("anvil_setCode", BURNER, _INVALID)

    def gas_of_transactions(self, base_fee_wei: int, gas_limit: int) -> list[int]:
        """Return how much gas each transaction of the next block is to burn."""
        self._mood += _UNREST * self._dice.normal() - _CALMING * self._mood
        noise = exp(self._mood + _BLOCK_NOISE * self._dice.normal())
        share = min(0.5 * self._usual_wei / max(base_fee_wei, 1) * noise, 0.9)
        left = int(gas_limit * share)
        whole, rest = divmod(left, _MOST_GAS)
        return [_MOST_GAS] * whole + ([rest] if rest > _LEAST_GAS else [])
