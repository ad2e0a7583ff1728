"""ChainFeed: a chain as a feed, read through its nodes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from pathlib import Path

from aineon.chain.addresses import ChainAddresses
from aineon.chain.reader import ChainReader
from aineon.chain.snapshot import LenderTerms, PoolSeed, discover
from aineon.errors import ChainError, FeedError, UnknownBlock
from aineon.feeds.base import FeedItem, FeedPaused
from aineon.feeds.chain.audit import Audit, Compared
from aineon.feeds.chain.block_logs import LogReader
from aineon.feeds.chain.following import Following
from aineon.feeds.chain.telling import Told
from aineon.feeds.chain.terms import refuse_new_terms
from aineon.feeds.chain.upkeep import Upkeep
from aineon.primitives import Address, Block, Provenance, Token

_PAUSES_SECONDS = (1.0, 2.0, 5.0, 10.0)
_MOST_HELD = 2_000
"""Steps that are held back while nodes contradict each other."""


class ChainFeed:
    """The pools of some tokens on a chain: all of them at one block, then what every block does.

    Each block's logs are read by its hash, and are complete or are not believed. Blocks that a
    reorg undid are rewound, blocks that nobody announced are made up for. Where the chain cannot
    be read, the feed says why and goes on trying.

    Args:
        reader: the nodes.
        addresses: what is known by address on their chain.
        tokens: whose pools with each other are followed; cycles begin and end with them.
        cache_folder: where found pools are kept; None keeps nothing.
        provenance: what figures computed from this feed are labelled with.
        terms: what lenders ask for, as the engine reckons with it; the feed fails when it
            changes. None leaves them unwatched.
        witness: the same chain through other nodes, or in another order of preference: pools are
            compared with what these say. None: with what `reader` says.
        upkeep: how often pools, terms and the list of pools are looked at again.
        sleep: waits so many seconds.
    """

    name = "chain"
    complete = True

    def __init__(
        self,
        reader: ChainReader,
        addresses: ChainAddresses,
        tokens: Sequence[Token],
        *,
        cache_folder: Path | None = None,
        provenance: Provenance = Provenance.LIVE,
        terms: LenderTerms | None = None,
        witness: ChainReader | None = None,
        upkeep: Upkeep | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.provenance = provenance
        self.base_tokens: Sequence[Token] = tuple(tokens)
        self.native_token: Token | None = addresses.native_token
        self.addresses = addresses
        self.reader = reader
        self.witness = witness
        self.terms = terms
        self.upkeep = upkeep or Upkeep()
        self._cache_folder = cache_folder
        self._sleep = sleep

    async def steps(self) -> AsyncIterator[FeedItem]:
        """Deliver the chain from its newest block on, without an end.

        Raises:
            FeedError: there are no pools, what loans cost has changed, or the chain was rolled
                back further than anybody remembers: an engine has to start anew.
        """
        run = _Run(self, LogReader(self.reader, self._sleep))
        failures = 0
        while True:
            try:
                async with aclosing(run.items()) as items:
                    async for item in items:
                        if not isinstance(item, FeedPaused):
                            failures = 0
                        yield item
            except ChainError as error:
                failure = error
            else:
                return
            if failures or not isinstance(failure, UnknownBlock):
                yield FeedPaused(str(failure))
            # That a block is not known once is how a reorg, or a slow node, shows first.
            await self._sleep(_PAUSES_SECONDS[min(failures, len(_PAUSES_SECONDS) - 1)])
            failures += 1

    def find_pools(self) -> Told[tuple[PoolSeed, ...]]:
        """Look for the pools, beginning with those that were found before."""
        return Told(
            "looking for pools",
            lambda tell: discover(
                self.reader,
                self.addresses,
                self.base_tokens,
                folder=self._cache_folder,
                fresh_for=self.upkeep.discover_every,
                progress=tell,
            ),
        )


class _Run:
    """One iteration over the chain; it outlives failures of its nodes."""

    def __init__(self, feed: ChainFeed, logs: LogReader) -> None:
        self._feed = feed
        self._logs = logs
        self._audit = Audit(feed.reader, feed.witness)
        self._following: Following | None = None
        self._disputed: tuple[Address, ...] = ()
        self._held: list[FeedItem] = []
        self._check_at = self._terms_at = self._discover_at = 0

    async def items(self) -> AsyncGenerator[FeedItem, None]:
        """Deliver what happens, from where the last iteration broke off.

        Raises:
            ChainError: the chain cannot be read.
            FeedError: see `ChainFeed.steps`.
        """
        if self._following is None:
            async with aclosing(self._begin()) as items:
                async for item in items:
                    yield item
        heads = self._feed.reader.heads()
        try:
            async for head in heads:
                async with aclosing(self._of(head)) as items:
                    async for item in items:
                        yield item
        finally:
            close = getattr(heads, "aclose", None)
            if close is not None:
                await close()

    async def _begin(self) -> AsyncGenerator[FeedItem, None]:
        finding = self._feed.find_pools()
        async with aclosing(finding.news()) as news:
            async for paused in news:
                yield paused
        if not finding.result:
            symbols = ", ".join(token.symbol or token.address for token in self._feed.base_tokens)
            raise FeedError(
                f"no pool of any two of {symbols} was found on {self._feed.addresses.name}"
            )
        vault = self._feed.addresses.balancer
        following = Following(
            self._feed.reader, finding.result, None if vault is None else vault.address, self._logs
        )
        async with aclosing(following.begin_anew("latest")) as items:
            async for item in items:
                yield item
        self._following = following
        upkeep, number = self._feed.upkeep, following.tip.number
        self._check_at = number + upkeep.check_every
        self._terms_at = number + upkeep.terms_every
        self._discover_at = number + upkeep.discover_every

    async def _of(self, head: Block) -> AsyncGenerator[FeedItem, None]:
        """Deliver what a head brings, and do what is due after it."""
        following = self._following
        assert following is not None
        async with aclosing(following.follow(head)) as items:
            async for item in items:
                if self._disputed and not isinstance(item, FeedPaused):
                    self._hold(item)
                else:
                    yield item
        if self._disputed or following.tip.number >= self._check_at:
            for item in await self._check(following):
                yield item
        await self._keep_up(following)

    def _hold(self, item: FeedItem) -> None:
        if len(self._held) >= _MOST_HELD:
            raise FeedError(f"for {_MOST_HELD} steps {self._dispute()}")
        self._held.append(item)

    def _dispute(self) -> str:
        return (
            "nodes tell different states of the same block, and which of them lies is not known: "
            f"pools {', '.join(self._disputed)}"
        )

    async def _check(self, following: Following) -> list[FeedItem]:
        """Compare some pools with the chain; hold everything back while nodes disagree."""
        tip, pools = following.tip, following.market.pools
        in_turn = self._audit.next_in_turn(tuple(pools), self._feed.upkeep.check_pools)
        chosen = dict.fromkeys((*self._disputed, *in_turn))
        try:
            found = await self._audit.compare(following.seeds_of(chosen), pools, tip)
        except ChainError:
            # It is due again with the next head; that nodes fail is told where it hurts.
            return []
        self._check_at = tip.number + self._feed.upkeep.check_every
        following.look_for_missing()
        return self._judged(following, found)

    def _judged(self, following: Following, found: Compared) -> list[FeedItem]:
        corrections: list[FeedItem] = [following.corrected(found.wrong)] if found.wrong else []
        self._disputed = found.disputed
        if found.disputed:
            self._held += corrections
            return [FeedPaused(self._dispute())]
        released, self._held = self._held, []
        return [*released, *corrections]

    async def _keep_up(self, following: Following) -> None:
        """Look at the lenders' terms and for new pools, each when it is due."""
        feed, tip = self._feed, following.tip
        soon = tip.number + feed.upkeep.check_every
        # Where a node fails in this, blocks may still be followed: it is tried again soon.
        if feed.terms is not None and tip.number >= self._terms_at:
            self._terms_at = soon
            with suppress(ChainError):
                tokens = feed.base_tokens
                await refuse_new_terms(feed.reader, feed.addresses, tokens, feed.terms, tip)
                self._terms_at = tip.number + feed.upkeep.terms_every
        if tip.number >= self._discover_at:
            self._discover_at = soon
            with suppress(ChainError):
                following.add(await feed.find_pools().silently())
                self._discover_at = tip.number + feed.upkeep.discover_every
