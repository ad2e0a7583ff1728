"""Auctions at the top of a block: what a route has to pay to go first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aineon.amm import Pool
from aineon.feeds.base import Contest, FeedStep
from aineon.primitives import Address
from aineon.primitives.units import format_units


@dataclass(frozen=True, slots=True)
class Auctions:
    """The auctions at the top of one block.

    Attributes:
        before: the pools as the block before left them; whoever goes first trades on these.
        contests: what it took to be first with each gap.
    """

    before: Mapping[Address, Pool]
    contests: tuple[Contest, ...]


def auctions_of(step: FeedStep, before: Mapping[Address, Pool]) -> Auctions | None:
    """The auctions that opened the block of `step`; None where its feed knows of none."""
    return None if step.contests is None else Auctions(before, step.contests)


def needed_payment_wei(
    directions: Iterable[tuple[Address, Address]], contests: Sequence[Contest]
) -> int | None:
    """The payment that a bundle had to beat to land at the top of the block.

    It is the highest payment of others for any gap that shares a pool, in the same direction,
    with the route; 0 where nobody offered anything, and then every payment lands, none included.
    None where the block's builder does not take the bundle, whatever it pays.

    Args:
        directions: (pool, token_in) of the route's hops.
        contests: those of the block; all of them have the same builder.
    """
    if not all(contest.reached for contest in contests):
        return None
    wanted = frozenset(directions)
    return max(
        (contest.best_payment_wei for contest in contests if not wanted.isdisjoint(contest.pools)),
        default=0,
    )


def why_not_first(
    directions: Iterable[tuple[Address, Address]],
    payment_wei: int | None,
    contests: Sequence[Contest],
) -> str:
    """Why a bundle that offers so much does not go first, in a sentence; empty where it does."""
    needed = needed_payment_wei(directions, contests)
    if needed is None:
        return "the block's builder does not take bundles from here"
    if payment_wei is None:
        return "what it offers the builder is not known in ether"
    if needed > 0 and payment_wei <= needed:
        return (
            f"outbid: it offered {format_units(payment_wei, 18, 6)} ETH to go first, "
            f"others {format_units(needed, 18, 6)} ETH"
        )
    return ""
