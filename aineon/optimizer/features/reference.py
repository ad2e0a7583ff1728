"""The features' reference, generated: `python -m aineon.optimizer.features.reference`.

What it prints is docs/features.md; a test compares the two.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter

from aineon.optimizer.features.catalogue import CATALOGUE, Feature, Group

_ABOUT = {
    Group.OPPORTUNITY: "What it would leave, what it costs, and how long it has stood open.",
    Group.SPREAD: "How far apart prices stand, and what of it the pools' fees leave. The pair of "
    "a route is the most traded of its hops' pairs.",
    Group.LIQUIDITY: "How deep the pools are that the route goes through. A pool's depth is the "
    "input at which its average rate has halved.",
    Group.FLOW: "How much is traded, which way prices go, and how often gaps open.",
    Group.GAS: "What gas costs now, in the next block, and against what is usual.",
    Group.COMPETITION: "What others paid lately to be first, who they are, and how we fared. A "
    "share is of the net profit that AINEON saw in the same gap, or, where it saw none, of what "
    "the other one was left with; above 2 it counts as 2.",
    Group.TIME: "When it is.",
    Group.TECHNICAL: "Technical indicators of the route's most traded pair with the native token.",
    Group.REGIME: "How the native token's price behaves.",
}


_INTRODUCTION = f"""\
# Features

This page is generated from the catalogue by `python -m aineon.optimizer.features.reference`; a
test fails where the two differ.

There are {len(CATALOGUE)} features. Each is what was known when the block had ended in which the
opportunity was seen; what is not known is nan, never zero. Half-lives are in blocks.
"""


def reference() -> str:
    """Return the page, in Markdown."""
    parts = [_INTRODUCTION]
    for group, features in groupby(CATALOGUE, attrgetter("group")):
        rows = "".join(map(_row, features))
        parts.append(
            f"\n## {str(group).capitalize()}\n\n{_ABOUT[group]}\n\n"
            f"| Feature | Unit | Formula | Source |\n|---|---|---|---|\n{rows}"
        )
    return "".join(parts)


def _row(feature: Feature) -> str:
    cells = (f"`{feature.name}`", feature.unit, feature.formula, feature.source)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201
