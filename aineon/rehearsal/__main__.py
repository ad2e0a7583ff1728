"""The rehearsal's own process: `python -m aineon.rehearsal FOLDER SEED BLOCK_SECONDS`.

It fetches what the chain is made of where that is not at hand, builds it, leaves the entry in
FOLDER for whoever takes part, and makes blocks until it is told to stop. Exit code 1 and one line
on stderr, and in FOLDER, where something is not to be had.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import replace
from pathlib import Path

from aineon.errors import AineonError
from aineon.rehearsal.chains import new_chain_id
from aineon.rehearsal.entry import CHAIN_FILE, Entry, leave_refusal, remove_entry
from aineon.rehearsal.packages import fetch_all
from aineon.rehearsal.rehearsal import Rehearsal
from aineon.rehearsal.world import OPTIONS


async def play(folder: Path, seed: int, block_seconds: float) -> None:
    """Run a rehearsal until this task is cancelled."""
    options = replace(OPTIONS, chain_id=new_chain_id())
    async with await Rehearsal.start(seed, options) as rehearsal:
        world = rehearsal.world
        chain_file = folder / CHAIN_FILE
        world.write_addresses(chain_file)
        running = rehearsal.run(block_seconds)
        Entry(
            chain_file=str(chain_file),
            node_url=world.anvil.url,
            relay_url=rehearsal.relay.url,
            executor=world.executor,
            operator_key=world.accounts.operator.key,
            treasury_key=world.accounts.treasury.key,
        ).write(folder)
        try:
            await running
        finally:
            remove_entry(folder)


async def _until_stopped(folder: Path, seed: int, block_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    playing = asyncio.ensure_future(play(folder, seed, block_seconds))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, playing.cancel)
    try:
        await playing
    except asyncio.CancelledError:
        sys.stderr.write("the rehearsal's chain has ended\n")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main(arguments: list[str]) -> int:
    """Run the process; returns its exit code."""
    folder, seed, block_seconds = arguments
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        # Whoever stops us while something is fetched ends the fetching too.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        fetch_all(_say)
        asyncio.run(_until_stopped(Path(folder), int(seed), float(block_seconds)))
    except (AineonError, OSError) as error:
        sys.stderr.write(f"the rehearsal cannot go on: {error}\n")
        leave_refusal(Path(folder), str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
