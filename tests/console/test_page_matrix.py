"""Every page for every role, mode and state: it is drawn, says whose money it is, and offers what
its visitor may do.

All of them meet: each of the five roles sees each page in each mode and in each state.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from aineon.access.permissions import Action, may
from aineon.access.roles import Role
from aineon.primitives import Book
from aineon.runtime.handover import SUPERVISED_VARIABLE
from aineon.runtime.settings import load_settings
from app import state, visitors
from tests.console import places
from tests.console.seeing import open_page, styles_of, text_of, turn_to
from tests.console.signed_in import people

STATES = ("empty", "busy", "stale", "down")
OLD_SECONDS = {"busy": 0.0, "stale": 12.0, "down": 600.0}
BANNERS = {
    Book.SIMULATION: "SIMULATION – play money",
    Book.REHEARSAL: "REHEARSAL – play money",
}
STOP = "Stop …"
OTHER_MODE = {
    Book.SIMULATION: ("Start the rehearsal", Action.REHEARSE),
    Book.REHEARSAL: ("Back to the simulation", Action.SIMULATE),
    Book.LIVE: ("Back to the simulation", Action.SIMULATE),
}


@pytest.fixture
def console(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Book], None]:
    """Make the console one of a mode, behind a sign-in."""

    def make(book: Book) -> None:
        monkeypatch.setenv(SUPERVISED_VARIABLE, "yes")
        monkeypatch.setenv("AINEON_SIGN_IN", "always")
        settings = load_settings().model_copy(update={"mode": book})
        monkeypatch.setattr(state, "load_settings", lambda: settings)
        state.client.cache_clear()

    return make


def prepare(folder: Path, book: Book, name: str) -> None:
    """Write the state of a console into its folder."""
    if name == "empty":
        places.beat(folder, mode=book.value, state="starting", run_id=None, block_number=None)
        places.open_book(folder, book).close()
        return
    feed = "sandbox" if book is Book.SIMULATION else "chain"
    places.beat(folder, mode=book.value, feed=feed, beat_at=time.time() - OLD_SECONDS[name])
    with places.open_book(folder, book) as store:
        places.fill(store) if book is Book.SIMULATION else places.fill_from_chain(store)


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("book", Book)
def test_every_page(
    folder: Path,
    console: Callable[[Book], None],
    monkeypatch: pytest.MonkeyPatch,
    book: Book,
    name: str,
) -> None:
    console(book)
    prepare(folder, book, name)
    found = people(state.load_settings(), time.time())
    for role in Role:
        session = found[role].session_id
        monkeypatch.setattr(visitors, "named_session", lambda session=session: session)
        test = open_page("overview")
        for page in places.PAGES:
            test = test if page == "overview" else turn_to(test, page)
            met = (role, page)
            assert not test.exception, met
            text = text_of(test)
            assert ("aineon-live" in styles_of(test)) is (book is Book.LIVE), met
            assert BANNERS.get(book, "") in text, met
            assert ("– play money" in text) is (book is not Book.LIVE), met
            assert "Traceback" not in text, met
            labels = {button.label: not button.disabled for button in test.button}
            assert labels.get(STOP, False) is may(role, Action.STOP), met
            if page == "overview":
                label, action = OTHER_MODE[book]
                assert labels[label] is may(role, action), met
