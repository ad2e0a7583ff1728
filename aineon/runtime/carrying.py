"""How plans are tried and carried out: on paper, or through a contract on a chain.

The composition root chooses between the two; nothing here knows the mode.
"""

from __future__ import annotations

from typing import Final

from aineon.execution.contract import Deployment
from aineon.execution.executor import Preflight
from aineon.execution.preflight import ChainPreflight, LocalPreflight
from aineon.primitives import Address
from aineon.runtime.chain_link import ChainLink

MAX_BUILDER_SHARE_BPS: Final = 9_900
VAULT: Final = "Balancer V2 Vault"
AAVE: Final = "Aave V3 Pool"

# Roles of a contract that exists during a simulation alone.
_OWNER, _OPERATOR, _GUARDIAN, _TREASURY = (
    Address(f"0x{role:02x}" + "a1" * 19) for role in range(1, 5)
)


def paper_preflight(link: ChainLink | None) -> Preflight:
    """Try plans by our own arithmetic, and on a chain by its node as well.

    The contract need not be there: the node's simulation deploys it and forgets it again.
    """
    if link is None:
        return LocalPreflight()
    native = link.addresses.native_token
    deployment = Deployment(
        owner=_OWNER,
        operator=_OPERATOR,
        guardian=_GUARDIAN,
        treasury=_TREASURY,
        weth=native.address,
        vault=link.addresses.contracts.get(VAULT),
        aave=link.addresses.aave_pool,
        wsteth=None if link.addresses.lido is None else link.addresses.lido.wsteth.address,
        max_builder_share_bps=MAX_BUILDER_SHARE_BPS,
        bases=[token.address for token in link.tokens],
    )
    return ChainPreflight(link.reader, deployment, _OPERATOR, native)
