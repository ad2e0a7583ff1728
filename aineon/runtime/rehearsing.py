"""`aineon rehearse`: the live path on a chain of its own, beside engine and console.

The chain's process builds everything and leaves an entry; what it says becomes the engine's
settings. Where the chain ends, the rehearsal ends: another chain would be another rehearsal.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

from aineon.errors import StartError
from aineon.primitives import Book
from aineon.primitives.units import ETHER
from aineon.rehearsal.entry import Entry, read_entry, remove_entry
from aineon.runtime.handover import engine_environment
from aineon.runtime.processes import Child, Program, inherited_environment, stop_all
from aineon.runtime.settings import FeedName, Settings, load_settings
from aineon.runtime.supervisor import (
    ConsoleNews,
    Say,
    console_program,
    engine_program,
    prepared,
    stop_signals,
    supervise,
)

_FOLDER: Final = "rehearsal"
# The first time, the contracts and the node are fetched from their registries.
_PATIENCE_SECONDS: Final = 300.0
_TICK_SECONDS: Final = 0.1
_LEAST_PROFIT_WEI: Final = ETHER // 500
"""What a rehearsed trade must leave where the operator says nothing: the traders there are small,
and a rehearsal in which nothing happens teaches nothing."""


def run_rehearsal(settings: Settings, say: Say, *, block_seconds: float) -> int:
    """Run chain, engine and console until a signal comes; returns the exit code.

    Raises:
        StartError: the chain cannot be had, or as `aineon.runtime.supervisor.run_up`.
        LedgerError: a database cannot be written.
    """
    with prepared(settings) as console:
        folder = settings.data_dir.absolute() / _FOLDER
        remove_entry(folder)
        grace = settings.stop_grace_seconds
        chain = Child(chain_program(settings, folder, block_seconds), grace, say)
        say("REHEARSAL with play money: building a chain of its own, with the real protocols")
        try:
            entry = _wait_for_entry(chain, folder)
        except BaseException:
            stop_all([chain], grace, lambda: False)
            raise
        if entry is None:
            stop_all([chain], grace, lambda: False)
            return 0
        taking_part = settings_for(settings, entry)
        programs = (engine_program(taking_part), console_program(taking_part, console))
        children = [chain, *(Child(program, grace, say) for program in programs)]
        say(f"REHEARSAL: node, relay and contracts stand; a block every {block_seconds:g} s")
        return supervise(children, grace, say, ready=ConsoleNews(taking_part))


def settings_for(settings: Settings, entry: Entry) -> Settings:
    """Return the settings with which an engine takes part in a rehearsal.

    What was given for other chains (nodes, keys, relays) is not taken along; the limits are.
    """
    kept = {
        field: getattr(settings, field) for field in settings.given if field not in _NOT_TAKEN_ALONG
    }
    return load_settings(env={}, **{"min_profit_wei": _LEAST_PROFIT_WEI, **kept, **_told(entry)})


_NOT_TAKEN_ALONG: Final = frozenset(
    {"alchemy_api_key", "infura_api_key", "etherscan_api_key", "replay_file", "tokens"}
)


def _told(entry: Entry) -> dict[str, Any]:
    return {
        "mode": Book.REHEARSAL,
        "feed": FeedName.CHAIN,
        "chain_file": entry.chain_file,
        "rpc_urls": entry.node_url,
        "relay_urls": entry.relay_url,
        "executor_address": entry.executor,
        "private_key": entry.operator_key,
        "public_mempool": False,
    }


def chain_program(settings: Settings, folder: Path, block_seconds: float) -> Program:
    """The chain's process; the others are nothing without it, and it is never restarted."""
    return Program(
        name="chain",
        module="aineon.rehearsal",
        arguments=(str(folder), str(settings.seed), f"{block_seconds:g}"),
        environment=engine_environment(inherited_environment(), Settings()),
        folder=Path.cwd(),
        restarts=0,
        essential=True,
    )


def _wait_for_entry(chain: Child, folder: Path) -> Entry | None:
    """Return the entry as soon as it is there; None where a signal came first."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    with stop_signals() as signals:
        while not signals.wait(_TICK_SECONDS):
            chain.tend(time.monotonic())
            if chain.given_up:
                raise StartError("the rehearsal's chain did not start; its own words stand above.")
            if (entry := read_entry(folder)) is not None:
                return entry
            if time.monotonic() > deadline:
                raise StartError(
                    f"the rehearsal's chain was not ready after {_PATIENCE_SECONDS:g} s; start it "
                    "again, and what was fetched by then need not be fetched anew."
                )
    return None
