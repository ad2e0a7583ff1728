"""What can happen to the pools of a market, as frozen values.

A feed translates whatever it reads (logs, a recording, the sandbox) into these; the market
applies them. Amounts are in smallest units.
"""

from __future__ import annotations

from dataclasses import dataclass

from aineon.amm import Pool
from aineon.primitives import Address, Block


@dataclass(frozen=True, slots=True)
class PoolAppeared:
    """A pool is known from now on, or known anew: `pool` replaces any older state."""

    pool: Pool

    @property
    def address(self) -> Address:
        return self.pool.address


@dataclass(frozen=True, slots=True)
class PoolVanished:
    """The pool's state is no longer known, so it must not be quoted any more.

    `reason` says in a few words why, for people; empty where there is nothing to say.
    """

    address: Address
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReservesChanged:
    """`Sync` of a Uniswap V2 pair: the reserves as they are now."""

    address: Address
    reserve0: int
    reserve1: int


@dataclass(frozen=True, slots=True)
class PriceMoved:
    """`Swap` of a Uniswap V3 pool: price, tick and liquidity in range as they are now."""

    address: Address
    sqrt_price_x96: int
    tick: int
    liquidity: int


@dataclass(frozen=True, slots=True)
class LiquidityChanged:
    """`Mint` (positive) or `Burn` (negative) of a Uniswap V3 pool."""

    address: Address
    tick_lower: int
    tick_upper: int
    liquidity_delta: int


@dataclass(frozen=True, slots=True)
class BalancesChanged:
    """The balances of a pool of several tokens as they are now, in the order of its tokens."""

    address: Address
    balances: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BalancesMoved:
    """By how much a pool's balances changed: a swap, join or exit in Balancer's Vault.

    `deltas` are pairs of a token's address and the change of its balance, fees that left the
    pool already taken off; tokens that are not named kept their balance.
    """

    address: Address
    deltas: tuple[tuple[Address, int], ...]


@dataclass(frozen=True, slots=True)
class CoinsExchanged:
    """`TokenExchange` of a Curve pool: what it took of coin `sold` and paid of coin `bought`.

    The log does not say what the contract kept for its admin, so the market makes the swap
    itself. Where its own quote pays another amount, the pool is not what the market took it
    for: it vanishes.
    """

    address: Address
    sold: int
    amount_in: int
    bought: int
    amount_out: int


@dataclass(frozen=True, slots=True)
class CoinsMoved:
    """Liquidity added to a Curve pool (positive amounts) or taken from it (negative).

    Attributes:
        amounts: by how much each coin's balance changed before the fees.
        fees: of each coin, of which the contract keeps a share for its admin.
        supply: liquidity tokens in existence afterwards; None where the log does not say.
    """

    address: Address
    amounts: tuple[int, ...]
    fees: tuple[int, ...]
    supply: int | None = None


MarketEvent = (
    PoolAppeared
    | PoolVanished
    | ReservesChanged
    | PriceMoved
    | LiquidityChanged
    | BalancesChanged
    | BalancesMoved
    | CoinsExchanged
    | CoinsMoved
)


@dataclass(frozen=True, slots=True)
class MarketUpdate:
    """Events that become visible together.

    A chain feed sends one update a block (`step` 0). A recording that knows the states inside
    a block sends several, with rising `step`.
    """

    block: Block
    events: tuple[MarketEvent, ...] = ()
    step: int = 0
