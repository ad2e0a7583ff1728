"""Staked ether, whose transfers move whole shares."""

from aineon.amm.lido.pool import StakedEtherPool
from aineon.amm.lido.shares import StakedEtherShares

__all__ = ["StakedEtherPool", "StakedEtherShares"]
