"""Timing: ages, cooling times and 24-hour limits hold only where this machine's clock is right."""

from __future__ import annotations

from aineon.primitives import Block


def doubt_of_time(head: Block, now: float, limit_seconds: float | None) -> str:
    """Return why nothing may be begun at `now` by this machine's clock; empty where it may.

    A clock that runs ahead would let what is young be old, and what was paid today be of yesterday.
    The chain's newest block is of the last minute, so a clock that is far from it is wrong, or the
    node is; in both cases it is waited.

    Args:
        head: the newest block.
        now: seconds since the Unix epoch, by this machine.
        limit_seconds: how far the two may be apart; None where the chain has a time of its own.
    """
    if limit_seconds is None:
        return ""
    if head.timestamp is None:
        return (
            f"block {head.number} does not say of when it is, so this machine's clock is unproven"
        )
    apart = now - head.timestamp
    if abs(apart) <= limit_seconds:
        return ""
    side = "ahead of" if apart > 0 else "behind"
    return (
        f"this machine's clock is {abs(apart):.0f} seconds {side} block {head.number}; nothing is "
        f"begun until they are at most {limit_seconds:.0f} apart"
    )
