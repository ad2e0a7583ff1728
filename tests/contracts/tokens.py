"""Tokens whose balances the tests set at will."""

from __future__ import annotations

from tests.contracts.bytecode import bench
from tests.contracts.chain import Chain


def deploy_tokens(chain: Chain, count: int) -> list[str]:
    """Deploy tokens and return their addresses in the order that pools keep."""
    code = bench("TestToken")
    return sorted(chain.deploy(code).lower() for _ in range(count))
