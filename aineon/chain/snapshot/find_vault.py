"""Finding pools in Balancer's Vault: by a list, and by what the Vault has logged since.

Source: Balancer V2, PoolTokens.sol (`TokensRegistered`, `getPoolTokens`), BasePoolFactory.sol
(`isPoolFromFactory`). A two-token pool's id and every other's begins with the pool's address.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from aineon.chain.addresses import ChainAddresses, KnownVault
from aineon.chain.decoding import RawLog
from aineon.chain.reader import ChainReader
from aineon.chain.snapshot.calls import TOKENS_REGISTERED, Answer, addresses_of, ask
from aineon.chain.snapshot.metadata import read_tokens
from aineon.chain.snapshot.pinned import PinnedChain
from aineon.chain.snapshot.seeds import VaultPoolKind, VaultSeed
from aineon.chain.snapshot.vault import rate_providers
from aineon.errors import ConfigurationError, InvalidLog, NodeRefused, RangeTooWide
from aineon.primitives import Address

_WORD = 32
# Two offsets and a block number, then two lists with their lengths.
_HEAD_WORDS = 3
# Listed pools do not say how many tokens they hold; those that can be quoted hold up to eight.
_MOST_TOKENS = 9
# Blocks that a reorg may have taken back when they were last looked at.
_UNSETTLED = 64
_logger = logging.getLogger(__name__)


class VaultPool(NamedTuple):
    """A pool of the Vault that holds at least two of the tokens asked for."""

    pool_id: str
    tokens: tuple[Address, ...]

    @property
    def address(self) -> Address:
        """The pool's contract."""
        return Address(self.pool_id[:42])


class Registered(NamedTuple):
    """Pools that are known to be registered, and the block up to which all of them are."""

    pool_ids: tuple[str, ...]
    until: int


async def registered_pools(
    reader: ChainReader,
    chain: PinnedChain,
    vault: KnownVault,
    wanted: Collection[Address],
    earlier: Registered,
) -> Registered:
    """Return the pools with at least two wanted tokens, those registered since `earlier` too.

    A node that refuses to search its logs so far back leaves it at the earlier ones, and that
    is noted.

    Raises:
        ChainError: the chain cannot be read.
    """
    last = chain.block.number
    first = earlier.until + 1
    if first > last:
        return earlier
    try:
        logs = await reader.logs(
            from_block=first,
            to_block=last,
            addresses=[vault.address],
            topics=[[TOKENS_REGISTERED]],
        )
    except (NodeRefused, RangeTooWide) as error:
        _logger.warning(
            "Balancer pools made in blocks %d to %d were not looked for: %s", first, last, error
        )
        return earlier
    held: dict[str, set[Address]] = {}
    for log in logs:
        pool_id, tokens = _registration(log)
        held.setdefault(pool_id, set()).update(tokens & set(wanted))
    new = [pool_id for pool_id, tokens in held.items() if len(tokens) > 1]
    settled = max(last - _UNSETTLED, earlier.until)
    return Registered(tuple(dict.fromkeys((*earlier.pool_ids, *new))), settled)


async def holding(
    chain: PinnedChain, vault: KnownVault, pool_ids: Sequence[str], wanted: Collection[Address]
) -> list[VaultPool]:
    """Return those of the pools that hold at least two of the wanted tokens."""
    words = _HEAD_WORDS + 2 * (1 + _MOST_TOKENS)
    reads = [
        ask(vault.address, "getPoolTokens(bytes32)", int(pool_id, 16), words=words)
        for pool_id in pool_ids
    ]
    answers = await chain.read(reads, "Balancer pools")
    pools = (
        VaultPool(pool_id, _tokens(answer))
        for pool_id, answer in zip(pool_ids, answers, strict=True)
    )
    return [pool for pool in pools if len(set(pool.tokens) & set(wanted)) > 1]


async def vault_seeds(
    chain: PinnedChain, known: ChainAddresses, vault: KnownVault, pools: Sequence[VaultPool]
) -> list[VaultSeed]:
    """Return the seeds of pools, each with the kind that its factory makes."""
    kinds = await _kinds(chain, vault.factories, pools)
    providers = await rate_providers(
        chain, [(pool.address, kinds.get(pool.address), len(pool.tokens)) for pool in pools]
    )
    tokens = await read_tokens(chain, known, {each for pool in pools for each in pool.tokens})
    return [
        VaultSeed(
            address=pool.address,
            pool_id=pool.pool_id,
            vault=vault.address,
            tokens=tuple(tokens[address] for address in pool.tokens),
            kind=kinds.get(pool.address),
            rate_providers=rates,
        )
        for pool, rates in zip(pools, providers, strict=True)
    ]


async def _kinds(
    chain: PinnedChain, factories: Mapping[Address, str], pools: Sequence[VaultPool]
) -> dict[Address, VaultPoolKind]:
    asked = [(pool, factory) for pool in pools for factory in factories]
    reads = [
        ask(factory, "isPoolFromFactory(address)", int(pool.address, 16)) for pool, factory in asked
    ]
    answers = await chain.read(reads, "Balancer factories")
    return {
        pool.address: _kind(factories[factory])
        for (pool, factory), answer in zip(asked, answers, strict=True)
        if answer.is_given and answer.word()
    }


def _kind(name: str) -> VaultPoolKind:
    try:
        return VaultPoolKind(name)
    except ValueError as error:
        allowed = ", ".join(kind.value for kind in VaultPoolKind)
        raise ConfigurationError(
            f"a Balancer factory makes pools of the kind {name!r}; allowed are {allowed}"
        ) from error


def _tokens(answer: Answer) -> tuple[Address, ...]:
    """Return the tokens of a pool, as many as were asked for; none where there is no such pool."""
    said = answer.said or b""
    count = int.from_bytes(said[_HEAD_WORDS * _WORD :][:_WORD], "big")
    start = (_HEAD_WORDS + 1) * _WORD
    words = _words(said[start : start + _WORD * min(count, 2 * _MOST_TOKENS)])
    return tuple(each for each in addresses_of(words) if each is not None)


def _registration(log: RawLog) -> tuple[str, set[Address]]:
    """Return which pool registered which tokens."""
    try:
        pool_id, data = _content(log["topics"][1]), _content(log["data"])
        count = _words(data[_WORD * 2 : _WORD * 3])[0]
        tokens = addresses_of(_words(data[_WORD * 3 : _WORD * (3 + count)]))
    except (LookupError, TypeError, ValueError) as error:
        raise InvalidLog(f"a log of Balancer's Vault names no pool: {error}") from error
    return "0x" + pool_id.hex(), {each for each in tokens if each is not None}


def _content(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else bytes.fromhex(value.removeprefix("0x"))


def _words(content: bytes) -> list[int]:
    return [int.from_bytes(content[at : at + _WORD], "big") for at in range(0, len(content), _WORD)]
