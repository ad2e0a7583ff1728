"""Preflight: trying a plan without consequences before it is submitted."""

from __future__ import annotations

from aineon.execution.executor import PreflightResult
from aineon.execution.plan import ExecutionPlan
from aineon.execution.simulation import simulate
from aineon.market import Market


class LocalPreflight:
    """Tries plans by our own arithmetic, on the states of the market."""

    async def check(self, plan: ExecutionPlan, market: Market) -> PreflightResult:
        """Return what `plan` would come to on the states of `market`."""
        run = simulate(plan, market)
        return PreflightResult(run.failure, run.amount_out, run.pools_after)
