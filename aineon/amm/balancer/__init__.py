"""Balancer V2: weighted, stable and composable stable pools."""

from aineon.amm.balancer.composable_stable import ComposableStablePool, StablePool
from aineon.amm.balancer.weighted import WeightedPool

__all__ = ["ComposableStablePool", "StablePool", "WeightedPool"]
