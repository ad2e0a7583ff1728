"""How plans are tried and carried out: on paper, or through a contract on a chain.

The composition root chooses between the two; nothing here knows the mode.
"""

from __future__ import annotations

import os
import secrets
import socket
from typing import TYPE_CHECKING, Final

from aineon.chain.addresses import MAINNET_CHAIN_ID
from aineon.errors import ConfigurationError, InvalidKey
from aineon.execution.contract import Deployment
from aineon.execution.executor import Executor, Preflight
from aineon.execution.live.readiness import Expectations
from aineon.execution.preflight import ChainPreflight, LocalPreflight
from aineon.execution.settlement import OnchainMoney
from aineon.ledger.control import ControlStore
from aineon.primitives import Address, Clock, parse_address
from aineon.rehearsal.chains import is_rehearsal_chain
from aineon.runtime.auditing import audit_of
from aineon.runtime.books import Books
from aineon.runtime.chain_link import ChainLink, endpoints_of
from aineon.runtime.keys import Role, is_given, key_of
from aineon.runtime.settings import Settings
from aineon.runtime.ways import relay_names
from aineon.safety import REHEARSAL_STOP_FILE, STOP_FILE, Stop, StopFile, StopReporter, StopVariable
from aineon.search.costs import CostModel
from aineon.sending import (
    BundleRelay,
    LocalSigner,
    PublicMempool,
    RelayIdentity,
    Sender,
    Signer,
    parse_private_key,
)

PAUSE: Final = "chain"
"""What the executor contract's own pause is called among the places of the stop."""
PAUSE_PATIENCE_SECONDS: Final = 180.0
"""How long nobody may have looked at the pause: 15 blocks."""

if TYPE_CHECKING:
    from aineon.execution.live.dispatching import Dispatcher
    from aineon.ledger.reconciling import Reconciler
    from aineon.ledger.store import BookStore

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


def require_what_signs(settings: Settings, link: ChainLink) -> None:
    """Check that key, contract and a way to send are there, before anything is kept.

    Raises:
        ConfigurationError: one of them is missing.
        InvalidKey: others know the key, and the chain is no rehearsal's.
    """
    signer = signer_of(settings)
    expectations_of(settings, link, signer)
    others = [withdrawal_signer_of(settings)] if is_given(settings, Role.WITHDRAWALS) else []
    for each in (signer, *others):
        flaw = _key_flaw(each, link.reader.chain_id)
        if flaw:
            raise InvalidKey(flaw)
    _public(settings)


def sender_of(
    settings: Settings,
    link: ChainLink,
    books: Books,
    signer: Signer,
    stop: Stop,
    clock: Clock,
) -> Sender:
    """Return what signs and sends for an account: as bundles, or publicly where that is allowed.

    One account has one sender: a second one would be refused the lease. `stop` is asked before
    each signature.

    Raises:
        ConfigurationError: as `require_what_signs`.
    """
    return Sender(
        books.book,
        signer,
        link.reader,
        stop,
        relays=_relays(settings),
        public=_public(settings),
        holder=f"{socket.gethostname()}, process {os.getpid()}",
        clock=clock,
    )


def on_chain(
    settings: Settings,
    link: ChainLink,
    books: Books,
    costs: CostModel,
    clock: Clock,
    stop: Stop,
    money: type[OnchainMoney],
    signer: LocalSigner,
    sender: Sender,
    dispatch: Dispatcher,
) -> tuple[Preflight, Executor]:
    """Try plans on the chain, and send them through `sender`, which is the `signer`'s.

    `stop` is the sender's too; `money` is what the book counts in; `dispatch` says which relays
    get a plan.

    Raises:
        ConfigurationError: as `require_what_signs`.
    """
    from aineon.execution.live.executor import LiveExecutor, LiveRules
    from aineon.execution.live.gas import GasStrategy
    from aineon.execution.live.journal import Journal
    from aineon.execution.live.verification import NodeWitness, Witness

    expected = expectations_of(settings, link, signer)
    store, native = books.book, link.addresses.native_token
    witnesses: list[Witness] = []
    if link.witness is not None:
        witnesses.append(NodeWitness("another node", link.witness))
    if settings.etherscan_api_key is not None and link.reader.chain_id == MAINNET_CHAIN_ID:
        from aineon.execution.live.etherscan import EtherscanWitness

        witnesses.append(EtherscanWitness(settings.etherscan_api_key.get_secret_value()))
    pause = StopReporter(PAUSE, PAUSE_PATIENCE_SECONDS, clock)
    stop.also(pause)
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
        reconciler=_reconciler(settings, link, store, stop, expected, clock),
        pause=pause,
        dispatch=dispatch,
        audit=audit_of(settings, books.control).catch_up,
        clock=clock,
    )
    return ChainPreflight(link.reader, expected.executor, signer.address, native), executor


