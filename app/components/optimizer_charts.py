"""Charts of the optimizer: whether its chances hold, what it captures, and at which bids."""

from __future__ import annotations

from collections.abc import Sequence

from aineon.optimizer.telling import ArmTold, BinTold, CaptureTold
from app.components.figures import BLUE, ETHER, GREY, YELLOW, Figure, figure, label
from app.components.optimizer_told import SHORT

_LEAST_MARK, _MOST_MARK = 6.0, 22.0


def calibration(bins: Sequence[BinTold]) -> Figure:
    """Return predicted chances against the share that landed; what is right lies on the line."""
    most = max((each.count for each in bins), default=1)
    ideal = {
        "type": "scatter",
        "x": [0, 100],
        "y": [0, 100],
        "mode": "lines",
        "name": "As predicted",
        "line": {"color": GREY, "dash": "dash"},
        "hoverinfo": "skip",
    }
    seen = {
        "type": "scatter",
        "x": [100 * each.predicted for each in bins],
        "y": [100 * each.landed for each in bins],
        "mode": "lines+markers",
        "name": "What came",
        "line": {"color": BLUE, "width": 2},
        "marker": {"size": [_mark(each.count / most) for each in bins]},
        "text": [f"{each.count:,} predictions" for each in bins],
        "hovertemplate": "predicted %{x:.1f} %<br>landed %{y:.1f} %<br>%{text}<extra></extra>",
    }
    names = "Predicted chance to land, %", "Share that landed, %"
    return figure([ideal, seen], *names, hovermode="closest")


def captured(policies: Sequence[CaptureTold]) -> Figure:
    """Return what each way of deciding would have left on the same opportunities, as bars."""
    bars = {
        "type": "bar",
        "y": [policy_name(each.policy) for each in policies],
        "x": [each.net_wei / ETHER for each in policies],
        "orientation": "h",
        "marker": {"color": [YELLOW if each.policy == "chosen" else BLUE for each in policies]},
        "hovertemplate": "%{y}<br>%{x:+.6f} ETH<extra></extra>",
    }
    names = {"autorange": "reversed", "type": "category"}
    return figure([bars], "Net, ETH", "", yaxis=names, hovermode="closest")


def arms(bids: Sequence[ArmTold]) -> Figure:
    """Return for each bid how often it was the best, and how often it would have landed."""
    shares = [each.bid_bps / 100 for each in bids]
    chosen = sum(each.chosen for each in bids) or 1
    best = {
        "type": "bar",
        "x": shares,
        "y": [100 * each.chosen / chosen for each in bids],
        "name": "Was the best bid",
        "marker": {"color": YELLOW},
        "customdata": [each.chosen for each in bids],
        "hovertemplate": "%{y:.1f} % of decisions (%{customdata:,})",
    }
    lands = {
        "type": "scatter",
        "x": shares,
        "y": [None if each.would_land is None else 100 * each.would_land for each in bids],
        "mode": "lines+markers",
        "name": "Would have landed",
        "line": {"color": BLUE, "width": 2},
        "hovertemplate": "%{y:.1f} % of known outcomes",
    }
    return figure([best, lands], "Bid, % of the net profit", "%")


def policy_name(policy: str) -> str:
    """Return a way of deciding as a chart names it."""
    others = {"chosen": "AINEON", "clairvoyant": "Clairvoyant"}
    return label(others.get(policy) or SHORT.get(policy, policy))


def _mark(share: float) -> float:
    return _LEAST_MARK + (_MOST_MARK - _LEAST_MARK) * share**0.5
