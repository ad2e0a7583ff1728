"""Keeper: runs the treasury beside the engine's loop, so that no trade waits for a withdrawal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aineon.chain.reader import ChainReader
from aineon.errors import AineonError, LeaseLost
from aineon.primitives import Block, Clock
from aineon.sending import Sender
from aineon.treasury.cashier import Cashier, Round
from aineon.treasury.cashier.former import FormerAccounts
from aineon.treasury.cashier.previewing import Previewer
from aineon.treasury.rules import Holdings
from aineon.treasury.service import Service

_LOG: Final = logging.getLogger(__name__)
_LOOK_SECONDS: Final = 1.0
_REST_SECONDS: Final = 5.0
"""For how long the chain is left alone after something failed there."""
_AGAIN_SECONDS: Final = 600.0
"""After which time it is told again why a withdrawal waits."""
_LAST_WORDS_SECONDS: Final = 5.0
"""How long what has begun may take to its end when the engine stops."""


class Keeper:
    """Serves the desk every second, and lets the cashier work once a head.

    What fails is told once and tried again: a node that is away delays payments and loses none,
    and whoever asks at the desk is answered all the same.

    Args:
        service: the desk's part, which asks no node.
        cashier: the chain's part.
        sender: of the treasury's account, which nobody else starts; None where the account is the
            one that trades, whose sender the executor looks after.
        reader: the chain.
        clock: seconds since the epoch.
        sleep: how it waits.
        previewer: answers what a withdrawal would come to; None answers nobody.
        former: accounts whose keys are not here any more; None follows none.
    """

    def __init__(
        self,
        service: Service,
        cashier: Cashier,
        sender: Sender | None,
        reader: ChainReader,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        previewer: Previewer | None = None,
        former: FormerAccounts | None = None,
    ) -> None:
        self._service = service
        self._cashier = cashier
        self._sender = sender
        self._reader = reader
        self._clock = clock
        self._sleep = sleep
        self._previewer = previewer
        self._former = former
        self._is_started = sender is None
        self._seen: str | None = None
        self._rests_until = float("-inf")
        self._holdings: Holdings | None = None
        self._told = ""
        self._told_waiting: dict[str, float] = {}
        self._told_conversion = float("-inf")
        self.waiting: dict[str, str] = {}

    async def run(self) -> None:
        """Work until it is cancelled; what has begun is then given some seconds to end."""
        try:
            while True:
                await _to_its_end(self._attend())
                await self._sleep(_LOOK_SECONDS)
        finally:
            await self.aclose()

    async def tend(self) -> None:
        """Do what is to be done now.

        Raises:
            AineonError: node, book or audit cannot be used; the desk was served where that was
                possible, and nothing is lost.
        """
        if self._clock.now() < self._rests_until:
            await self._service.tend(self._clock.now())
            return
        try:
            head = await self._look()
        except AineonError:
            # What is there is not known any more; the desk needs no node to answer.
            self._holdings = None
            self._rest()
            await self._service.tend(self._clock.now())
            raise
        try:
            await self._service.tend(self._clock.now(), self._holdings)
        finally:
            # Whatever a command came to: what is out must be followed and posted.
            await self._work(head)

    async def _work(self, head: Block | None) -> None:
        if head is None:
            return
        try:
            self._report(await self._cashier.round(head, self._clock.now()))
        except AineonError:
            self._rest()
            raise
        # Only now: a head that was not worked through to its end is looked at again.
        self._seen = head.hash

    async def aclose(self) -> None:
        """Let go of the senders that are the treasury's own."""
        if self._former is not None:
            await self._former.aclose()
        if self._sender is not None:
            self._is_started = False
            await self._sender.aclose()

    async def _attend(self) -> None:
        try:
            if self._previewer is not None:
                # First: somebody sits before a page and waits for it.
                await self._previewer.tend(self._clock.now())
            await self.tend()
        except AineonError as error:
            self._tell(str(error))
        else:
            if self._clock.now() >= self._rests_until:
                self._tell("")

    async def _look(self) -> Block | None:
        """Return a head that was not worked on yet, with all that is known of it."""
        head = await self._reader.block("latest")
        if head is None or head.hash == self._seen:
            return None
        await self._reconcile()
        if self._former is not None:
            await self._former.tend()
        # Without it no rule starts anything, and nothing is swept.
        doubt = self._cashier.doubt_of_time(head, self._clock.now())
        self._holdings = None if doubt else await self._cashier.holdings(head)
        return head

    async def _reconcile(self) -> None:
        if self._sender is None:
            return
        try:
            if self._is_started:
                await self._sender.reconcile()
                return
            await self._sender.start()
        except LeaseLost:
            # Another engine signs now; it is asked for again after a rest.
            await self.aclose()
            raise
        except BaseException:
            if not self._is_started:
                # It may hold the lease already, and is to be started from the beginning.
                await self._sender.aclose()
            raise
        self._is_started = True

    def _rest(self) -> None:
        self._rests_until = self._clock.now() + _REST_SECONDS

    def _report(self, done: Round) -> None:
        for each in done.moved:
            _LOG.info("withdrawal %s is %s: %s", each.id, each.state, each.reason)
        now = self._clock.now()
        for name, why in done.waiting.items():
            # Its words name figures that change with each block; the log need not.
            if name not in self.waiting or now - self._told_waiting[name] >= _AGAIN_SECONDS:
                self._told_waiting[name] = now
                _LOG.info("withdrawal %s waits: %s", name, why)
        self.waiting = done.waiting
        if done.conversion and now - self._told_conversion >= _AGAIN_SECONDS:
            _LOG.info("%s", done.conversion)
            self._told_conversion = now
        elif not done.conversion:
            self._told_conversion = float("-inf")

    def _tell(self, trouble: str) -> None:
        if trouble != self._told:
            self._told = trouble
            if trouble:
                _LOG.warning("the treasury waits: %s", trouble)


async def _to_its_end(work: Awaitable[None]) -> None:
    """Await `work`; where this is cancelled, give it some seconds before it is cancelled too.

    Threads cannot be cancelled: one that writes into a book would find it closed under it.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait([task], timeout=_LAST_WORDS_SECONDS)
        finally:
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise
