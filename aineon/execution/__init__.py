"""From an opportunity to its outcome: plan, preflight, executors."""

from aineon.execution.paper import PaperConditions, PaperExecutor
from aineon.execution.plan import ExecutionPlan, FlashLoan, PlanStep, Spend
from aineon.execution.planner import Planner, PlanRules
from aineon.execution.settlement import Attempt, Outcome, PaperSettlement
from aineon.execution.simulation import SimulatedRun, simulate

__all__ = [
    "Attempt",
    "ExecutionPlan",
    "FlashLoan",
    "Outcome",
    "PaperConditions",
    "PaperExecutor",
    "PaperSettlement",
    "PlanRules",
    "PlanStep",
    "Planner",
    "SimulatedRun",
    "Spend",
    "simulate",
]
