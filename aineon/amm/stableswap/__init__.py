"""Curve's StableSwap pools, in all their generations."""

from aineon.amm.stableswap.meta import UnderlyingPool
from aineon.amm.stableswap.pool import StableSwapPool
from aineon.amm.stableswap.templates import TEMPLATES, Template

__all__ = ["TEMPLATES", "StableSwapPool", "Template", "UnderlyingPool"]
