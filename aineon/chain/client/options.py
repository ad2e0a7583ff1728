"""How patient a client is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Times in seconds.

    Attributes:
        request_s: how long one request may take; twice as long for logs and simulations.
        stale_after_s: a head older than that marks a node stale. None for a chain that makes
            blocks only when there is something to put into them.
        silent_after_s: where no new head was announced for so long, the node is asked whether
            there is one.
        stale_behind: a node so many blocks behind the others is stale.
        check_every_s: how often every node is asked for its head.
        poll_every_s: how often a new head is asked for where none is announced.
        block_s: no new head is asked for before the last one is so old.
        subscribe_again_s: how long heads are polled before subscriptions are tried again.
        rounds: how often a read goes round the nodes before it fails.
        patience_s: the longest a read waits between two rounds.
        parallel: how many requests a read that needs many makes at a time.
        calls_at_once: how many contract calls go into one request.
    """

    request_s: float = 10.0
    stale_after_s: float | None = 36.0
    silent_after_s: float = 36.0
    stale_behind: int = 2
    check_every_s: float = 12.0
    poll_every_s: float = 1.0
    block_s: float = 12.0
    subscribe_again_s: float = 120.0
    rounds: int = 4
    patience_s: float = 30.0
    parallel: int = 4
    calls_at_once: int = 400


ON_DEMAND = ClientOptions(stale_after_s=None, silent_after_s=2.0, block_s=0.0, poll_every_s=0.05)
"""For a chain of one's own, which makes a block when there is something to put into it."""
