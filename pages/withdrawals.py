"""Withdrawals: play money cannot be withdrawn; the limits that are set, and the balances."""

from __future__ import annotations

import streamlit as st

from aineon.runtime.settings import PARAMETERS
from app.components import head, runs, tables
from app.components.limits import limits_in_force
from app.components.live import live, told_in_words
from app.mode import is_live
from app.state import client

REFRESH_SECONDS = 5


def draw_limits() -> None:
    heartbeat = None
    with told_in_words():
        heartbeat = client().heartbeat()
    rows = [
        {
            "Limit": limit.label,
            "Set to": limit.text,
            "What it does": PARAMETERS[limit.field].about,
            "Variable": PARAMETERS[limit.field].env,
            "Told by": "engine" if limit.from_engine else "settings",
        }
        for limit in limits_in_force("Withdrawals", heartbeat)
    ]
    address = client().settings.withdrawal_address
    rows.append(
        {
            "Limit": PARAMETERS["withdrawal_address"].label,
            "Set to": address or "not set",
            "What it does": PARAMETERS["withdrawal_address"].about,
            "Variable": PARAMETERS["withdrawal_address"].env,
            "Told by": "settings",
        }
    )
    tables.show(rows, "", **{"What it does": st.column_config.TextColumn(width=440)})


@live(REFRESH_SECONDS)
def body() -> None:
    head.engine_line()
    if is_live(client()):
        st.info("This version cannot withdraw.", icon=":material/block:")
    else:
        st.info(
            f"**Nothing can be withdrawn in {client().settings.mode.value}.** What the trades "
            "earned is play money: no wallet of a real chain holds any of it.",
            icon=":material/block:",
        )
    st.subheader("Balances", anchor=False)
    with told_in_words():
        scope = runs.chosen_scope()
        head.run_line()
        left = client().balances(scope)
        st.caption(f"What the trades left, {left.provenance.value}.")
        tables.balances(left)
    st.subheader("Limits that are set", anchor=False)
    st.caption(
        "They guard withdrawals of real money, and have nothing to guard here. Automatic "
        "withdrawal stays off until an allow-listed destination has aged."
    )
    draw_limits()


head.title("Withdrawals", "What could leave, and under which limits.")
body()
