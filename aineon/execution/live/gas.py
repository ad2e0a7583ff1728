"""What is offered for gas: base fee forecast, gas strategy, and the ceilings that hold (EIP-1559).

The base fee of the next block follows exactly from the newest one. Every block after that can be
at most an eighth dearer than the one before it, so the worst case is known for any block.

The four strategies:

* `slow`: half the usual priority fee, and a cap that holds for the next block alone.
* `standard`: the usual priority fee, and a cap that holds, at worst, to the last target block.
* `fast`: twice the usual priority fee, and a cap that holds two blocks beyond the last target.
* `optimized`: the priority fee that half of the transactions of the last 20 blocks paid less than
  (`eth_feeHistory`), within half and four times the usual one; and a cap that holds, nineteen
  times in twenty, to the last target block (`aineon.chain.fee_forecast`). A lower cap binds less
  ether, and lets the contract ask less of the trade. Until enough blocks were seen it is the cap
  of `standard`.

Whatever the strategy, nothing above the plan's own ceiling is offered, nor more than the trade is
expected to leave: a block that is so dear that the trade would lose in it cannot take it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aineon.chain.fee_forecast import BlockFee
from aineon.chain.fees import BASE_FEE_CHANGE_DENOMINATOR, next_base_fee_wei
from aineon.chain.reader import ChainReader
from aineon.errors import ChainError
from aineon.execution.executor import NotSubmitted
from aineon.primitives import Block
from aineon.primitives.units import BPS, format_units
from aineon.sending.intent import Fees

HISTORY_BLOCKS: Final = 20
HISTORY_PERCENTILE: Final = 50
GATE: Final = "gas"


class GasStrategy(StrEnum):
    """How much is offered for each gas, and how patiently."""

    SLOW = "slow"
    STANDARD = "standard"
    FAST = "fast"
    OPTIMIZED = "optimized"


@dataclass(frozen=True, slots=True)
class Manner:
    """What a strategy does.

    Attributes:
        tip_bps: priority fee, in 1/10,000 of the usual one.
        spare_blocks: how many blocks beyond the last target the cap holds for; None where it
            holds for the next block alone.
        least_bps, most_bps: bounds of a priority fee that the chain's history tells; equal to
            `tip_bps` where history does not count.
    """

    tip_bps: int
    spare_blocks: int | None
    least_bps: int
    most_bps: int

    @property
    def asks_history(self) -> bool:
        """Whether what the chain's history tells counts: what others paid, and how fees moved."""
        return self.least_bps < self.most_bps


MANNERS: Final = {
    GasStrategy.SLOW: Manner(5_000, None, 5_000, 5_000),
    GasStrategy.STANDARD: Manner(10_000, 0, 10_000, 10_000),
    GasStrategy.FAST: Manner(20_000, 2, 20_000, 20_000),
    GasStrategy.OPTIMIZED: Manner(10_000, 0, 5_000, 40_000),
}


def base_fee_forecast(block: Block, at: int) -> int | None:
    """Return the base fee that block `at` has at most, in wei; exactly, for the next block.

    None where the fee of `block` is not known.
    """
    fee = block.base_fee_wei
    if fee is None:
        return None
    if block.gas_used is None or block.gas_limit is None:
        fee = _eighth_more(fee)
    else:
        fee = next_base_fee_wei(fee, block.gas_used, block.gas_limit)
    for _ in range(block.number + 1, at):
        fee = _eighth_more(fee)
    return fee


def _eighth_more(fee: int) -> int:
    # A full block, as `next_base_fee_wei` has it: by at least one wei.
    return fee + max(fee // BASE_FEE_CHANGE_DENOMINATOR, 1)


@dataclass(frozen=True, slots=True)
class Offer:
    """What the gas of one trade may cost.

    Attributes:
        block: the newest one.
        last_block: the last one that the trade may land in.
        usual_tip_wei: the configured priority fee.
        history_tip_wei: what others paid; None where not asked, or not told.
        extra_tip_wei: for each gas, what the builder is promised and the contract cannot pay.
        ceiling_wei: the most that a unit of gas may cost by the plan.
        affordable_wei: the most that a unit may cost before the trade loses; None where not known.
        foretold: the base fees of the next blocks; empty where they are not asked for.
    """

    block: Block
    last_block: int
    usual_tip_wei: int
    ceiling_wei: int
    history_tip_wei: int | None = None
    extra_tip_wei: int = 0
    affordable_wei: int | None = None
    foretold: tuple[BlockFee, ...] = ()


def fees_for(strategy: GasStrategy, offer: Offer) -> Fees | NotSubmitted:
    """Return what is offered for each gas, or why the trade cannot be paid for."""
    manner = MANNERS[strategy]
    next_fee = base_fee_forecast(offer.block, offer.block.number + 1)
    far = offer.block.number + 1
    if manner.spare_blocks is not None:
        far = offer.last_block + manner.spare_blocks
    worst = _cap(manner, offer, far)
    if next_fee is None or worst is None:
        return NotSubmitted(GATE, f"the base fee of block {offer.block.number} is not known")
    if next_fee > offer.ceiling_wei:
        return NotSubmitted(
            GATE,
            f"the next block's base fee is {_gwei(next_fee)}, above the plan's "
            f"{_gwei(offer.ceiling_wei)}",
        )
    ceiling = offer.ceiling_wei
    if offer.affordable_wei is not None and offer.affordable_wei < ceiling:
        ceiling = offer.affordable_wei
        if next_fee > ceiling:
            return NotSubmitted(
                GATE,
                f"the next block's base fee is {_gwei(next_fee)}, and the trade pays for its gas "
                f"up to {_gwei(max(ceiling, 0))} only",
            )
    tip = min(_tip(manner, offer) + offer.extra_tip_wei, ceiling - next_fee)
    cap = max(worst, next_fee) + tip
    return Fees(max_fee_wei=min(cap, ceiling), priority_fee_wei=tip)


def _cap(manner: Manner, offer: Offer, far: int) -> int | None:
    """The base fee up to which the offer is to hold, at block `far`."""
    worst = base_fee_forecast(offer.block, far)
    told = next((each for each in offer.foretold if each.number == far and each.is_told), None)
    if worst is None or told is None or not manner.asks_history:
        return worst
    return min(worst, told.high_wei)


def _tip(manner: Manner, offer: Offer) -> int:
    usual = offer.usual_tip_wei
    if not manner.asks_history or offer.history_tip_wei is None:
        return usual * manner.tip_bps // BPS
    least, most = usual * manner.least_bps // BPS, usual * manner.most_bps // BPS
    return min(max(offer.history_tip_wei, least), most)


def tip_for_builder(left_wei: int, share_bps: int, gas_used: int) -> int:
    """For each gas, the builder's share of a profit that the contract cannot pay in ether.

    Args:
        left_wei: what the trade leaves after its gas; nothing of a loss is shared.
        share_bps: the builder's, in basis points.
        gas_used: what the whole transaction uses.
    """
    return max(left_wei, 0) * share_bps // BPS // gas_used


async def history_tip(reader: ChainReader) -> int | None:
    """Return the median of what the last blocks' middle transactions paid on top of the base fee.

    None where the node does not tell.
    """
    try:
        answer = await reader.request(
            "eth_feeHistory", hex(HISTORY_BLOCKS), "latest", [HISTORY_PERCENTILE]
        )
        tips = sorted(int(rewards[0], 16) for rewards in answer["reward"])
    except (ChainError, LookupError, TypeError, ValueError):
        return None
    return tips[len(tips) // 2] if tips else None


def _gwei(wei: int) -> str:
    return f"{format_units(wei, 9, 3)} gwei"
