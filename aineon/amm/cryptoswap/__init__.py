"""Curve's CryptoSwap pools: prices that move, and a curve that follows them."""

from aineon.amm.cryptoswap.contracts import CryptoSwapContract
from aineon.amm.cryptoswap.pool import CryptoSwapPool
from aineon.amm.cryptoswap.repeg import Repeg

__all__ = ["CryptoSwapContract", "CryptoSwapPool", "Repeg"]
