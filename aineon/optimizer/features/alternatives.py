"""Alternatives: what others could take over one of a route's swaps without going all of its way.

Who takes the smaller gap takes the larger one along: the price is then that of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan, log, nan, sqrt
from typing import Final

from aineon.amm import Pool
from aineon.optimizer.features.feature import Feature, Group
from aineon.optimizer.features.pairs import Pairs
from aineon.optimizer.features.sizes import Worth
from aineon.primitives import Address, Token
from aineon.search import Hop, Route

_NONE: Final = -9.0
"""What stands for no alternative: it leaves less than a thousandth."""

FEATURES: Final = (
    Feature(
        "alternative",
        "ln",
        "net of the best cycle that makes one of the route's swaps and comes back at once through "
        "a pool that the route leaves alone, over the route's own net; by the pools' local curves, "
        "gas in proportion to the hops; -9 where there is none",
        "states of the pools at the end of the block",
        Group.OPPORTUNITY,
    ),
)


@dataclass(frozen=True, slots=True)
class Alternative:
    """The best cycle that makes one of a route's swaps and comes back at once.

    Attributes:
        tokens: that it trades.
        gross: ETH that it leaves before gas.
        gas_share: what its gas costs over the route's.
        back: the pool through which it comes back.
    """

    tokens: tuple[Token, Token]
    gross: float
    gas_share: float
    back: Address


def alternative_of(route: Route, pairs: Pairs, pools: Mapping[Address, Pool]) -> Alternative | None:
    """Return the best alternative to a route; None where none leaves anything before gas."""
    own = {pool.address for pool in route.pools}
    gas_share = min(2 / len(route), 1.0)
    found = [
        Alternative((hop.token_in, hop.token_out), gross, gas_share, back.address)
        for hop in route
        for back in _backs(hop, pairs, pools, own)
        if (gross := _profit(hop, back) * pairs.worth(hop.token_in)) > 0
    ]
    return max(found, key=lambda each: each.gross, default=None)


def values(worth: Worth, alternative: Alternative | None) -> dict[str, float]:
    """The feature of a route with such figures."""
    if isnan(worth.net) or isnan(worth.gas) or worth.net <= 0:
        return {"alternative": nan}
    if alternative is None:
        return {"alternative": _NONE}
    share = (alternative.gross - worth.gas * alternative.gas_share) / worth.net
    return {"alternative": max(log(share), _NONE) if share > 0 else _NONE}


def _backs(
    hop: Hop, pairs: Pairs, pools: Mapping[Address, Pool], own: set[Address]
) -> Iterator[Pool]:
    """The pools through which a swap can be undone, but for the route's own."""
    track = pairs.of(hop.token_in, hop.token_out)
    for address in () if track is None else track.mids:
        if address not in own and address in pools:
            yield pools[address]


def _profit(hop: Hop, back: Pool) -> float:
    """What there and back leaves at its best size, in units of the hop's input.

    One curve after the other is a curve of the same form, whose best size is known.
    """
    there = hop.pool.local_curve(hop.token_in, hop.token_out)
    home = back.local_curve(hop.token_out, hop.token_in)
    rate, bend = there.rate * home.rate, there.bend + home.bend * there.rate
    return (sqrt(rate) - 1) ** 2 / bend if rate > 1 and bend > 0 else 0.0
