"""The mesh: what every page wears while no real money is at stake.

The mode is taken for live only where this console's own book and the engine's heartbeat both
say so. Whatever is unknown, or does not agree, wears the mesh.
"""

from __future__ import annotations

import streamlit as st

from aineon.primitives import Book
from app.state import Client

_YELLOW = "#f2c200"
_WIRES = (
    "%3Csvg xmlns='http://www.w3.org/2000/svg' width='44' height='44'%3E"
    "%3Cpath d='M0 0L44 44M44 0L0 44' stroke='%23f2c200' stroke-width='1.3' "
    "stroke-opacity='.22' fill='none'/%3E%3C/svg%3E"
)
_WORN = "mesh_worn"


_SUFFIXES = {
    Book.SIMULATION: "Simulated",
    Book.REHEARSAL: "Rehearsal",
    Book.LIVE: "Live, not confirmed",
}


def words(book: Book) -> str:
    """Return what stands on every page of `book` that wears the mesh.

    A live book wears it while its engine does not say so too. What stands in it is real money all
    the same, and nothing may call it anything else.
    """
    told = "not confirmed by the engine" if book is Book.LIVE else "play money"
    return f"{book.value.upper()} – {told}"


def is_live(client: Client) -> bool:
    """Whether real money is at stake, for all that is known."""
    return client.settings.mode is Book.LIVE and client.mode_of_engine() == Book.LIVE


def mesh(book: Book) -> str:
    """Return the style sheet that lays mesh, frame and words over the whole page."""
    return (
        '<style id="aineon-mesh">'
        'body::after{content:"";position:fixed;inset:0;z-index:2147483000;pointer-events:none;'
        f"border:4px solid {_YELLOW};"
        f'background:url("data:image/svg+xml,{_WIRES}") 0 0/44px 44px}}'
        f'body::before{{content:"{words(book)}";position:fixed;top:0;left:50%;'
        "transform:translateX(-50%);z-index:2147483001;pointer-events:none;white-space:nowrap;"
        f"background:{_YELLOW};color:#12161b;font:700 12px/22px sans-serif;padding:0 14px;"
        "border-radius:0 0 6px 6px}</style>"
    )


def no_mesh() -> str:
    """Return the style sheet that takes off a mesh which the page was delivered with."""
    return (
        '<style id="aineon-live">body::after,body::before{content:none!important;'
        "display:none!important}</style>"
    )


def wear(client: Client) -> None:
    """Lay the mesh over the page, or take it off, as the mode is now.

    A tab outlives the process that served it, so every run of the script says it again.
    """
    live = is_live(client)
    st.session_state[_WORN] = not live
    st.html(no_mesh() if live else mesh(client.settings.mode))


def follow(client: Client) -> None:
    """Run the whole page again where the mode is no longer what the page wears.

    A fragment's rerun skips the main script, and with it `wear`.
    """
    if st.session_state.get(_WORN) is is_live(client):
        st.rerun(scope="app")


def title(client: Client, name: str) -> str:
    """Return a page's title, which says why the page wears the mesh where it does."""
    return name if is_live(client) else f"{name} · {_SUFFIXES[client.settings.mode]}"