def _reconciler(
    settings: Settings,
    link: ChainLink,
    store: BookStore,
    stop: Stop,
    expected: Expectations,
    clock: Clock,
) -> Reconciler:
    """Compare what operator and treasury have with what the books say of them."""
    from aineon.execution.live.readiness import read_roles
    from aineon.ledger.reconciling import Reconciler

    async def holders(block_hash: str) -> tuple[Address, ...]:
        roles = await read_roles(link.reader, expected.executor, block_hash)
        return expected.operator, roles.treasury

    return Reconciler(
        link.reader,
        store,
        stop,
        settings.reconcile_blocks,
        holders=holders,
        tokens=link.tokens,
        clock=clock,
    )


def signer_of(settings: Settings) -> LocalSigner:
    """Return the signer that the settings give.

    Raises:
        ConfigurationError: there is no key, or its keystore cannot be opened.
    """
    return LocalSigner(key_of(settings, Role.TRADING))


def withdrawal_signer_of(settings: Settings) -> LocalSigner:
    """Return the signer of withdrawals: one of their own, or the one that trades.

    Raises:
        ConfigurationError: there is neither, or the keystore cannot be opened.
    """
    has_its_own = is_given(settings, Role.WITHDRAWALS)
    return LocalSigner(key_of(settings, Role.WITHDRAWALS if has_its_own else Role.TRADING))


def guardian_signer_of(settings: Settings) -> LocalSigner | None:
    """Return the signer that may pause the contract; None where the guardian is not ours.

    Raises:
        ConfigurationError: its keystore cannot be opened.
    """
    if not is_given(settings, Role.GUARDIAN):
        return None
    return LocalSigner(key_of(settings, Role.GUARDIAN))


def expectations_of(settings: Settings, link: ChainLink, signer: LocalSigner) -> Expectations:
    """Return what contract and account should be like for these settings.

    Raises:
        ConfigurationError: the contract's address is not given.
    """
    if settings.executor_address is None:
        raise ConfigurationError("AINEON_EXECUTOR is not set; plans are carried out by a contract")
    return Expectations(
        executor=parse_address(settings.executor_address),
        operator=signer.address,
        native_token=link.addresses.native_token,
        base_tokens=link.tokens,
        vault=link.addresses.contracts.get(VAULT),
        aave=link.addresses.aave_pool,
        key_flaw=_key_flaw(signer, link.reader.chain_id),
    )


def _key_flaw(signer: LocalSigner, chain_id: int) -> str:
    """Why the key is no secret; a rehearsal's play money needs none."""
    if is_rehearsal_chain(chain_id):
        return ""
    try:
        signer.require_secret()
    except InvalidKey as error:
        return str(error)
    return ""


def stop_of(settings: Settings, control: ControlStore, clock: Clock) -> Stop:
    """Return the emergency stop of this installation."""
    from aineon.runtime.auditing import noted

    keepers = (_common_file(settings), noted(control.stops, settings, control))
    return Stop(keepers, (stop_variable(settings),), clock)


def rehearsal_stop_of(settings: Settings, control: ControlStore, clock: Clock) -> Stop:
    """Return a rehearsal's emergency stop: what it latches stops rehearsals alone.

    The installation's own stops it as well; a rehearsal looks there and writes nothing.
    """
    from aineon.runtime.auditing import noted

    own = StopFile(settings.data_dir.absolute() / REHEARSAL_STOP_FILE, REHEARSAL_STOP_FILE)
    places = (_common_file(settings), control.stops, stop_variable(settings))
    return Stop((noted(own, settings, control),), places, clock)


def stop_variable(settings: Settings) -> StopVariable:
    """Return AINEON_STOP as a place of the stop: of the environment, and of `.env`."""
    return StopVariable(setting=settings.emergency_stop)


def _common_file(settings: Settings) -> StopFile:
    return StopFile(settings.data_dir.absolute() / STOP_FILE)


def _relays(settings: Settings) -> list[BundleRelay]:
    # Relays know a searcher by a key that pays for nothing; a new one has no history to lose.
    identity = RelayIdentity(LocalSigner(parse_private_key(secrets.token_hex(32))))
    urls = [url.get_secret_value() for url in settings.relay_urls]
    names = relay_names(settings)
    return [BundleRelay(name, url, identity) for name, url in zip(names, urls, strict=True)]


def _public(settings: Settings) -> PublicMempool | None:
    if not settings.public_mempool:
        if not settings.relay_urls:
            raise ConfigurationError(
                "AINEON_RELAYS is none and PUBLIC_MEMPOOL is off, so nobody would carry a trade; "
                "allowed is one of them at least"
            )
        return None
    by_http = [each for each in endpoints_of(settings) if not each.is_socket]
    if not by_http:
        raise ConfigurationError(
            "PUBLIC_MEMPOOL is on and no node is reached by http(s); allowed is on only with one"
        )
    return PublicMempool(by_http[0].name, by_http[0].url)
