"""Pools of automated market makers: frozen values with integer-exact answers."""

from aineon.amm.balancer.composable_stable import ComposableStablePool, StablePool
from aineon.amm.balancer.weighted import WeightedPool
from aineon.amm.concentrated.pool import ConcentratedPool
from aineon.amm.constant_product import ConstantProductPool
from aineon.amm.cryptoswap.contracts import CryptoSwapContract
from aineon.amm.cryptoswap.pool import CryptoSwapPool
from aineon.amm.cryptoswap.repeg import Repeg
from aineon.amm.lido.pool import StakedEtherPool
from aineon.amm.lido.shares import StakedEtherShares
from aineon.amm.pool import LocalCurve, Pool
from aineon.amm.quote import Quote
from aineon.amm.stableswap.meta import UnderlyingPool
from aineon.amm.stableswap.pool import StableSwapPool
from aineon.amm.stableswap.templates import TEMPLATES, Template
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
