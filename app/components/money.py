"""Figures in boxes: money with its sign, its word and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from aineon.ledger.figures import ProfitSummary
from aineon.primitives import Money, Provenance
from app import format as fmt

_COLOURS: Final[Mapping[str, Literal["green", "red"]]] = {"gain": "green", "loss": "red"}


def row(name: str, boxes: int = 4) -> list[DeltaGenerator]:
    """Return the places of a row of boxes; two stand beside each other on a phone."""
    with st.container(key=f"figures_{name}"):
        return st.columns(boxes)


def figure(label: str, value: str, help_text: str = "", note: str = "") -> None:
    """Draw a figure in a box, with a short note beneath it."""
    st.metric(
        label,
        value,
        delta=note or None,
        delta_color="off",
        delta_arrow="off",
        help=help_text or None,
        border=True,
    )


def profit(label: str, money: Money | None, provenance: Provenance, note: str = "") -> None:
    """Draw a profit or loss: sign, the word, and where the figure comes from."""
    word = _word(money)
    st.metric(
        label,
        fmt.signed_ether(money),
        delta=", ".join(part for part in (word, provenance.value, note) if part),
        delta_color=_COLOURS.get(word, "off"),
        delta_arrow="off",
        help=f"Exactly {fmt.exact_ether(money)}, {provenance.value}.",
        border=True,
    )


def cost(label: str, money: Money | None, provenance: Provenance, unknown: int = 0) -> None:
    """Draw a cost, and of how many attempts it is not known."""
    note = f"{provenance.value}, without {unknown} not known" if unknown else provenance.value
    help_text = f"Exactly {fmt.exact_ether(money)}, {provenance.value}."
    figure(label, fmt.ether(money), help_text, note)


def outcomes_note(summary: ProfitSummary) -> str:
    """Return the outcomes of the settled attempts in words."""
    parts = [f"{summary.included} included", f"{summary.reverted} reverted"]
    parts.append(f"{summary.missed} missed")
    if summary.unresolved:
        parts.append(f"{summary.unresolved} unresolved")
    return ", ".join(parts)


def _word(money: Money | None) -> str:
    if money is None:
        return "not known"
    if money.wei == 0:
        return "even"
    return "gain" if money.wei > 0 else "loss"
