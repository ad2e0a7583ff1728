"""What a recording of mainnet blocks says, as frozen values, before it becomes steps."""

from __future__ import annotations

from dataclasses import dataclass

from aineon.feeds.base import Taking
from aineon.primitives import Address, Block, Token


@dataclass(frozen=True, slots=True)
class PairState:
    """What was recorded of a V2-style pair around one swap.

    Attributes:
        before, after: reserves of token0 and token1.
        amount_in, amount_out: what the pair took and paid.
        sells_token0: whether token0 went in.
    """

    token0: Token
    token1: Token
    before: tuple[int, int]
    after: tuple[int, int]
    amount_in: int
    amount_out: int
    sells_token0: bool


@dataclass(frozen=True, slots=True)
class RecordedSwap:
    """One swap of a transaction.

    Attributes:
        transaction: its hash.
        protocol: the kind of pool, e.g. `uniswap_v2` for every fork of it.
        venue: the protocol's deployment.
        failed: whether the call was reverted and so changed nothing.
        state: None where the recording holds no reserves.
    """

    transaction: str
    protocol: str
    venue: str
    pool: Address
    failed: bool
    state: PairState | None


@dataclass(frozen=True, slots=True)
class PlacedTaking:
    """A taking and the index of the swap that completed it."""

    taking: Taking
    last_swap: int


@dataclass(frozen=True, slots=True)
class RecordedBlock:
    """One block: its swaps in the order in which they happened."""

    block: Block
    swaps: tuple[RecordedSwap, ...]
    takings: tuple[PlacedTaking, ...] = ()
