"""What `aineon optimizer train` and `explain` print."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from aineon.cli.optimizer_report import titled
from aineon.primitives.units import ETHER

if TYPE_CHECKING:
    from pathlib import Path

    from aineon.optimizer.models.ensemble import Ensemble
    from aineon.runtime.optimizing import Explained

_MOST_USED = 10


def print_trained(version: str, models: Path, ensemble: Ensemble) -> None:
    """Print what one training made."""
    console = Console(highlight=False)
    table = titled(f"Model {version}", "What")
    table.add_column("Figure", justify="right")
    table.add_row("opportunities", str(ensemble.rows))
    hours = (ensemble.trained_at - ensemble.began_at) / 3600
    table.add_row("hours of the market", f"{hours:.1f}")
    for name, figure in sorted(ensemble.metrics.items()):
        table.add_row(name.replace("_", " "), f"{figure:.4g}")
    console.print(table)
    used = sorted(zip(ensemble.importance, ensemble.names, strict=True), reverse=True)[:_MOST_USED]
    names = ", ".join(f"{name} {weight:.0%}" for weight, name in used)
    console.print(Text(f"Used most: {names}\nKept in {models / version}"))


def print_explained(told: Explained) -> None:
    """Print one decision and what moved it."""
    decision = told.decision
    table = titled(f"Opportunity {told.row} of {told.rows}, {told.pair}", "What")
    table.add_column("Figure", justify="right")
    unknown = "not known"
    rows = [
        ("net before the bid, ETH", f"{told.net:.6f}"),
        ("attempt", "yes" if decision.attempt else "no"),
        ("bid, share of the net", f"{decision.bid_bps / 100:g} %"),
        ("lands", unknown if decision.lands is None else f"{decision.lands:.1%}"),
        ("expected net, ETH", _ether(decision.expected_net_wei)),
        ("decided by", decision.decided_by.value),
        *((f"moved by {each.feature}", f"{each.effect:+.1%}") for each in decision.reasons),
        ("what it took", _needed(told.needed)),
    ]
    for what, figure in rows:
        table.add_row(what, Text(figure))
    console = Console(highlight=False)
    console.print(table)
    if decision.words:
        console.print(Text(f"{decision.words[0].upper()}{decision.words[1:]}."))


def _ether(wei: int | None) -> str:
    return "not known" if wei is None else f"{wei / ETHER:.6f}"


def _needed(share: float) -> str:
    if math.isnan(share):
        return "not known"
    return f"{share:.1%} of the net" if share <= 1 else "no bid would have landed"
