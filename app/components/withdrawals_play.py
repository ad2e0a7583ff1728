"""The page of a simulation: why play profit cannot leave, and what is set up all the same."""

from __future__ import annotations

import streamlit as st

from aineon.errors import AineonError, LedgerNotFound
from aineon.ledger.heartbeat import Heartbeat
from aineon.primitives import Book
from aineon.runtime.settings import PARAMETERS
from app import format as fmt
from app.components import tables
from app.components import withdrawals_destinations as destinations
from app.components import withdrawals_rules as rules
from app.components.limits import limits_in_force
from app.state import client

SHOWN = 20


def why_not() -> None:
    """Say that play profit cannot leave, and where the whole way can be tried."""
    st.info(
        "**Nothing can be withdrawn in simulation.** What the trades earned is play money: no "
        "wallet of a real chain holds any of it. The rehearsal shows the whole way with play "
        "money on a chain of its own: destinations that age, a request with its review, approval, "
        "cooling, the payment and its receipt. Start it on the Overview, or by "
        "`aineon rehearse`.",
        icon=":material/block:",
    )


def other_books(heartbeat: Heartbeat | None, now: float) -> None:
    """Draw destinations and rules of the books that hold more than play profit, to read only."""
    st.header("Set up for other modes", anchor=False)
    st.caption(rules.of_settings(heartbeat))
    address = client().settings.withdrawal_address
    label = PARAMETERS["withdrawal_address"].label
    st.caption(fmt.plain(f"{label}: {address or 'not set'} (WITHDRAWAL_ADDRESS)."))
    for book in (Book.REHEARSAL, Book.LIVE):
        _book(book, heartbeat, now)


def _book(book: Book, heartbeat: Heartbeat | None, now: float) -> None:
    with st.expander(f"{book.value.capitalize()}: allow-list and rules, to read only"):
        try:
            seen = client().treasury_of(book, SHOWN)
        except LedgerNotFound:
            st.caption(f"There is no {book.value} book here yet.")
            return
        except AineonError as error:
            st.caption(f"It cannot be read: {fmt.plain(str(error))}.")
            return
        destinations.listed(seen, now)
        rules.listed(seen, heartbeat)


def limits(heartbeat: Heartbeat | None) -> None:
    """Draw the limits that withdrawals would obey."""
    st.header("Limits that are set", anchor=False)
    rows = [
        {
            "Limit": f"**{fmt.plain(limit.label)}**",
            "Set to": fmt.plain(limit.text),
            "What it does": fmt.plain(PARAMETERS[limit.field].about),
            "Variable": f"`{PARAMETERS[limit.field].env}`",
            "Told by": "engine" if limit.from_engine else "settings",
        }
        for limit in limits_in_force("Withdrawals", heartbeat)
    ]
    # Their sentences are to be read whole, and an interactive table would cut them.
    tables.static(rows)
