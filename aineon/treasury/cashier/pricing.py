"""Pricing: what a withdrawal offers for gas, and how long it waits for a cheap block.

* `slow`: half the usual priority fee, and a cap that holds while the base fee does not rise by
  more than an eighth.
* `standard`: the usual priority fee, and a cap of twice the next block's base fee.
* `fast`: twice the usual priority fee, and a cap of three times the base fee.
* `optimized`: as `standard`, but only in a block whose base fee is at most the quarter of the last
  blocks' (the 25th percentile); after its deadline in any block.

A cap is not a price: what is paid is the block's base fee and the priority fee (EIP-1559).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aineon.chain.fees import next_base_fee_wei
from aineon.chain.reader import ChainReader
from aineon.errors import ChainError, InvalidWithdrawal
from aineon.primitives import Block
from aineon.primitives.units import GWEI, format_units
from aineon.sending.intent import Fees
from aineon.treasury.withdrawal import Strategy

HISTORY_BLOCKS: Final = 100
"""Blocks among which the cheap ones are told: twenty minutes of mainnet."""

_CHEAP_PERCENT: Final = 25
_EIGHTH: Final = 8


@dataclass(frozen=True, slots=True)
class Pricing:
    """What the operator allows.

    Attributes:
        usual_tip_wei: priority fee of `standard`.
        most_fee_wei: never more than this for a unit of gas.
        patience_seconds: how long `optimized` waits for a cheap block after it has cooled.

    Raises:
        InvalidWithdrawal: a figure is negative, or the most is zero.
    """

    usual_tip_wei: int = GWEI
    most_fee_wei: int = 200 * GWEI
    patience_seconds: float = 12 * 3600.0

    def __post_init__(self) -> None:
        if self.usual_tip_wei < 0 or self.most_fee_wei < 1 or self.patience_seconds < 0:
            raise InvalidWithdrawal(
                f"pricing has a tip of {self.usual_tip_wei} wei, at most {self.most_fee_wei} wei "
                f"and {self.patience_seconds:g} s of patience; allowed are a tip and a patience "
                "from 0 on and a positive most"
            )


@dataclass(frozen=True, slots=True)
class GasWeather:
    """What gas costs now.

    Attributes:
        base_fee_wei: of the next block, exactly.
        history: base fees of the last blocks, oldest first; empty where no node tells them.
    """

    base_fee_wei: int
    history: tuple[int, ...] = ()

    @property
    def cheap_wei(self) -> int | None:
        """The base fee up to which a block counts as cheap; None where history is unknown."""
        if not self.history:
            return None
        return sorted(self.history)[(len(self.history) - 1) * _CHEAP_PERCENT // 100]


async def read_weather(reader: ChainReader, head: Block) -> GasWeather | None:
    """Return what gas costs after block `head`; None where its base fee is not known."""
    if head.base_fee_wei is None or head.gas_used is None or head.gas_limit is None:
        return None
    following = next_base_fee_wei(head.base_fee_wei, head.gas_used, head.gas_limit)
    return GasWeather(following, await _history(reader))


def price(
    strategy: Strategy, weather: GasWeather, pricing: Pricing, waited_seconds: float
) -> Fees | str:
    """Return what is offered for gas, or in words why a withdrawal waits.

    Args:
        strategy: how it pays.
        weather: what gas costs now.
        pricing: what is allowed.
        waited_seconds: since it could have been signed.
    """
    base = weather.base_fee_wei
    if base > pricing.most_fee_wei:
        return (
            f"the next block's base fee is {_gwei(base)}, and at most "
            f"{_gwei(pricing.most_fee_wei)} are paid"
        )
    if strategy is Strategy.OPTIMIZED and waited_seconds < pricing.patience_seconds:
        cheap = weather.cheap_wei
        if cheap is None:
            return "no node tells the last blocks' base fees, so no block is known to be cheap"
        if base > cheap:
            left = (pricing.patience_seconds - waited_seconds) / 3600
            return (
                f"the next block's base fee is {_gwei(base)}; it waits for {_gwei(cheap)} or less, "
                f"for at most {left:.1f} more hours"
            )
    tip, cap = _offer(strategy, base, pricing.usual_tip_wei)
    tip = min(tip, pricing.most_fee_wei - base)
    return Fees(min(cap + tip, pricing.most_fee_wei), tip)


def _offer(strategy: Strategy, base: int, usual: int) -> tuple[int, int]:
    """The priority fee, and the base fee up to which it can be mined."""
    if strategy is Strategy.SLOW:
        return usual // 2, base + max(base // _EIGHTH, 1)
    if strategy is Strategy.FAST:
        return usual * 2, base * 3
    return usual, base * 2


async def _history(reader: ChainReader) -> tuple[int, ...]:
    try:
        answer = await reader.request("eth_feeHistory", hex(HISTORY_BLOCKS), "latest", [])
        return _fees_in(answer["baseFeePerGas"])
    except (ChainError, LookupError, TypeError, ValueError):
        return ()


def _fees_in(told: Sequence[str]) -> tuple[int, ...]:
    # The last one is the next block's.
    return tuple(int(fee, 16) for fee in told[:-1])


def _gwei(wei: int) -> str:
    return f"{format_units(wei, 9, 3)} gwei"
