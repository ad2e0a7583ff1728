"""Seeds: what of a pool never changes, and is enough to read the rest of it at any block."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from aineon.primitives import Address, Token

VAULT_VENUE = "balancer_v2"
CURVE_VENUE = "curve"


@dataclass(frozen=True, slots=True)
class PairSeed:
    """A pair of Uniswap V2 or a fork."""

    address: Address
    venue: str
    tokens: tuple[Token, Token]
    fee_pips: int


@dataclass(frozen=True, slots=True)
class ConcentratedSeed:
    """A pool of Uniswap V3 or a fork."""

    address: Address
    venue: str
    tokens: tuple[Token, Token]
    fee_pips: int
    tick_spacing: int


class VaultPoolTraits(NamedTuple):
    """How the pools of one of Balancer's factories reckon.

    Attributes:
        is_weighted: whether tokens have weights; the others are stable pools.
        is_modern: of weighted pools, whether powers of 1, 2 and 4 are plain products; of stable
            pools, whether the invariant is rounded down.
        rate_cache: the function that tells a token's cached rate; None where there are no rates.
        rate_words: how many words that function answers; the last says when the rate expires.
    """

    is_weighted: bool
    is_modern: bool
    rate_cache: str | None = None
    rate_words: int = 0


class VaultPoolKind(Enum):
    """The kinds of Balancer V2 pools, by generation.

    Members:
        WEIGHTED_2021: of WeightedPoolFactory and WeightedPool2TokensFactory of 2021.
        WEIGHTED: of the weighted factories since September 2022.
        STABLE_2021: of StablePoolFactory of 2021.
        STABLE: of StablePoolFactory of 2022, without rates.
        META_STABLE, PHANTOM_STABLE, COMPOSABLE_STABLE: of the factories so called.
    """

    WEIGHTED_2021 = "weighted_2021"
    WEIGHTED = "weighted"
    STABLE_2021 = "stable_2021"
    STABLE = "stable"
    META_STABLE = "meta_stable"
    PHANTOM_STABLE = "phantom_stable"
    COMPOSABLE_STABLE = "composable_stable"

    @property
    def traits(self) -> VaultPoolTraits:
        """How the pools of this kind reckon."""
        return _TRAITS[self]


_RATE_CACHE_2021 = "getPriceRateCache(address)"
_RATE_CACHE = "getTokenRateCache(address)"
_TRAITS = {
    VaultPoolKind.WEIGHTED_2021: VaultPoolTraits(is_weighted=True, is_modern=False),
    VaultPoolKind.WEIGHTED: VaultPoolTraits(is_weighted=True, is_modern=True),
    VaultPoolKind.STABLE_2021: VaultPoolTraits(is_weighted=False, is_modern=False),
    VaultPoolKind.STABLE: VaultPoolTraits(is_weighted=False, is_modern=True),
    VaultPoolKind.META_STABLE: VaultPoolTraits(False, False, _RATE_CACHE_2021, 3),
    VaultPoolKind.PHANTOM_STABLE: VaultPoolTraits(False, False, _RATE_CACHE, 3),
    VaultPoolKind.COMPOSABLE_STABLE: VaultPoolTraits(False, True, _RATE_CACHE, 4),
}


@dataclass(frozen=True, slots=True)
class VaultSeed:
    """A pool in Balancer's Vault.

    Attributes:
        pool_id: the Vault's 32 bytes, 0x-hex.
        kind: None where no known factory made the pool: anybody can register one that reckons as
            he likes, so such a pool is never quoted.
        rate_providers: for each token, the contract that tells its rate; None where it has none.
    """

    address: Address
    pool_id: str
    vault: Address
    tokens: tuple[Token, ...]
    kind: VaultPoolKind | None
    rate_providers: tuple[Address | None, ...]

    @property
    def venue(self) -> str:
        return VAULT_VENUE


@dataclass(frozen=True, slots=True)
class StableSwapSeed:
    """A stable pool of Curve.

    Attributes:
        template: a name in `aineon.amm.TEMPLATES`.
        steth: Lido's contract, where stETH is one of the tokens.
        base_pool: of a metapool.
    """

    address: Address
    tokens: tuple[Token, ...]
    template: str
    A_precision: int
    lp_token: Token | None
    steth: Address | None = None
    base_pool: StableSwapSeed | None = None

    @property
    def venue(self) -> str:
        return CURVE_VENUE


@dataclass(frozen=True, slots=True)
class CryptoSwapSeed:
    """A crypto pool of Curve; `contract` is the name of a `CryptoSwapContract`."""

    address: Address
    tokens: tuple[Token, ...]
    contract: str

    @property
    def venue(self) -> str:
        return CURVE_VENUE


@dataclass(frozen=True, slots=True)
class EtherWrapperSeed:
    """Ether and its wrapped token."""

    weth: Token

    @property
    def address(self) -> Address:
        return self.weth.address

    @property
    def venue(self) -> str:
        return "weth"


@dataclass(frozen=True, slots=True)
class StakedEtherWrapperSeed:
    """Lido's stETH and wstETH."""

    steth: Token
    wsteth: Token

    @property
    def address(self) -> Address:
        return self.wsteth.address

    @property
    def venue(self) -> str:
        return "lido"


PoolSeed = (
    PairSeed
    | ConcentratedSeed
    | VaultSeed
    | StableSwapSeed
    | CryptoSwapSeed
    | EtherWrapperSeed
    | StakedEtherWrapperSeed
)


def changes_unlogged(seed: PoolSeed) -> bool:
    """Say whether a pool's state can change without any log of the pool itself.

    Rates of growing tokens, an amplification on its way, Lido's share rate: they are read anew
    at every block. Pools of Uniswap, weighted pools and the wrapper of ether tell all.
    """
    match seed:
        case PairSeed() | ConcentratedSeed() | EtherWrapperSeed():
            return False
        case VaultSeed():
            return seed.kind is not None and not seed.kind.traits.is_weighted
        case _:
            return True
