"""Everything that is compared with real contracts."""

from __future__ import annotations

from tests.contracts.balancer_v2 import BALANCER_V2_POOLS
from tests.contracts.uniswap_v2 import UNISWAP_V2_PAIRS
from tests.contracts.uniswap_v3 import UNISWAP_V3_POOLS

PROTOCOLS = (UNISWAP_V2_PAIRS, UNISWAP_V3_POOLS, BALANCER_V2_POOLS)
