"""Pools of automated market makers: frozen values with integer-exact answers."""

from aineon.amm.concentrated import ConcentratedPool
from aineon.amm.constant_product import ConstantProductPool
from aineon.amm.pool import LocalCurve, Pool
from aineon.amm.quote import Quote

__all__ = [
    "ConcentratedPool",
    "ConstantProductPool",
    "LocalCurve",
    "Pool",
    "Quote",
]
