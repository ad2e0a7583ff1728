"""Watching: tells the risk desk what the engine sees and does, in the desk's own plain words.

Paper and chain say the same things here: what is in flight, how attempts ended, what is pending.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from aineon.amm import Pool
from aineon.chain.client.health import NodeHealth
from aineon.engine.funnel import FunnelEntry
from aineon.execution.executor import Executor, NotSubmitted
from aineon.execution.plan import ExecutionPlan
from aineon.execution.settlement import (
    Attempt,
    OnchainMoney,
    OnchainSettlement,
    Outcome,
    Settlement,
    Verification,
)
from aineon.market import Market
from aineon.primitives import Address, Block
from aineon.risk.breaker import Ended
from aineon.risk.desk import RiskDesk
from aineon.risk.exposure import Position
from aineon.risk.weather import Seen
from aineon.search import CostModel, Route

Nodes = Callable[[], Sequence[NodeHealth]]


class Watching:
    """Stands between engine and risk desk.

    Args:
        desk: what is told, and asked by the gate.
        executor: knows what is in flight and pending.
        costs: what amounts are worth.
        nodes: how the chain's nodes are doing; none where the feed reads no chain.
    """

    def __init__(
        self, desk: RiskDesk, executor: Executor, costs: CostModel, nodes: Nodes = tuple
    ) -> None:
        self.desk = desk
        self._executor = executor
        self._costs = costs
        self._nodes = nodes

    def moved(
        self,
        number: int,
        before: Mapping[Address, Pool],
        market: Market,
        changed: Iterable[Address],
    ) -> None:
        """Tell which pools a step of the market changed."""
        self.desk.moved(number, before, market.pools, changed)

    def settled(self, settlements: Iterable[Settlement]) -> None:
        """Tell how attempts ended."""
        for settlement in settlements:
            self.desk.settled(_ended(settlement))

    def look(self, block: Block, market: Market, now: float) -> None:
        """Tell how things stand before a state of the market is judged."""
        self.desk.pend(sum(_loss(seen.net) for seen in self._executor.pending()))
        self.desk.hold(
            _position(attempt.plan, self._worth(attempt.plan, market))
            for attempt in self._executor.in_flight
        )
        self.desk.block(Seen(block, self._nodes()), now)

    def attempted(self, attempt: Attempt, entry: FunnelEntry, market: Market, now: float) -> None:
        """Tell of an attempt that was handed out."""
        opportunity = entry.opportunity
        position = _position(attempt.plan, self._worth(attempt.plan, market))
        self.desk.attempted(position, depth_share(opportunity.route, opportunity.amounts), now)

    def refused(self, answer: NotSubmitted) -> None:
        """Tell of a plan that the executor did not take."""
        self.desk.not_submitted(answer.gate, answer.reason)

    def _worth(self, plan: ExecutionPlan, market: Market) -> int | None:
        return self._costs.native_value(plan.amount_in, plan.base_token, market)


def depth_share(route: Route, amounts: Sequence[int]) -> float:
    """The largest share of a pool's depth that a hop takes.

    A pool's depth is the input at which its average rate has halved (`LocalCurve.bend`).
    """
    shares = (
        amount * hop.pool.local_curve(hop.token_in, hop.token_out).bend
        for hop, amount in zip(route, amounts, strict=False)
    )
    return max(shares, default=0.0)


def _position(plan: ExecutionPlan, worth_wei: int | None) -> Position:
    steps = plan.steps
    tokens = {token for step in steps for token in (step.token_in, step.token_out)}
    return Position(
        worth_wei,
        frozenset(tokens),
        frozenset(step.venue for step in steps),
        gas_wei=plan.gas_limit * (plan.max_fee_per_gas_wei or 0),
    )


def _ended(settlement: Settlement) -> Ended:
    net = settlement.net
    ended = Ended(
        attempt_id=settlement.attempt.attempt_id,
        net_wei=_spent(settlement) if net is None else net.wei,
        included=settlement.outcome is Outcome.INCLUDED,
        words=settlement.reason,
    )
    if not isinstance(settlement, OnchainSettlement):
        return ended
    # What only a chain can tell: whose fault a revert was, and who contradicts a figure.
    differs = settlement.verification is Verification.DIFFERS
    contradicted = settlement.verification_detail if differs else ""
    return replace(ended, at_fault=settlement.at_fault, contradicted=contradicted)


def _spent(settlement: Settlement) -> int | None:
    """What an attempt cost for certain where its profit is not known; None where that is not."""
    if settlement.gas_cost is None or not settlement.gas_cost.wei:
        return None
    paid = settlement.builder_payment
    return -settlement.gas_cost.wei - (0 if paid is None else paid.wei)


def _loss(net: OnchainMoney | None) -> int:
    """What a pending figure loses; a gain, and what is not known, counts when it is final."""
    return 0 if net is None else max(-net.wei, 0)
