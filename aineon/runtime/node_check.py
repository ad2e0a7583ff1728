"""How each node of the settings is, asked one by one: chain, head, and how fast it answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aineon.errors import AineonError, ChainError
from aineon.primitives import Clock, SystemClock
from aineon.runtime.settings import Settings

if TYPE_CHECKING:
    from aineon.chain.client import Endpoint, NodeHealth
    from aineon.chain.client.endpoints import ChainIdentity

_PATIENCE_SECONDS: Final = 15.0
_NAMELESS: Final = "the node did not answer"


def look_at_nodes(settings: Settings, clock: Clock | None = None) -> str:
    """Ask every node of the settings, all at once; returns a line of words for each.

    Addresses and keys are never part of it.

    Raises:
        ConfigurationError: no node is given, or the chain file cannot be read.
    """
    # With it comes the search, for which no start should have to wait.
    from aineon.runtime.chain_link import addresses_of, endpoints_of

    endpoints, chain = endpoints_of(settings), addresses_of(settings)
    return asyncio.run(_of_each(endpoints, chain, clock or SystemClock()))


async def _of_each(endpoints: tuple[Endpoint, ...], chain: ChainIdentity, clock: Clock) -> str:
    lines = await asyncio.gather(*(_line(each, chain, clock) for each in endpoints))
    return "\n".join(lines)


async def _line(endpoint: Endpoint, chain: ChainIdentity, clock: Clock) -> str:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return f"{endpoint.name}: {await _words(endpoint, chain, clock)}"
    except TimeoutError:
        return f"{endpoint.name}: no answer within {_PATIENCE_SECONDS:g} s"
    except (AineonError, OSError) as error:
        # The client's own messages name nodes and no address; an OSError may name one.
        reason = str(error) if isinstance(error, ChainError) else _NAMELESS
        return f"{endpoint.name}: {reason}"


async def _words(endpoint: Endpoint, chain: ChainIdentity, clock: Clock) -> str:
    from aineon.chain.client import ChainClient

    async with await ChainClient.connect([endpoint], chain, clock) as client:
        await client.block("latest")
        [health] = client.health()
        return f"{health.state}, chain {client.chain_id}, {_head(health)}, {_speed(health)}"


def _head(health: NodeHealth) -> str:
    if health.head is None:
        return "no block yet"
    old = (
        "of unknown age"
        if health.head_age_s is None
        else f"{max(0.0, health.head_age_s):.0f} s old"
    )
    return f"head {health.head.number:,} is {old}"


def _speed(health: NodeHealth) -> str:
    if health.latency_s is None:
        return "speed not known"
    return f"answers in {health.latency_s * 1000:.0f} ms"
