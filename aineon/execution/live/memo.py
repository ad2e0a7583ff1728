"""An attempt written down beside its signature, so that it can be followed after a restart."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from enum import Enum
from typing import Any, Final

from aineon.errors import AineonError, ExecutionError
from aineon.execution.plan import ExecutionPlan, FlashLoan, PlanStep, Spend
from aineon.execution.settlement import Attempt
from aineon.execution.steps import StepKind
from aineon.primitives import Token, Transfers, parse_address

VERSION: Final = 1
_PLAIN: Final = tuple(
    field.name for field in fields(ExecutionPlan) if field.name not in {"steps", "flash_loan"}
)


def write_memo(attempt: Attempt) -> str:
    """Return `attempt` as text."""
    plan = attempt.plan
    content = {
        "version": VERSION,
        "attempt_id": attempt.attempt_id,
        "submitted_block": attempt.submitted_block,
        "submitted_step": attempt.submitted_step,
        "submitted_at": attempt.submitted_at,
        "plan": {name: getattr(plan, name) for name in _PLAIN},
        "flash_loan": _spelled(plan.flash_loan),
        "steps": [_spelled(step) for step in plan.steps],
        "plan_id": plan.plan_id,
    }
    return json.dumps(content, separators=(",", ":"))


def read_memo(text: str) -> Attempt:
    """Return the attempt that `write_memo` wrote down.

    Raises:
        ExecutionError: it is none, or not what it says.
    """
    try:
        content = json.loads(text)
        if content["version"] != VERSION:
            raise ExecutionError(f"it has version {content['version']!r}, not {VERSION}")
        plan = ExecutionPlan(
            **content["plan"],
            flash_loan=FlashLoan(**_read(content["flash_loan"])),
            steps=tuple(_step(each) for each in content["steps"]),
        )
        if plan.plan_id != content["plan_id"]:
            raise ExecutionError(
                f"its plan is {plan.plan_id}, and {content['plan_id']} was written"
            )
        names = ("attempt_id", "submitted_block", "submitted_step", "submitted_at")
        return Attempt(plan=plan, **{name: content[name] for name in names})
    except (ValueError, LookupError, TypeError, AineonError) as error:
        raise ExecutionError(f"an attempt kept in the outbox cannot be read: {error}") from error


def _spelled(value: Any) -> dict[str, Any]:
    return {field.name: _word(getattr(value, field.name)) for field in fields(value)}


def _word(value: Any) -> Any:
    if isinstance(value, Token):
        return [value.address, value.symbol, value.decimals, value.transfers.value]
    return value.value if isinstance(value, Enum) else value


def _read(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _token(*v) if isinstance(v, list) else v for name, v in values.items()}


def _token(address: str, symbol: str, decimals: int | None, transfers: str) -> Token:
    return Token(address, symbol, decimals, Transfers(transfers))


def _step(values: dict[str, Any]) -> PlanStep:
    step = PlanStep(**_read(values))
    return replace(
        step, pool=parse_address(step.pool), spend=Spend(step.spend), kind=StepKind(step.kind)
    )
