"""What the optimizer thinks of one opportunity: chance, expected net, who decided, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import streamlit as st

from aineon.ledger.records import OpportunityRecord
from aineon.ledger.views import Booked
from aineon.primitives.units import BPS
from app import format as fmt
from app.components import money, tables
from app.components.optimizer_told import SHORT, decider, told_in
from app.state import client

_WHY_WIDE: Final = (
    "A single attempt leaves its net or nothing (in public, minus its gas), so the band of one is "
    "wide by nature; those of the next quarter of an hour and hour are on Performance."
)


def draw(row: Booked[OpportunityRecord]) -> None:
    """Draw what the optimizer thinks of an opportunity, and what it does not know."""
    seen = row.record
    st.subheader("What the optimizer says", anchor=False)
    if seen.decided_by is None:
        st.caption("The optimizer was not asked about this opportunity.")
        return
    _figures(row)
    told = told_in(client().heartbeat())
    if told is not None and told.role == "observe":
        st.caption("It looks on at present: the settings' own bid decides.")
    if seen.decision_words:
        st.caption(f"In its words: {fmt.plain(seen.decision_words)}.")
    if seen.lands is None:
        st.caption("It knows no chances here: too little was learned, so nothing is foretold.")
        return
    if seen.reasons:
        _reasons(seen.reasons)


def _figures(row: Booked[OpportunityRecord]) -> None:
    seen = row.record
    columns = money.row("score")
    with columns[0]:
        money.figure(
            "Chance to land",
            fmt.percent(seen.lands),
            "The predicted probability that an attempt lands at this bid.",
            "predicted" if seen.lands is not None else "not known",
        )
    with columns[1]:
        money.figure("Bid", bid(seen.bid_bps), "To the builder of the block.", "of the net profit")
    with columns[2]:
        money.figure(
            "Expected net",
            fmt.signed_ether(seen.expected_net_wei),
            f"Exactly {fmt.exact_ether(seen.expected_net_wei)}. {_WHY_WIDE}",
            f"{_band(seen)}, {row.provenance.value}",
        )
    with columns[3]:
        version = f"model {seen.model_version}" if seen.model_version else "no model had a say"
        regime = f"; regime: {seen.regime}" if seen.regime else ""
        who = SHORT.get(seen.decided_by or "", fmt.UNKNOWN)
        about = f"It stands on {decider(seen.decided_by)}."
        money.figure("Decided by", who, about, f"{version}{regime}")


def _band(seen: OpportunityRecord) -> str:
    if seen.band_low_wei is None or seen.band_high_wei is None:
        return "band not known"
    low, high = (fmt.signed_ether(end) for end in (seen.band_low_wei, seen.band_high_wei))
    return f"90 % from {low} to {high}"


def _reasons(reasons: Mapping[str, float]) -> None:
    meanings = _meanings()
    tables.show(
        [
            {
                "Moved most by": name,
                "Effect": effect_words(effect),
                "What it is": meanings.get(name, "not in this version's list of features"),
            }
            for name, effect in sorted(reasons.items(), key=lambda each: -abs(each[1]))
        ],
        "",
        alt="The figures that moved the chance most, and what each of them is",
        **{"What it is": st.column_config.TextColumn(width=520)},
    )


def bid(bps: int | None) -> str:
    """Return a bid as a share of the net profit."""
    return fmt.UNKNOWN if bps is None else f"{100 * bps / BPS:g} %"


def effect_words(effect: float) -> str:
    """Return an effect on the chance with its sign and the word for it."""
    if not effect:
        return "leaves it as it is"
    return f"{100 * effect:+.1f} points, {'raises' if effect > 0 else 'lowers'} it"


def _meanings() -> Mapping[str, str]:
    # Loaded where it is needed: with it come the features and all that they are made of.
    from aineon.optimizer.features.catalogue import CATALOGUE

    told = {
        each.name: each.formula + ("" if each.unit == "1" else f" ({each.unit})")
        for each in CATALOGUE
    }
    return {"pair": "what is traded, against a pair of which nothing is known", **told}
