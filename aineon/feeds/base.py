"""What every feed delivers: the steps of a market, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aineon.market.events import MarketUpdate
from aineon.primitives import Address, Provenance, Token


@dataclass(frozen=True, slots=True)
class Taking:
    """What another searcher took by arbitrage, as the feed knows it.

    Attributes:
        reference: transaction hash of a recording, or a name such as `sandbox:searcher-2`.
        searcher: the account or name.
        pools: the pools it went through, in order.
        profit_token: what it ended with more of.
        profit: smallest units of `profit_token`, before gas.
        gas_cost_wei: what its gas cost whatever was bid: on a chain the base fee of it; None where
            the source does not say.
        builder_payment_wei: what the block's builder got, by transfer and by the price of gas above
            the base fee; None where the source does not say all of that.
    """

    reference: str
    searcher: str
    pools: tuple[Address, ...]
    profit_token: Token
    profit: int
    gas_cost_wei: int | None = None
    builder_payment_wei: int | None = None


@dataclass(frozen=True, slots=True)
class Contest:
    """What it took to be first with one gap at the top of this block.

    The gap stood open at the end of the block before. Whoever offers the block's builder the
    most goes first, and a gap can be taken once.

    Attributes:
        pools: (pool, token_in) of each hop of the gap, in order; a route that uses one of them in
            the same direction is after the same money.
        best_payment_wei: the highest payment that others offered; 0 where nobody did.
        reached: whether the block's builder takes the bundles of whoever asks this feed.
    """

    pools: tuple[tuple[Address, Address], ...]
    best_payment_wei: int
    reached: bool


@dataclass(frozen=True, slots=True)
class FeedStep:
    """One update of the market and what is known beside it.

    Attributes:
        mid_transaction: the states lie between two swaps of one transaction; nobody else can
            trade on them.
        droppable: a later step makes scanning this one pointless (live and paced feeds);
            the events are applied all the same.
        takings: what other searchers took in this step.
        not_replayable: what happened in this step that the feed cannot turn into states, as
            counts by a name people understand, e.g. `{"uniswap_v3 swap: no state recorded": 2}`.
        warm_up: (done, total) while the feed runs through its warm-up blocks, else None.
        contests: what it took to be first with each gap that the block before left open; None
            where the feed knows of no auctions.
    """

    update: MarketUpdate
    mid_transaction: bool = False
    droppable: bool = False
    takings: tuple[Taking, ...] = ()
    not_replayable: Mapping[str, int] = field(default_factory=dict)
    warm_up: tuple[int, int] | None = None
    contests: tuple[Contest, ...] | None = None


@dataclass(frozen=True, slots=True)
class Rewind:
    """The chain reorganised: forget everything after block `to_block`."""

    to_block: int


@dataclass(frozen=True, slots=True)
class FeedPaused:
    """The feed cannot deliver at the moment and goes on trying; the next step ends the pause.

    Attributes:
        reason: a sentence for people, without secrets.
    """

    reason: str


FeedItem = FeedStep | Rewind | FeedPaused


class Feed(Protocol):
    """A source of market steps.

    Attributes:
        name: `sandbox`, `replay` or `chain`.
        provenance: what figures computed from this feed must be labelled with.
        base_tokens: tokens that cycles may begin and end with, best first.
        native_token: the wrapped native token (WETH), in which gas is paid; None if unknown.
        complete: whether every change of its pools is delivered, so that a pool without an event
            is known to stand as it was. A recording of swaps alone is not complete: there a
            pool's state is known again only where it is recorded again.
    """

    @property
    def name(self) -> str: ...
    @property
    def provenance(self) -> Provenance: ...
    @property
    def base_tokens(self) -> Sequence[Token]: ...
    @property
    def native_token(self) -> Token | None: ...
    @property
    def complete(self) -> bool: ...

    def steps(self) -> AsyncIterator[FeedItem]:
        """Deliver the steps, from the first to the last; the first brings the pools."""
