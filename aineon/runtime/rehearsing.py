"""The rehearsal's composition: the live path on a chain of its own, beside engine and console.

The chain's process builds everything and leaves an entry; what it says becomes the engine's
settings. Where the chain ends, the rehearsal ends: another chain would be another rehearsal.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from aineon.errors import StartError
from aineon.primitives import Book
from aineon.primitives.units import ETHER
from aineon.rehearsal.entry import Entry, read_entry, remove_entry, take_refusal
from aineon.runtime.handover import stranger_environment
from aineon.runtime.processes import Child, Program, inherited_environment, stop_all
from aineon.runtime.sections.keys import KeySettings
from aineon.runtime.settings import FeedName, Settings, load_given
from aineon.runtime.sources import REHEARSED
from aineon.runtime.supervisor import ConsoleNews, Crew, Reborn, Say, players

BLOCK_SECONDS: Final = 2.0
_FOLDER: Final = "rehearsal"
# The first time, the contracts and the node are fetched from their registries.
_PATIENCE_SECONDS: Final = 300.0
_LEAST_PROFIT_WEI: Final = ETHER // 500
"""What a rehearsed trade must leave where the operator says nothing: the traders there are small,
and a rehearsal in which nothing happens teaches nothing."""


class RehearsalInMaking:
    """A rehearsal whose chain is being built.

    Args:
        settings: whose limits and places it takes.
        console: the folder that the console is started from.
        say: gets one line of news at a time.
    """

    words: Final = (
        "a chain of its own is being built, with the real protocols; the first time they are "
        "fetched, which takes a minute"
    )

    def __init__(
        self, settings: Settings, console: Path, say: Say, block_seconds: float = BLOCK_SECONDS
    ) -> None:
        self._settings = settings
        self._console = console
        self._say = say
        self._block_seconds = block_seconds
        self._folder = settings.data_dir.absolute() / _FOLDER
        self._deadline: float | None = None
        remove_entry(self._folder)
        take_refusal(self._folder)
        program = chain_program(settings, self._folder, block_seconds)
        self._chain = Child(program, settings.stop_grace_seconds, say)

    def tend(self, now: float) -> Crew | None:
        """Return who plays the rehearsal, as soon as its chain stands.

        Raises:
            StartError: the chain cannot be had; the message says why.
            RehearsalError: the entry cannot be read.
            LedgerError: the book cannot be written.
        """
        if self._deadline is None:
            self._deadline = now + _PATIENCE_SECONDS
            self._say("REHEARSAL with play money: building a chain of its own")
        self._chain.tend(now)
        if self._chain.given_up:
            reason = take_refusal(self._folder) or "its own words stand in AINEON's log"
            raise StartError(f"the rehearsal's chain did not start: {reason}")
        entry = read_entry(self._folder)
        if entry is not None:
            return self._crew(entry)
        if now > self._deadline:
            raise StartError(
                f"the rehearsal's chain was not ready after {_PATIENCE_SECONDS:g} s; start it "
                "again, and what was fetched by then need not be fetched anew"
            )
        return None

    def stop(self, hurried: Callable[[], bool]) -> None:
        """Give the chain up."""
        stop_all([self._chain], self._settings.stop_grace_seconds, hurried)

    def _crew(self, entry: Entry) -> Crew:
        grace = self._settings.stop_grace_seconds
        first = self._players(self._settings, entry)
        self._say(
            f"REHEARSAL: node, relay and contracts stand; a block every {self._block_seconds:g} s"
        )
        # The engine ends first: it has a last look at its chain.
        return Crew(
            (first.children, [self._chain]),
            grace,
            self._say,
            ConsoleNews(first.settings),
            settings=first.settings,
            anew=lambda settings: self._players(settings, entry),
        )

    def _players(self, settings: Settings, entry: Entry) -> Reborn:
        return players(settings_for(settings, entry), self._console, self._say)


def settings_for(settings: Settings, entry: Entry) -> Settings:
    """Return the settings with which an engine takes part in a rehearsal.

    What was given for other chains (nodes, keys, relays) is not taken along; the limits are.
    """
    kept = {
        field: getattr(settings, field) for field in settings.given if field not in _NOT_TAKEN_ALONG
    }
    told = _told(entry)
    origins = {"min_profit_wei": REHEARSED}
    origins |= {field: settings.origin(field) for field in kept} | dict.fromkeys(told, REHEARSED)
    overrides = {"min_profit_wei": _LEAST_PROFIT_WEI, **kept, **told}
    return load_given(env={}, override_origins=origins, **overrides)


_NOT_TAKEN_ALONG: Final = frozenset(
    {"alchemy_api_key", "infura_api_key", "etherscan_api_key", "replay_file", "tokens"}
    | set(KeySettings.model_fields)
) - {"sealing_keys"}


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "mode": Book.REHEARSAL,
        "feed": FeedName.CHAIN,
        "chain_file": entry.chain_file,
        "rpc_urls": entry.node_url,
        "relay_urls": entry.relay_url,
        "executor_address": entry.executor,
        "private_key": entry.operator_key,
        "withdrawal_private_key": entry.treasury_key,
        "public_mempool": False,
    }


def chain_program(settings: Settings, folder: Path, block_seconds: float) -> Program:
    """The chain's process; the others are nothing without it, and it is never restarted."""
    return Program(
        name="chain",
        module="aineon.rehearsal",
        arguments=(str(folder), str(settings.seed), f"{block_seconds:g}"),
        environment=stranger_environment(inherited_environment(), settings),
        folder=Path.cwd(),
        restarts=0,
        essential=True,
    )
