"""Deciding: from the chances of the arms to the one that leaves most on average.

An attempt at the share f of the net profit leaves `P(f) * (1 - f) * net` where a miss costs
nothing, and `P(f) * (1 - f) * net - (1 - P(f)) * gas` where a miss is included all the same.
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.arms import ARMS, ARMS_BPS, Channel
from aineon.primitives.units import BPS, ETHER

Number = TypeVar("Number", int, float, NDArray[np.float64])
"""A figure, or a column of them."""

KEPT: Final[NDArray[np.float64]] = 1 - np.array(ARMS)
"""What each arm leaves of the net profit where it lands."""

TAIL: Final = 0.05
"""Share of cases that lies on either side of a 90 % band."""


class Chosen(NamedTuple):
    """The best arm.

    Attributes:
        arm: its place in `ARMS`.
        expected: ETH that it leaves on average; below 0 where every arm costs.
    """

    arm: int
    expected: float


def expected(chance: Number, won: Number, lost: Number) -> Number:
    """Return what an attempt leaves on average.

    Args:
        chance: that it lands; 1 or 0 where that is known.
        won: what is left then.
        lost: what a miss costs.
    """
    return chance * won - (1 - chance) * lost


def miss_cost(gas: Number, channel: Channel) -> Number:
    """Return what a miss costs: its gas in public, nothing in private."""
    return gas if channel is Channel.PUBLIC else 0 * gas


def expected_nets(
    chances: NDArray[np.float64],
    net: float | NDArray[np.float64],
    gas: float | NDArray[np.float64],
    channel: Channel,
) -> NDArray[np.float64]:
    """Return what each arm leaves on average, in the unit of `net` and `gas`.

    Many opportunities are asked at once with chances of (rows, arms) and columns of (rows, 1).
    """
    return expected(chances, KEPT * net, miss_cost(np.asarray(gas), channel))


def best_arm(chances: NDArray[np.float64], net: float, gas: float, channel: Channel) -> Chosen:
    """Return the arm that leaves most on average; the lowest bid of equal ones."""
    nets = expected_nets(chances, net, gas, channel)
    arm = int(nets.argmax())
    return Chosen(arm, float(nets[arm]))


def left_at(
    arm: int, net: float, gas: float, channel: Channel, landed: NDArray[np.float64]
) -> float:
    """Return the ETH that an attempt at one arm left; `landed` tells of each arm 1 or 0."""
    return expected(float(landed[arm]), float(KEPT[arm]) * net, miss_cost(gas, channel))


def left_by(
    curve: NDArray[np.float64],
    net: float,
    gas: float,
    channel: Channel,
    landed: NDArray[np.float64],
) -> float:
    """Return the ETH that deciding by `curve` left of an opportunity whose arms are known."""
    arm, most = best_arm(curve, net, gas, channel)
    return left_at(arm, net, gas, channel, landed) if most > 0 else 0.0


def bid_of(arm: int) -> int:
    """Return an arm's share of the net profit in basis points."""
    return ARMS_BPS[arm]


def left_wei(net_wei: int, bid_bps: int) -> int:
    """Return what a win at `bid_bps` leaves; the builder's part is rounded down, as plans do."""
    return net_wei - net_wei * bid_bps // BPS


def expected_wei(lands: float, net_wei: int, gas_wei: int, bid_bps: int, channel: Channel) -> int:
    """Return what an attempt leaves on average, to the wei that a float can tell."""
    won, lost = left_wei(net_wei, bid_bps), miss_cost(gas_wei, channel)
    return round(expected(lands, won, lost))


def band_wei(
    lands: float, net_wei: int, gas_wei: int, bid_bps: int, channel: Channel
) -> tuple[int, int]:
    """Return the shortest range that holds what one attempt leaves in 90 % of cases.

    There are two cases only, win or miss, so it is a point where one of them is almost sure, and
    both of them where neither is.
    """
    missed = -miss_cost(gas_wei, channel)
    won = left_wei(net_wei, bid_bps)
    low = won if 1 - lands <= 2 * TAIL else missed
    high = missed if lands <= 2 * TAIL else won
    return min(low, high), max(low, high)


def ether(wei: int) -> float:
    """Return wei as a float of ETH, for statistics."""
    return wei / ETHER
