"""The funnel: how many opportunities passed each stage, and what stopped the others."""

from __future__ import annotations

import streamlit as st

from aineon.ledger.views import Funnel
from app import format as fmt
from app.components import tables


def why_words(funnel: Funnel) -> str:
    """Return in a sentence why so little traded."""
    if not funnel.opportunities:
        return (
            f"No opportunity in {funnel.steps:,} blocks: no cycle of swaps would have paid "
            "at any size."
        )
    sent = funnel.counts.get("submitted", 0)
    words = (
        f"{funnel.opportunities:,} opportunities in {funnel.steps:,} steps of the market; "
        f"{sent:,} were attempted, {funnel.counts.get('landed', 0):,} landed."
    )
    if funnel.stopped:
        top = funnel.stopped[0]
        words += (
            f" Most were stopped by: {fmt.plain(fmt.gate_words(top.gate).lower())} ({top.count:,})."
        )
    return words


def gates(funnel: Funnel) -> None:
    """Draw what stopped opportunities, the gate that stopped most first."""
    tables.show(
        [
            {
                "What stopped them": fmt.gate_words(stopped.gate),
                "Opportunities": stopped.count,
                "Share": 100 * stopped.count / max(1, funnel.opportunities),
                "Newest reason": stopped.reason,
                "Gate": stopped.gate,
            }
            for stopped in funnel.stopped
        ],
        "Nothing has been stopped.",
        alt="What stopped opportunities, with counts and the newest reason",
        **{
            # What is left of a page of 1,440 pixels is the reason's: it is read whole.
            "Opportunities": st.column_config.NumberColumn(width=100),
            "Share": st.column_config.NumberColumn(format="%.1f %%", width=80),
            "Newest reason": st.column_config.TextColumn(width=580),
            "Gate": st.column_config.TextColumn(width=130),
        },
    )


def stages(funnel: Funnel) -> None:
    """Draw how many opportunities passed each stage of the funnel, and were lost before it."""
    first = max(1, funnel.counts.get("detected", 0))
    rows, before = [], funnel.counts.get("detected", 0)
    for stage, meaning in fmt.STAGES.items():
        passed = funnel.counts.get(stage, 0)
        rows.append(
            {
                "Stage": stage,
                "Passed": passed,
                "Lost before": before - passed,
                "Of detected": 100 * passed / first,
                "Meaning": meaning,
            }
        )
        before = passed
    tables.show(
        rows,
        "",
        alt="How many opportunities passed each stage of the funnel",
        **{
            "Of detected": st.column_config.ProgressColumn(
                format="%.2f %%", min_value=0, max_value=100
            )
        },
    )
