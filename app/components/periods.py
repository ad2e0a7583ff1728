"""The period that a page's figures are of, and the groups that it is divided into."""

from __future__ import annotations

from typing import Final, cast

import streamlit as st

from aineon.ledger.periods import PERIOD_SECONDS, Bucket, Period
from app.state import client

_KEY: Final = "period"
_WHOLE: Final = "All"
_PERIODS: Final = {
    "Last hour": "hour",
    "Last 24 hours": "day",
    "Last 7 days": "week",
    "Last 30 days": "month",
    _WHOLE: "all",
}
_BUCKETS: Final = {"Hourly": "hour", "Daily": "day", "Weekly": "week", "Monthly": "month"}
_MINUTE: Final = 60
_HOUR: Final = 3600
_MOST_HOURS: Final = 200


def pick() -> Period:
    """Offer the periods; the choice stays in the page's address."""
    choice = st.segmented_control(
        "Period", list(_PERIODS), default=_WHOLE, required=True, key=_KEY, bind="query-params"
    )
    return cast("Period", _PERIODS[choice or _WHOLE])


def picked() -> Period:
    """Return the period that was picked on this page."""
    return cast("Period", _PERIODS[st.session_state.get(_KEY) or _WHOLE])


def words(period: Period) -> str:
    """Return a period as people call it."""
    return {known: name for name, known in _PERIODS.items()}[period].lower()


def pick_bucket() -> Bucket:
    """Offer what a chart's bars are of; the choice stays in the page's address."""
    choice = st.segmented_control(
        "Bars",
        list(_BUCKETS),
        default="Hourly",
        required=True,
        key="bars",
        bind="query-params",
        label_visibility="collapsed",
    )
    return cast("Bucket", _BUCKETS[choice or "Hourly"])


def bars_from(
    bucket: Bucket, since: float | None, oldest: float, newest: float
) -> tuple[float | None, str]:
    """Return when the bars of a period that began at `since` begin, and words where later.

    `oldest` and `newest` are its first and last trade; more hours between them than fit would be
    narrower than a pixel each.
    """
    first = newest // _HOUR * _HOUR - (_MOST_HOURS - 1) * _HOUR
    if bucket != "hour" or oldest >= first:
        return since, ""
    return first, f"The newest {_MOST_HOURS} hours; days, weeks and months reach further back."


def start(period: Period) -> float | None:
    """Return when a period that ends now began, to the minute; None for everything.

    To the minute, so that what is read for it can be kept for longer than one look.
    """
    seconds = PERIOD_SECONDS.get(period)
    return None if seconds is None else client().clock.now() // _MINUTE * _MINUTE - seconds
