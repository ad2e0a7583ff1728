"""Settings: Ethereum nodes and keys. All of them are secrets."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, SecretStr

from aineon.runtime import kinds
from aineon.runtime.parameter import Parameter


class NodeSettings(BaseModel):
    """How the chain is reached, and the key that signs."""

    alchemy_api_key: Annotated[
        SecretStr | None,
        Parameter(
            "ALCHEMY_API_KEY",
            "Alchemy key",
            "Node and keys",
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
            "Node and keys",
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
            "Node and keys",
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
            "Node and keys",
            kinds.API_KEY,
            "Access to Etherscan, an independent source that realised profit is compared with.",
            secret=True,
        ),
    ] = None

    private_key: Annotated[
        SecretStr | None,
        Parameter(
            "PRIVATE_KEY",
            "Private key",
            "Node and keys",
            kinds.PRIVATE_KEY,
            "The key that signs; it reaches the engine process alone. Simulation needs none.",
            secret=True,
            live=True,
        ),
    ] = None
