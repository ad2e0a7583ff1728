"""Settings: Ethereum nodes, and who else is asked about the chain. All of them are secrets."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, SecretStr

from aineon.runtime import kinds
from aineon.runtime.parameter import Parameter


class NodeSettings(BaseModel):
    """How the chain is reached."""

    alchemy_api_key: Annotated[
        SecretStr | None,
        Parameter(
            "ALCHEMY_API_KEY",
            "Alchemy key",
            "Node",
            kinds.API_KEY,
            "Access to an Ethereum node at Alchemy.",
            secret=True,
            live=True,
        ),
    ] = None

    infura_api_key: Annotated[
        SecretStr | None,
        Parameter(
            "INFURA_API_KEY",
            "Infura key",
            "Node",
            kinds.API_KEY,
            "Access to an Ethereum node at Infura.",
            secret=True,
            live=True,
        ),
    ] = None

    rpc_urls: Annotated[
        tuple[SecretStr, ...],
        Parameter(
            "AINEON_RPC_URLS",
            "RPC addresses",
            "Node",
            kinds.RPC_URLS,
            "Ethereum nodes in order of preference; secret, because keys are part of them.",
            secret=True,
            live=True,
        ),
    ] = ()

    etherscan_api_key: Annotated[
        SecretStr | None,
        Parameter(
            "ETHERSCAN_API_KEY",
            "Etherscan key",
            "Node",
            kinds.API_KEY,
            "Access to Etherscan, an independent source that realised profit is compared with.",
            secret=True,
        ),
    ] = None
