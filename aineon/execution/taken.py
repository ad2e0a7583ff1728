"""Gaps that paper trades have taken and that the real market has not closed since.

A real event on a pool replaces the state that a paper trade left there, and with it the trace of
what that trade took: for the pool on chain, the paper trade never was. The gap would then be
there once more and could be booked once more. So a gap that was taken stays taken until the
real states of its pools, without any paper trade, show nothing worth its gas.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from aineon.execution.plan import ExecutionPlan, PlanStep
from aineon.execution.settlement import Attempt
from aineon.market import Market
from aineon.primitives import Address, Block, Token
from aineon.search.costs import CostModel
from aineon.search.funding import funded, priced
from aineon.search.parallel import ParallelPools
from aineon.search.route import Hop, Route
from aineon.search.splitting import climbed_input

Direction = tuple[Address, Token]
"""A pool and the token that goes in."""


@dataclass(frozen=True, slots=True)
class _Taken:
    attempt_id: str
    plan: ExecutionPlan
    directions: frozenset[Direction]


class TakenGaps:
    """Remembers the gaps that were taken on paper, as long as they stand open in reality."""

    def __init__(self, costs: CostModel) -> None:
        self._costs = costs
        self._taken: list[_Taken] = []

    def add(self, attempt: Attempt) -> None:
        """Note that `attempt` took what its route paid."""
        self._taken.append(
            _Taken(attempt.attempt_id, attempt.plan, frozenset(directions_of(attempt.plan)))
        )

    def review(self, market: Market, block: Block, moved: Container[Address]) -> None:
        """Let go of the gaps that are closed on `market`'s real states.

        Where all pools of a gap stand as the paper trade left them, nothing real happened to it.
        """
        self._taken = [
            taken
            for taken in self._taken
            if all(pool in moved for pool in taken.plan.pools)
            or self._is_open(taken.plan, market, block)
        ]

    def taker(self, directions: Iterable[Direction], moved: Container[Address]) -> str | None:
        """Return the id of the attempt that has taken what lies in one of `directions`.

        A pool in `moved` shows what was taken from it already and is free to trade on.
        """
        asked = [direction for direction in directions if direction[0] not in moved]
        for taken in self._taken:
            if not taken.directions.isdisjoint(asked):
                return taken.attempt_id
        return None

    def _is_open(self, plan: ExecutionPlan, market: Market, block: Block) -> bool:
        if any(address not in market.pools for address in plan.pools):
            return False
        route = Route(_hop(steps, market) for steps in plan.hops)
        gas_rate = self._costs.gas_rate(route, block)
        found = funded(climbed_input, route, self._costs, gas_rate)
        if found is None:
            return False
        net = priced(found, route, self._costs, gas_rate).net_profit
        return net is None or net > 0


def _hop(steps: Sequence[PlanStep], market: Market) -> Hop:
    """The hop that these steps carry out, through the market's states."""
    pools = [market.pool(step.pool) for step in steps]
    tokens = steps[0].token_in, steps[0].token_out
    return Hop(pools[0] if len(pools) == 1 else ParallelPools(pools, *tokens), *tokens)


def directions_of(plan: ExecutionPlan) -> tuple[Direction, ...]:
    """The pools that a plan goes through, each with the token that goes in."""
    return tuple((step.pool, step.token_in) for step in plan.steps)
