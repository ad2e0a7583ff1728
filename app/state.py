"""The one client through which pages see the engine and its book; it can only read.

What pages ask for goes through `app.actions`.
"""

from __future__ import annotations

import functools

from aineon.runtime.handover import without_withheld
from aineon.runtime.hosts import EVERY_ADDRESS
from aineon.runtime.settings import Settings, load_settings
from app.reading.chosen import ChosenRead
from app.reading.engine import EngineRead
from app.reading.figures import FiguresRead
from app.reading.lists import ListsRead
from app.reading.treasury import TreasuryRead


class Client(EngineRead, ChosenRead, FiguresRead, TreasuryRead, ListsRead):
    """Reads the engine's heartbeat and the book of the settings' mode.

    Every method that reads the book raises LedgerNotFound where there is none yet, and
    LedgerError where it cannot be read.
    """


@functools.cache
def client() -> Client:
    """Return the client of this process, with settings from its environment."""
    return Client(without_withheld(load_settings()))


def as_it_listens(settings: Settings, address: str | None) -> Settings:
    """Return settings with the address that this process listens on; None is every address.

    Whoever starts Streamlit by hand may tell it another one, and who must sign in depends on it.
    """
    listens_on = address or EVERY_ADDRESS[0]
    if listens_on == settings.host:
        return settings
    return settings.model_copy(update={"host": listens_on})
