"""Steps: how the executor contract swaps through a pool, and what it must know to do so."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from aineon.amm import (
    ComposableStablePool,
    ConcentratedPool,
    ConstantProductPool,
    CryptoSwapPool,
    EtherWrapper,
    Pool,
    StablePool,
    StableSwapPool,
    StakedEtherPool,
    StakedEtherWrapper,
    UnderlyingPool,
    WeightedPool,
)
from aineon.primitives import Token


class StepKind(IntEnum):
    """The executor contract's kinds of steps, by its own numbers."""

    UNKNOWN = 0
    """None of them: such a step can be tried on paper, and not be sent."""

    CONSTANT_PRODUCT = 1
    CONCENTRATED = 2
    CURVE = 3
    """`exchange(int128,int128,uint256,uint256)`."""

    CURVE_CRYPTO = 4
    """`exchange(uint256,uint256,uint256,uint256)`."""

    BALANCER_V2 = 5
    WRAP_ETHER = 6
    UNWRAP_ETHER = 7
    CURVE_UNDERLYING = 8
    """`exchange_underlying(int128,int128,uint256,uint256)`."""

    WRAP_STAKED_ETHER = 9
    UNWRAP_STAKED_ETHER = 10


class StepCall(NamedTuple):
    """A step's kind, and the word that comes with it.

    `data` is the fee in pips for a constant-product pool, the places of the tokens for Curve's
    (input's in the lowest byte, output's in the next), the pool id for Balancer's, else 0.
    """

    kind: StepKind
    data: int = 0


_UNKNOWN = StepCall(StepKind.UNKNOWN)
_VAULT_POOLS = (WeightedPool, StablePool, ComposableStablePool)


def step_call(pool: Pool, token_in: Token, token_out: Token) -> StepCall:
    """Return how the executor contract swaps `token_in` into `token_out` through `pool`.

    `StepKind.UNKNOWN` for a kind of pool that it cannot swap through, and for a Balancer pool
    whose id is not known.
    """
    if isinstance(pool, StakedEtherPool):
        return step_call(pool.pool, token_in, token_out)
    if isinstance(pool, ConstantProductPool):
        return StepCall(StepKind.CONSTANT_PRODUCT, pool.fee_pips)
    if isinstance(pool, ConcentratedPool):
        return StepCall(StepKind.CONCENTRATED)
    if isinstance(pool, _VAULT_POOLS):
        return _UNKNOWN if pool.pool_id is None else _vault_call(pool.pool_id)
    if isinstance(pool, EtherWrapper | StakedEtherWrapper):
        return _wrapper_call(pool, token_in)
    curve = _curve_kind(pool)
    if curve is StepKind.UNKNOWN:
        return _UNKNOWN
    return StepCall(curve, pool.tokens.index(token_in) | pool.tokens.index(token_out) << 8)


def _vault_call(pool_id: str) -> StepCall:
    return StepCall(StepKind.BALANCER_V2, int(pool_id, 16))


def _wrapper_call(pool: EtherWrapper | StakedEtherWrapper, token_in: Token) -> StepCall:
    wraps = token_in == pool.tokens[0]
    if isinstance(pool, EtherWrapper):
        return StepCall(StepKind.WRAP_ETHER if wraps else StepKind.UNWRAP_ETHER)
    return StepCall(StepKind.WRAP_STAKED_ETHER if wraps else StepKind.UNWRAP_STAKED_ETHER)


def _curve_kind(pool: Pool) -> StepKind:
    if isinstance(pool, UnderlyingPool):
        return StepKind.CURVE_UNDERLYING
    if isinstance(pool, StableSwapPool):
        return StepKind.CURVE
    return StepKind.CURVE_CRYPTO if isinstance(pool, CryptoSwapPool) else StepKind.UNKNOWN
