"""Finding pools on a chain, and reading their whole state at one block."""

from aineon.chain.snapshot.discovery import FRESH_FOR, discover
from aineon.chain.snapshot.lenders import AaveTerms, LenderTerms, VaultTerms, lender_terms
from aineon.chain.snapshot.pinned import Progress
from aineon.chain.snapshot.reading import (
    PoolsAtBlock,
    differences,
    read_pools,
    refresh_unlogged,
)
from aineon.chain.snapshot.seeds import (
    ConcentratedSeed,
    CryptoSwapSeed,
    EtherWrapperSeed,
    PairSeed,
    PoolSeed,
    StableSwapSeed,
    StakedEtherWrapperSeed,
    VaultPoolKind,
    VaultSeed,
    changes_unlogged,
)

__all__ = [
    "FRESH_FOR",
    "AaveTerms",
    "ConcentratedSeed",
    "CryptoSwapSeed",
    "EtherWrapperSeed",
    "LenderTerms",
    "PairSeed",
    "PoolSeed",
    "PoolsAtBlock",
    "Progress",
    "StableSwapSeed",
    "StakedEtherWrapperSeed",
    "VaultPoolKind",
    "VaultSeed",
    "VaultTerms",
    "changes_unlogged",
    "differences",
    "discover",
    "lender_terms",
    "read_pools",
    "refresh_unlogged",
]
