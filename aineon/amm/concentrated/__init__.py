"""Uniswap V3: liquidity concentrated in ranges of prices."""

from aineon.amm.concentrated.pool import ConcentratedPool

__all__ = ["ConcentratedPool"]
