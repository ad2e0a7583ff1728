"""The one door to Ethereum nodes: `ChainClient` reads a chain through one or more of them."""

from aineon.chain.client.client import ChainClient
from aineon.chain.client.endpoints import ChainIdentity, Endpoint, endpoints_from
from aineon.chain.client.health import Agreement, NodeHealth, NodeState
from aineon.chain.client.options import ON_DEMAND, ClientOptions

__all__ = [
    "ON_DEMAND",
    "Agreement",
    "ChainClient",
    "ChainIdentity",
    "ClientOptions",
    "Endpoint",
    "NodeHealth",
    "NodeState",
    "endpoints_from",
]
