"""From gross profit to net, step by step: what each cost takes away of an opportunity."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.ledger.records import OpportunityRecord
from app import format as fmt
from app.components.figures import BLUE, GREEN, GREY, RED, Figure, figure


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `amount` in the token's smallest unit, what it takes away below zero."""

    name: str
    amount: int
    is_total: bool = False


def steps_of(seen: OpportunityRecord, left: int | None) -> tuple[Step, ...]:
    """Return the steps of `seen` as far as they are known.

    `left` is what remains after the builder payment, in the base token's smallest unit; None
    where that is not known.
    """
    found = [Step("Gross", seen.gross_profit), Step("Flash fee", -seen.flash_fee)]
    if seen.gas_cost is None or seen.net_profit is None:
        left = seen.gross_profit - seen.flash_fee
        return (*found, Step("Before gas", left, is_total=True))
    found.append(Step("Gas", -seen.gas_cost))
    if left is None:
        return (*found, Step("Before builder", seen.net_profit, is_total=True))
    found.append(Step("Builder payment", left - seen.net_profit))
    return (*found, Step("Net", left, is_total=True))


def missing_words(steps: tuple[Step, ...]) -> str:
    """Return what is not in the steps, and why; empty where nothing is missing."""
    last = steps[-1].name
    if last == "Before gas":
        return "The gas cost is not known in this token, so nothing after it is."
    if last == "Before builder":
        return "The builder payment is paid in ether and not known in this token."
    return ""


def waterfall(steps: tuple[Step, ...], symbol: str, decimals: int) -> Figure:
    """Return the steps as a waterfall, each with its amount beside its bar."""
    bars = {
        "type": "waterfall",
        "x": [step.name for step in steps],
        "y": [step.amount / 10**decimals for step in steps],
        "measure": ["total" if step.is_total else "relative" for step in steps],
        "text": [fmt.signed(step.amount, decimals) for step in steps],
        "textposition": "outside",
        "cliponaxis": False,
        "hovertemplate": "%{x}: %{text}<extra></extra>",
        "increasing": {"marker": {"color": GREEN}},
        "decreasing": {"marker": {"color": RED}},
        "totals": {"marker": {"color": BLUE}},
        "connector": {"line": {"color": GREY, "width": 1}},
    }
    return figure([bars], "", symbol, showlegend=False)
