"""Others: what other searchers took, as the features see it."""

from __future__ import annotations

from collections.abc import Iterable

from aineon.feeds.base import Taking
from aineon.market import Market
from aineon.optimizer.features.seeing import TakingSeen
from aineon.search import CostModel


def takings_seen(
    takings: Iterable[Taking], costs: CostModel, market: Market
) -> tuple[TakingSeen, ...]:
    """What others took in a block that left the market as it is.

    Args:
        takings: as the feed tells them.
        costs: tells what tokens are worth.
        market: the market after them.
    """
    return tuple(
        TakingSeen(
            pools=taking.pools,
            net_wei=_net_wei(taking, costs, market),
            builder_payment_wei=taking.builder_payment_wei,
            searcher=taking.searcher,
        )
        for taking in takings
    )


def _net_wei(taking: Taking, costs: CostModel, market: Market) -> int | None:
    """What a taking left after gas, before the builder was paid; None where that is not known."""
    worth = costs.native_value(taking.profit, taking.profit_token, market)
    if worth is None or taking.gas_cost_wei is None:
        return None
    return worth - taking.gas_cost_wei
