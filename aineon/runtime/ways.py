"""Ways of sending: what there is to choose on this chain, and what earlier runs learned of it."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aineon.errors import LedgerError, OptimizerError, UnsafeFile
from aineon.ledger.samples import MarketSeen, SampleTable
from aineon.primitives import Book
from aineon.primitives.private_files import read_private, replace_private
from aineon.runtime.books import Books
from aineon.runtime.model_places import models_folder
from aineon.runtime.sections.optimizer import OptimizerRole
from aineon.runtime.settings import Settings

if TYPE_CHECKING:
    from aineon.engine.ways import WayChooser

KEPT: Final = "ways.json"
"""Beside the models: what was learned of ways of sending, and what that has cost."""
FEWEST_ATTEMPTS: Final = 20
"""Attempts on paper before their share that landed is believed."""

_MOST_BYTES: Final = 2**16
_LOG: Final = logging.getLogger(__name__)


def relay_names(settings: Settings) -> tuple[str, ...]:
    """Return what the relays of the settings are called; their addresses may hold keys."""
    return tuple(f"relay-{number}" for number, _ in enumerate(settings.relay_urls, start=1))


def ways_of_sending(settings: Settings, books: Books | None) -> WayChooser | None:
    """Return what chooses how attempts are sent on a chain; None where there is nothing to choose.

    There is not where the optimizer does not decide, with one relay and one target block, or with
    no relays: the public mempool knows neither.
    """
    if books is None or settings.optimizer is not OptimizerRole.DECIDE:
        return None
    from aineon.engine.ways import WayChooser
    from aineon.optimizer.bandit import Bandit
    from aineon.optimizer.bandit.ways import prior_of, ways_of_bundles

    relays, blocks = relay_names(settings), settings.target_blocks
    ways = ways_of_bundles(relays, blocks) if relays else ()
    if len(ways) < 2:
        return None
    share = share_on_paper(settings, books)
    paper = {way: prior_of(way, share, len(relays), blocks) for way in ways}
    bandit = Bandit(ways, settings.optimizer_exploring_wei, settings.seed, paper)
    try:
        kept = read_ways(settings, books)
        if kept is not None:
            bandit.restore(kept)
    except OptimizerError as error:
        _LOG.warning("ways of sending are learned anew: %s", error)
    return WayChooser(bandit)


def share_on_paper(settings: Settings, books: Books) -> float:
    """Return the share of the attempts on this market that landed on paper.

    Where there were too few of them it is what paper trading reckons with.
    """
    paper = settings.model_copy(update={"mode": Book.SIMULATION})
    try:
        with SampleTable.open(paper.book_url) as samples:
            tried, landed = samples.attempts(MarketSeen.of(books.begun, inf))
    except LedgerError:
        return settings.paper_inclusion_rate
    return landed / tried if tried >= FEWEST_ATTEMPTS else settings.paper_inclusion_rate


def read_ways(settings: Settings, books: Books) -> Mapping[str, Any] | None:
    """Return what earlier runs learned with the same relays; None where none did.

    Raises:
        OptimizerError: it cannot be read.
    """
    try:
        told = json.loads(read_private(_place(settings, books), _MOST_BYTES))
        return dict(told["bandit"]) if told["relays"] == _mark(settings) else None
    except FileNotFoundError:
        return None
    except (OSError, UnsafeFile, ValueError, LookupError, TypeError, RecursionError) as error:
        raise OptimizerError(f"what is kept of them cannot be read: {error}") from error


def keep_ways(settings: Settings, books: Books, state: Mapping[str, Any]) -> None:
    """Keep what was learned for the next run.

    Raises:
        OptimizerError: it cannot be written.
    """
    place = _place(settings, books)
    content = json.dumps({"relays": _mark(settings), "bandit": state}).encode()
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_private(place, content)
    except OSError as error:
        raise OptimizerError(f"{place} cannot be written: {error.strerror}") from error


def _place(settings: Settings, books: Books) -> Path:
    return models_folder(settings, books.begun) / KEPT


def _mark(settings: Settings) -> str:
    """Tells these relays, in their order, from others, and says nothing about them."""
    urls = [url.get_secret_value() for url in settings.relay_urls]
    return hashlib.sha256(json.dumps(urls).encode()).hexdigest()
