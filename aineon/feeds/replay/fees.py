"""Which fee the V2-style pairs of a recording take, judged by what they paid.

A pair of a known venue has that venue's fee. For a fork of unknown origin the recorded swaps
decide: reserves, input and output leave one fee, and it counts as known only if the contract's
formula then gives the recorded output to the last unit. Swaps that took less than they were
allowed to are common (careless routers), so one exact swap is enough and any swap that was paid
more than the formula gives disproves the fee.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aineon.chain.addresses import mainnet
from aineon.feeds.replay.recorded import PairState, RecordedSwap
from aineon.primitives import Address
from aineon.primitives.units import PIPS

_STEP_PIPS = 100
_MOST_PIPS = 20_000


def pair_fees(swaps: Iterable[RecordedSwap]) -> Mapping[Address, int | None]:
    """Return each recorded pair's fee in millionths; None where it is not known."""
    states: dict[Address, list[PairState]] = {}
    venues: dict[Address, str] = {}
    for swap in swaps:
        if swap.state is not None and not swap.failed:
            states.setdefault(swap.pool, []).append(swap.state)
            venues[swap.pool] = swap.venue
    return {pool: _fee(venues[pool], seen) for pool, seen in states.items()}


def _fee(venue: str, seen: list[PairState]) -> int | None:
    known = mainnet().venues.get(venue)
    if known is not None:
        candidates = [] if known.fee_pips is None else [known.fee_pips]
    else:
        candidates = sorted({_implied(state) for state in seen if _exactly(state, _implied(state))})
    for fee in candidates:
        if all(state.amount_out <= _output(state, fee) for state in seen):
            return fee
    return None


def _implied(state: PairState) -> int:
    """The fee that the swap's price implies, to the nearest hundredth of a percent."""
    reserve_in, reserve_out = _reserves(state)
    paid = state.amount_out * reserve_in * PIPS
    asked = state.amount_in * (reserve_out - state.amount_out)
    if asked <= 0:
        return _MOST_PIPS
    fee = round((PIPS - paid / asked) / _STEP_PIPS) * _STEP_PIPS
    return min(max(fee, 0), _MOST_PIPS)


def _exactly(state: PairState, fee: int) -> bool:
    return _output(state, fee) == state.amount_out


def _output(state: PairState, fee: int) -> int:
    reserve_in, reserve_out = _reserves(state)
    kept = state.amount_in * (PIPS - fee)
    return kept * reserve_out // (reserve_in * PIPS + kept)


def _reserves(state: PairState) -> tuple[int, int]:
    reserve0, reserve1 = state.before
    return (reserve0, reserve1) if state.sells_token0 else (reserve1, reserve0)
