"""Pools of automated market makers: frozen values with integer-exact answers."""

from aineon.amm.composable_stable import ComposableStablePool, StablePool
from aineon.amm.concentrated import ConcentratedPool
from aineon.amm.constant_product import ConstantProductPool
from aineon.amm.cryptoswap import CryptoSwapPool
from aineon.amm.cryptoswap_contracts import CryptoSwapContract
from aineon.amm.cryptoswap_repeg import Repeg
from aineon.amm.pool import LocalCurve, Pool
from aineon.amm.quote import Quote
from aineon.amm.stableswap import StableSwapPool
from aineon.amm.stableswap_meta import UnderlyingPool
from aineon.amm.stableswap_templates import TEMPLATES, Template
from aineon.amm.staked_ether import StakedEtherShares
from aineon.amm.staked_ether_pool import StakedEtherPool
from aineon.amm.weighted import WeightedPool
from aineon.amm.wrappers import EtherWrapper, StakedEtherWrapper

__all__ = [
    "TEMPLATES",
    "ComposableStablePool",
    "ConcentratedPool",
    "ConstantProductPool",
    "CryptoSwapContract",
    "CryptoSwapPool",
    "EtherWrapper",
    "LocalCurve",
    "Pool",
    "Quote",
    "Repeg",
    "StablePool",
    "StableSwapPool",
    "StakedEtherPool",
    "StakedEtherShares",
    "StakedEtherWrapper",
    "Template",
    "UnderlyingPool",
    "WeightedPool",
]
