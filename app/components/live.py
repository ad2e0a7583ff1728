"""The part of a page that renews itself, and what it says when there is nothing to read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from aineon.errors import AineonError, LedgerNotFound
from app import mode
from app.components import signed_in, stopping
from app.format import plain
from app.state import client


def live(seconds: float) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Make a function the part of its page that runs again every `seconds`.

    A page has one such part, and parts are never nested.
    """

    def decorate(draw: Callable[[], None]) -> Callable[[], None]:
        @st.fragment(run_every=seconds)
        @functools.wraps(draw)
        def part() -> None:
            mode.follow(client())
            signed_in.follow()
            stopping.follow()
            with told_in_words():
                draw()

        return part

    return decorate


@contextmanager
def told_in_words() -> Iterator[None]:
    """Say in words why something cannot be shown; the rest of the block is left out."""
    try:
        yield
    except LedgerNotFound:
        st.info(
            "There is no book yet: nothing has been recorded here. It appears as soon as an "
            "engine has started, and this page then fills by itself.",
            icon=":material/hourglass_empty:",
        )
    except AineonError as error:
        st.warning(
            f"The book cannot be read now: {plain(str(error))}. "
            "This page tries again by itself every few seconds.",
            icon=":material/lock_clock:",
        )
