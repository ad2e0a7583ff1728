"""Sizes: what an opportunity would leave, what it costs, and how long it has stood open."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan, log, log1p, log10, nan
from typing import Final

from aineon.market import Market
from aineon.optimizer.features.feature import Feature, Group
from aineon.primitives.units import ETHER
from aineon.search import CostModel, Opportunity

_LOWEST: Final = 1e-9
_BPS: Final = 1e4
_ROUTE = "the sized route and its costs"
_GAPS = "gaps that stood open at the ends of blocks"


def _told(name: str, unit: str, formula: str, source: str = _ROUTE) -> Feature:
    return Feature(name, unit, formula, source, Group.OPPORTUNITY)


FEATURES: Final = (
    _told("net", "log10 ETH", "gross profit less flash fee and gas, at least 1e-9 ETH"),
    _told("gross_over_gas", "ln", "ln of gross profit over the cost of gas"),
    _told("amount", "log10 ETH", "worth of what goes in"),
    _told("return", "bps", "gross profit over what goes in"),
    _told("hops", "1", "swaps of the route"),
    _told("depth_share", "1", "largest share of a pool's depth that a hop takes"),
    _told("age", "ln blocks", "ln(1 + blocks since a gap over one of its swaps opened)", _GAPS),
    _told("growth", "ln", "net over what it was when the gap opened", _GAPS),
    _told("stood", "1", "1 where the very same swaps stood open in the block before", _GAPS),
    _told(
        "quiet",
        "ln blocks",
        "ln(1 + blocks since one of the route's pools last changed)",
        "changes of the pools' states",
    ),
)


@dataclass(frozen=True, slots=True)
class Worth:
    """Figures of an opportunity in ETH; nan where they are not known."""

    net: float
    gross: float
    gas: float
    amount: float


def worth_of(opportunity: Opportunity, market: Market, costs: CostModel) -> Worth:
    """What an opportunity's figures are worth at the market's prices."""
    rate = costs.native_rate(opportunity.base_token, market, opportunity.route)
    if rate is None:
        return Worth(nan, nan, nan, nan)
    unit = float(rate) / ETHER
    net, gas = opportunity.net_profit, opportunity.gas_cost
    return Worth(
        net=nan if net is None else net * unit,
        gross=opportunity.gross_profit * unit,
        gas=nan if gas is None else gas * unit,
        amount=opportunity.amount_in * unit,
    )


def depth_shares(opportunity: Opportunity) -> list[float]:
    """The share of its pool's depth that each hop takes; see `LocalCurve.bend`."""
    return [
        amount * hop.pool.local_curve(hop.token_in, hop.token_out).bend
        for hop, amount in zip(opportunity.route, opportunity.amounts, strict=False)
    ]


def values(
    opportunity: Opportunity,
    worth: Worth,
    shares: list[float],
    market: Market,
    now: int,
) -> dict[str, float]:
    """The features that need neither the past nor others."""
    changes = [market.changed_at(pool.address) for pool in opportunity.route.pools]
    newest = max((at for at in changes if at is not None), default=None)
    return {
        "net": log10(max(worth.net, _LOWEST)) if not isnan(worth.net) else nan,
        "gross_over_gas": log(worth.gross / worth.gas) if worth.gas > 0 < worth.gross else nan,
        "amount": log10(worth.amount) if worth.amount > 0 else nan,
        "return": _BPS * worth.gross / worth.amount if worth.amount > 0 else nan,
        "hops": float(len(opportunity.route)),
        "depth_share": max(shares, default=nan),
        "quiet": nan if newest is None else log1p(max(now - newest, 0)),
    }
