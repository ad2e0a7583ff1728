"""Which run the pages show: the latest one unless another is chosen."""

from __future__ import annotations

import streamlit as st

from aineon.errors import AineonError
from aineon.ledger.records import RunRecord
from aineon.ledger.views import Booked, Scope
from app.format import moment, plain
from app.state import client

LATEST = "Latest run"
ALL = "All runs"
_KEY = "run"
_MOST_RUNS = 100


def picker() -> None:
    """Offer the runs in the book; the choice stays in the address of the page."""
    try:
        runs = client().runs()
    except AineonError:
        # The page itself says what is wrong with the book.
        runs = ()
    st.selectbox(
        "Run shown",
        [LATEST, *(_name(run) for run in runs[:_MOST_RUNS]), ALL],
        key=_KEY,
        bind="query-params",
        help="A sandbox or a replay plays the same market again in every run, so figures are "
        "shown run by run.",
    )


def chosen_scope() -> Scope:
    """Return what the pages show.

    Raises:
        LedgerError: the book is not there or cannot be read, or it has no such run.
    """
    choice = st.session_state.get(_KEY, LATEST)
    if choice == ALL:
        return client().scope(None)
    run = _chosen(choice)
    return client().scope(None if run is None else run.number)


def chosen_run_words() -> str:
    """Return what the pages show, in words that Markdown leaves alone.

    Raises:
        LedgerError: the book is not there or cannot be read.
    """
    choice = st.session_state.get(_KEY, LATEST)
    if choice == ALL:
        scope = client().scope(None)
        return (
            f"All runs, {scope.provenance.value}. Runs of one seed or recording play the same "
            "market again, so sums over them count it more than once"
        )
    run = _chosen(choice)
    if run is None:
        return "No run has been recorded yet"
    latest = "the latest run" if choice == LATEST else "an earlier choice"
    since = moment(run.at, client().clock.now())
    return f"Run {run.number} ({latest}), since {since} · {source_words(run.record)}"


def source_words(run: RunRecord) -> str:
    """Return the feed of a run and where its figures come from."""
    parts = [f"feed {run.feed}"]
    if run.seed is not None:
        parts.append(f"seed {run.seed}")
    if run.detail:
        parts.append(run.detail)
    return plain(f"{', '.join(parts)} · figures are {run.provenance.value}")


def _chosen(choice: str) -> Booked[RunRecord] | None:
    runs = client().runs()
    if choice == LATEST:
        return runs[0] if runs else None
    return next((run for run in runs if _name(run) == choice), runs[0] if runs else None)


def _name(run: Booked[RunRecord]) -> str:
    return f"Run {run.number}"
