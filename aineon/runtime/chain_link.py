"""The link to a chain: nodes that answer, the chain's addresses, and on what terms money is lent.

What an engine on a chain is composed of has to be asked for first. Where nobody answers, whoever
waits is told why, and asking goes on: an engine that cannot see its chain is paused, not dead.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aineon.chain.addresses import ChainAddresses, mainnet
from aineon.errors import ChainError, ConfigurationError, InvalidValue, UnknownToken
from aineon.primitives import Clock, SystemClock, Token
from aineon.runtime.settings import Settings
from aineon.search.lenders import OWN, Lender, lenders_from

if TYPE_CHECKING:
    from aineon.chain.client import ChainClient, Endpoint
    from aineon.chain.snapshot import LenderTerms
    from aineon.ledger.heartbeat import NodeTold

_PAUSES_SECONDS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class ChainLink:
    """A chain that answers.

    Attributes:
        reader: its nodes.
        addresses: what is known by address there.
        tokens: whose pools with each other are followed; cycles begin and end with them.
        terms: what its flash loans cost, at one block.
        witness: the other nodes by themselves, to compare the first one with; None where there
            is only one.
    """

    reader: ChainClient
    addresses: ChainAddresses
    tokens: tuple[Token, ...]
    terms: LenderTerms
    witness: ChainClient | None = None

    def nodes(self) -> tuple[NodeTold, ...]:
        """How each node is doing, for the heartbeat."""
        from aineon.ledger.heartbeat import NodeTold

        return tuple(
            NodeTold(each.name, str(each.state), each.last_failure) for each in self.reader.health()
        )

    async def aclose(self) -> None:
        """Let go of all nodes."""
        for client in (self.witness, self.reader):
            if client is not None:
                await client.aclose()

    def lenders(self, settings: Settings) -> tuple[Lender, ...]:
        """Whose money may carry a route out, on these terms.

        Raises:
            ConfigurationError: the chain has none of the lenders that the settings allow.
        """
        own = {self.addresses.native_token: settings.own_capital_wei}
        allowed = {*settings.flash_lenders, OWN}
        return lenders_from(self.terms, allowed, own if settings.own_capital_wei else None)


def addresses_of(settings: Settings) -> ChainAddresses:
    """Return the addresses of the chain that the settings mean.

    Raises:
        ConfigurationError: the chain file cannot be read.
    """
    if settings.chain_file is None:
        return mainnet()
    return ChainAddresses.from_file(settings.chain_file)


def endpoints_of(settings: Settings) -> tuple[Endpoint, ...]:
    """Return the nodes that the settings give, the preferred one first.

    Raises:
        ConfigurationError: there is none.
    """
    from aineon.chain.client import endpoints_from

    keys = [settings.alchemy_api_key, settings.infura_api_key]
    alchemy, infura = [key.get_secret_value() if key else None for key in keys]
    try:
        found = endpoints_from(
            alchemy, infura, [url.get_secret_value() for url in settings.rpc_urls]
        )
    except InvalidValue as error:
        raise ConfigurationError(str(error)) from error
    if not found:
        raise ConfigurationError(
            "no node is given; a chain is read only with ALCHEMY_API_KEY, INFURA_API_KEY or "
            "AINEON_RPC_URLS."
        )
    return found


def tokens_of(settings: Settings, addresses: ChainAddresses) -> tuple[Token, ...]:
    """Return the tokens that the settings name, by symbol or address.

    Raises:
        ConfigurationError: a symbol is not known on that chain.
    """
    try:
        return tuple(
            addresses.token(name) if name.startswith("0x") else addresses.token_by_symbol(name)
            for name in settings.tokens
        )
    except UnknownToken as error:
        raise ConfigurationError(f"AINEON_TOKENS: {error}; name it by its address.") from error


async def connect(settings: Settings, clock: Clock | None = None) -> ChainLink:
    """Connect to the chain of the settings.

    Raises:
        ConfigurationError: no node is given, or a token or the chain file is not known.
        ChainError: no node answers, or they read another chain.
    """
    from aineon.chain.client import ChainClient
    from aineon.chain.snapshot import lender_terms

    addresses = addresses_of(settings)
    tokens = tokens_of(settings, addresses)
    endpoints, clock = endpoints_of(settings), clock or SystemClock()
    reader = await ChainClient.connect(endpoints, addresses, clock)
    try:
        terms = await lender_terms(reader, addresses, base_tokens=tokens)
        witness = await _witness(endpoints[1:], addresses, clock)
    except BaseException:
        await reader.aclose()
        raise
    return ChainLink(reader, addresses, tokens, terms, witness)


async def _witness(
    others: Sequence[Endpoint], addresses: ChainAddresses, clock: Clock
) -> ChainClient | None:
    from aineon.chain.client import ChainClient

    if not others:
        return None
    try:
        return await ChainClient.connect(others, addresses, clock)
    except ChainError:
        # One good node is enough to go on with; the doctor asks for two.
        return None


async def connect_patiently(
    settings: Settings,
    on_trouble: Callable[[str], None],
    clock: Clock | None = None,
    *,
    hopeless: tuple[type[ChainError], ...] = (),
) -> ChainLink:
    """Connect, and where the chain cannot be reached say why and try again, for ever.

    Nodes of another chain are waited out as well: they are exchanged without a start anew, and
    until then whoever looks is told, by an engine that is there to tell.

    Args:
        settings: name the nodes.
        on_trouble: told why, each time before it is tried again.
        clock: tells the age of heads.
        hopeless: failures after which it is not tried again.

    Raises:
        ConfigurationError: as `connect`; waiting would not help.
        ChainError: one of the hopeless ones.
    """
    failures = 0
    while True:
        try:
            return await connect(settings, clock)
        except hopeless:
            raise
        except ChainError as error:
            on_trouble(str(error))
            await asyncio.sleep(_PAUSES_SECONDS[min(failures, len(_PAUSES_SECONDS) - 1)])
            failures += 1
