"""Site: a pool on a chain of our own, which can be read and traded with.

What is known from setting it up (tokens, fee, ticks) need not be looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from aineon.amm import Pool
from aineon.primitives import Address, Token
from aineon.rehearsal.deploying import Deployer, Query


class Site(Protocol):
    """A pool of one of the protocols.

    Attributes:
        venue: as its pools call it.
        tokens: those it holds.
        spender: whom a trader must let take tokens, and whom `swap`'s call is sent to.
    """

    @property
    def address(self) -> Address: ...
    @property
    def venue(self) -> str: ...
    @property
    def tokens(self) -> tuple[Token, ...]: ...
    @property
    def spender(self) -> Address: ...

    def queries(self) -> list[Query]:
        """What to ask for its state."""

    def pool(self, answers: Sequence[tuple[Any, ...]]) -> Pool:
        """The state that the answers to `queries` make."""

    def swap(self, trader: Address, token_in: Token, token_out: Token, amount_in: int) -> bytes:
        """The call, to `spender`, that sells the trader's tokens for as much as they bring."""


def read_pools(deployer: Deployer, sites: Sequence[Site]) -> tuple[Pool, ...]:
    """Return the pools as they stand at the latest block."""
    asked = [site.queries() for site in sites]
    answers = iter(deployer.call_many([query for queries in asked for query in queries]))
    return tuple(
        site.pool([next(answers) for _ in queries])
        for site, queries in zip(sites, asked, strict=True)
    )
