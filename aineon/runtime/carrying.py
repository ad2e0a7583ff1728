"""How plans are tried and carried out: on paper, or through a contract on a chain.

The composition root chooses between the two; nothing here knows the mode.
"""

from __future__ import annotations

import os
import secrets
import socket
from typing import Final

from aineon.chain.addresses import MAINNET_CHAIN_ID
from aineon.errors import ConfigurationError
from aineon.execution.contract import Deployment
from aineon.execution.executor import Executor, Preflight
from aineon.execution.live.readiness import Expectations
from aineon.execution.preflight import ChainPreflight, LocalPreflight
from aineon.execution.settlement import OnchainMoney
from aineon.ledger.control import ControlStore
from aineon.primitives import Address, Clock, parse_address
from aineon.runtime.books import Books
from aineon.runtime.chain_link import ChainLink, endpoints_of
from aineon.runtime.settings import Settings
from aineon.safety import Stop, StopFile, StopVariable
from aineon.search.costs import CostModel
from aineon.sending import (
    BundleRelay,
    LocalSigner,
    PublicMempool,
    RelayIdentity,
    Sender,
    parse_private_key,
)

STOP_FILE: Final = "STOP"
"""The file whose presence in the data folder stops everything that signs or sends."""

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


def on_chain(
    settings: Settings,
    link: ChainLink,
    books: Books,
    costs: CostModel,
    clock: Clock,
    money: type[OnchainMoney],
) -> tuple[Preflight, Executor]:
    """Try plans on the chain, and send them as bundles, or publicly where that is allowed.

    `money` is what the book counts in.

    Raises:
        ConfigurationError: key, contract, or every way to send is missing.
    """
    from aineon.execution.live.executor import LiveExecutor, LiveRules
    from aineon.execution.live.gas import GasStrategy
    from aineon.execution.live.journal import Journal
    from aineon.execution.live.verification import NodeWitness, Witness

    signer = signer_of(settings)
    expected = expectations_of(settings, link, signer.address)
    store, native = books.book, link.addresses.native_token
    stop = stop_of(settings, books.control, clock)
    sender = Sender(
        store,
        signer,
        link.reader,
        stop,
        relays=_relays(settings),
        public=_public(settings),
        holder=f"{socket.gethostname()}, process {os.getpid()}",
        clock=clock,
    )
    witnesses: list[Witness] = []
    if link.witness is not None:
        witnesses.append(NodeWitness("another node", link.witness))
    if settings.etherscan_api_key is not None and link.reader.chain_id == MAINNET_CHAIN_ID:
        from aineon.execution.live.etherscan import EtherscanWitness

        witnesses.append(EtherscanWitness(settings.etherscan_api_key.get_secret_value()))
    executor = LiveExecutor(
        sender,
        link.reader,
        Journal(store, link.reader.chain_id, signer.address),
        stop,
        expected,
        costs,
        money,
        LiveRules(GasStrategy(settings.gas_strategy), f"{books.run.mode}-{books.run.run_id:04d}"),
        witnesses=witnesses,
        clock=clock,
    )
    return ChainPreflight(link.reader, expected.executor, signer.address, native), executor


def signer_of(settings: Settings) -> LocalSigner:
    """Return the signer that the settings give.

    Raises:
        ConfigurationError: there is no key.
    """
    if settings.private_key is None:
        raise ConfigurationError("PRIVATE_KEY is not set; a chain takes signed transactions only")
    return LocalSigner(parse_private_key(settings.private_key.get_secret_value()))


def expectations_of(settings: Settings, link: ChainLink, operator: Address) -> Expectations:
    """Return what contract and account should be like for these settings.

    Raises:
        ConfigurationError: the contract's address is not given.
    """
    if settings.executor_address is None:
        raise ConfigurationError("AINEON_EXECUTOR is not set; plans are carried out by a contract")
    return Expectations(
        executor=parse_address(settings.executor_address),
        operator=operator,
        native_token=link.addresses.native_token,
        base_tokens=link.tokens,
        vault=link.addresses.contracts.get(VAULT),
        aave=link.addresses.aave_pool,
    )


def stop_of(settings: Settings, control: ControlStore, clock: Clock) -> Stop:
    """Return the emergency stop of this installation."""
    file = StopFile(settings.data_dir.absolute() / STOP_FILE)
    return Stop((file, control.stops), (StopVariable(),), clock)


def _relays(settings: Settings) -> list[BundleRelay]:
    # Relays know a searcher by a key that pays for nothing; a new one has no history to lose.
    identity = RelayIdentity(LocalSigner(parse_private_key(secrets.token_hex(32))))
    urls = [url.get_secret_value() for url in settings.relay_urls]
    return [BundleRelay(f"relay-{n}", url, identity) for n, url in enumerate(urls, start=1)]


def _public(settings: Settings) -> PublicMempool | None:
    if not settings.public_mempool:
        return None
    by_http = [each for each in endpoints_of(settings) if not each.is_socket]
    if not by_http:
        raise ConfigurationError(
            "PUBLIC_MEMPOOL is on and no node is reached by http(s); allowed is on only with one"
        )
    return PublicMempool(by_http[0].name, by_http[0].url)
