"""Rehearsal: world, relay and block maker together, as the live path needs them around it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Self

from aineon.errors import RehearsalError
from aineon.rehearsal.anvil import AnvilOptions
from aineon.rehearsal.blocks import BlockMaker
from aineon.rehearsal.relay import Relay
from aineon.rehearsal.world import DEFAULT_SEED, OPTIONS, World

BLOCK_SECONDS = 2.0
"""Time between blocks: shorter than mainnet's, because somebody is watching."""


class Rehearsal:
    """A running rehearsal; leave the `async with` block, or call `aclose`, to end it.

    Attributes:
        world: the chain; `world.anvil.url` is the node's address.
        relay: `relay.url` takes bundles.
        blocks: makes the blocks, by itself once `run` was called.
    """

    def __init__(self, world: World, relay: Relay) -> None:
        self.world = world
        self.relay = relay
        self.blocks = BlockMaker(world, relay)
        self._running: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, seed: int = DEFAULT_SEED, options: AnvilOptions = OPTIONS) -> Self:
        """Build the world and start the relay; no block is made yet.

        Raises:
            Unavailable: anvil or a contract's bytecode is not at hand.
            RehearsalError: the node did not start, or refused something.
        """
        world = await World.build(seed, options=options)
        try:
            relay = await Relay.start(await asyncio.to_thread(world.head))
        except BaseException:
            await world.aclose()
            raise
        return cls(world, relay)

    def run(self, block_seconds: float = BLOCK_SECONDS) -> asyncio.Task[None]:
        """Make blocks from now on; the task that is returned ends only by a failure.

        Raises:
            RehearsalError: it runs already.
        """
        if self._running is not None:
            raise RehearsalError("the rehearsal runs already")
        self._running = asyncio.create_task(self.blocks.run(block_seconds), name="rehearsal")
        return self._running

    async def aclose(self) -> None:
        """End everything."""
        if self._running is not None:
            self._running.cancel()
            # A failure was for whoever watches the task that `run` returned.
            with contextlib.suppress(asyncio.CancelledError, RehearsalError):
                await self._running
        await self.relay.aclose()
        await self.world.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
