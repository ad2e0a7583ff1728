"""The base fees of the next blocks, foretold from those of the blocks that a book holds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from aineon.chain.fee_forecast import BlockFee, FeeForecast
from aineon.chain.fees import BASE_FEE_CHANGE_DENOMINATOR
from aineon.ledger.records import StepRecord
from aineon.ledger.views import Booked


def foretold(newest_first: Sequence[Booked[StepRecord]]) -> tuple[BlockFee, ...]:
    """Return the likely base fees of the blocks after the newest one; none where none is likely.

    A book does not hold how full blocks were, and their base fees tell it: the next one follows
    from it.
    """
    fees = {each.record.block_number: each.record.base_fee_wei for each in reversed(newest_first)}
    forecast = FeeForecast()
    for (number, fee), (after, following) in pairwise(sorted(fees.items())):
        if fee is not None and following is not None and after == number + 1:
            forecast.observe(number, fee, following, _fullness(fee, following))
    # The first one is the newest block's own.
    return tuple(each for each in forecast.ahead()[1:] if each.is_told)


def words(ahead: Sequence[BlockFee], gwei: int) -> str:
    """Return what is foretold in words; nothing where nothing is."""
    if not ahead:
        return "Too few blocks were seen to foretell the next."
    last = ahead[-1]
    low, likely, high = (wei / gwei for wei in (last.low_wei, last.likely_wei, last.high_wei))
    return (
        f"Estimated for block {last.number:,}, {len(ahead)} blocks ahead: about {likely:.2f} gwei, "
        f"nine times in ten from {low:.2f} to {high:.2f}."
    )


def _fullness(fee: int, following: int) -> float:
    moved = BASE_FEE_CHANGE_DENOMINATOR * (following - fee) / max(fee, 1)
    return min(max((1.0 + moved) / 2, 0.0), 1.0)
