"""A route drawn hop by hop: tokens as points, pools as arrows between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aineon.ledger.records import NearMissRecord, OpportunityRecord
from app.components.figures import BLUE, GREY, Figure, figure, label

_LEAST_PARTS = 5


@dataclass(frozen=True, slots=True)
class Leg:
    """One hop: from one token to the next, through one pool, or several that share it."""

    token_in: str
    token_out: str
    venues: tuple[str, ...]
    pools: tuple[str, ...]


def legs_of(seen: OpportunityRecord | NearMissRecord) -> tuple[Leg, ...]:
    """Return the hops of a route; none where what was booked does not say them.

    Tokens and pools are taken from the route's key, whose addresses nobody can choose, and only
    the names from what strangers wrote.
    """
    parts = seen.route_key.split(">")
    tokens, pools = parts[::2], [part.split("+") for part in parts[1::2]]
    venues = list(seen.venues)
    if len(parts) < _LEAST_PARTS or len(parts) % 2 == 0 or sum(map(len, pools)) != len(venues):
        return ()
    names = _names(seen.pair, tokens)
    legs = []
    for number, members in enumerate(pools):
        taken, venues = venues[: len(members)], venues[len(members) :]
        legs.append(Leg(names[number], names[number + 1], tuple(taken), tuple(members)))
    return tuple(legs)


def _names(pair: str, tokens: Sequence[str]) -> list[str]:
    symbols = pair.split("/")
    if len(symbols) != len(tokens) - 1:
        return [short(address) for address in tokens]
    return [*symbols, symbols[0]]


def short(address: str) -> str:
    """Return the ends of an address."""
    return address if len(address) <= 12 else f"{address[:6]}…{address[-4:]}"


def drawn(legs: Sequence[Leg]) -> Figure:
    """Return the hops from left to right; the last token is the first one again."""
    tokens = [leg.token_in for leg in legs] + [legs[-1].token_out]
    points = {
        "type": "scatter",
        "x": list(range(len(tokens))),
        "y": [0.0] * len(tokens),
        "mode": "markers+text",
        "marker": {"size": 18, "color": BLUE},
        "text": [label(token) for token in tokens],
        "textposition": "bottom center",
        "textfont": {"size": 13},
        "hoverinfo": "skip",
        "cliponaxis": False,
    }
    return figure(
        [points],
        "",
        "",
        xaxis={"visible": False, "range": [-0.4, len(legs) + 0.4], "fixedrange": True},
        yaxis={"visible": False, "range": [-1, 1], "fixedrange": True},
        annotations=[each for number, leg in enumerate(legs) for each in _arrow(number, leg)],
        showlegend=False,
        hovermode=False,
    )


def _arrow(number: int, leg: Leg) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arrow of a hop, and the names of its venues above it."""
    line = {
        "x": number + 0.93, "y": 0, "ax": number + 0.07, "ay": 0,
        "xref": "x", "yref": "y", "axref": "x", "ayref": "y",
        "showarrow": True, "arrowhead": 2, "arrowwidth": 2, "arrowcolor": GREY, "text": "",
    }  # fmt: skip
    words = {
        "x": number + 0.5,
        "y": 0.35,
        "showarrow": False,
        "font": {"size": 12},
        "text": "<br>".join(label(venue) for venue in dict.fromkeys(leg.venues)),
    }
    return line, words
