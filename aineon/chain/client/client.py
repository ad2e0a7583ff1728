"""Reads Ethereum through one or more nodes, and tells a failing node from a refused read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Self, TypeVar

from aineon.chain.client.calls import Calls
from aineon.chain.client.endpoints import ChainIdentity, Endpoint
from aineon.chain.client.failures import LOGS
from aineon.chain.client.heads import Heads
from aineon.chain.client.health import Agreement, NodeHealth
from aineon.chain.client.logs import LogFilter, SplitLogs, checked, log_filter
from aineon.chain.client.node import Genesis, Node
from aineon.chain.client.options import ClientOptions
from aineon.chain.client.pool import NodePool, Sleep
from aineon.chain.client.redaction import Redaction
from aineon.chain.client.transport import OpenTransport, transport_to
from aineon.chain.client.values import (
    FLOATING,
    block_of,
    block_parameter,
    call_parameter,
    content,
    is_hash,
    quantity,
    receipt_of,
    simulated_calls,
    spelled,
)
from aineon.chain.decoding import RawLog
from aineon.chain.reader import BlockRef, Call, Receipt, SimulatedCall
from aineon.errors import (
    CallReverted,
    ChainError,
    InvalidValue,
    NodeUnavailable,
    UnknownBlock,
)
from aineon.primitives import Address, Block, Clock, SystemClock

T = TypeVar("T")


class ChainClient:
    """A `ChainReader` over several nodes, in the order in which they are preferred.

    A read goes to the first healthy node, and to the next one where that one fails, refuses, or
    does not know the block yet. A contract's own refusal is an answer and goes to nobody else.
    Reads of the newest state ask healthy nodes alone; reads of a block by height or hash ask
    stale ones too, after the others. Nothing here sends a transaction.
    """

    def __init__(
        self,
        pool: NodePool,
        genesis: Genesis,
        options: ClientOptions,
        clock: Clock,
        sleep: Sleep,
    ) -> None:
        self._pool = pool
        self._genesis = genesis
        self._options = options
        self._clock = clock
        self._sleep = sleep
        self._room = asyncio.Semaphore(options.parallel)
        self._calls = Calls(self._call_in_turn, self._revert_of, options.calls_at_once)

    @classmethod
    async def connect(
        cls,
        endpoints: Sequence[Endpoint],
        chain: ChainIdentity,
        clock: Clock | None = None,
        *,
        options: ClientOptions | None = None,
        transport: OpenTransport = transport_to,
        sleep: Sleep = asyncio.sleep,
    ) -> Self:
        """Connect to every node that answers, and see that it reads the right chain.

        Args:
            endpoints: the nodes, the preferred one first.
            chain: what the nodes' chain id and genesis hash must be.
            clock: tells the age of heads; the machine's by default.
            options: how patient the client is.
            transport: how an endpoint is spoken to; by its URL's scheme by default.
            sleep: waits so many seconds.

        Raises:
            InvalidValue: no node is named, or two have one name.
            WrongChain: all nodes read another chain.
            ChainError: no node can be read now.
        """
        names = [endpoint.name for endpoint in endpoints]
        if not names or len(set(names)) < len(names):
            raise InvalidValue(f"the nodes are named {names}; allowed are one or more, each once")
        options, clock = options or ClientOptions(), clock or SystemClock()
        genesis = Genesis(chain.chain_id, chain.genesis_hash)
        redaction = Redaction(endpoint.url for endpoint in endpoints)
        nodes = [
            Node(each, transport(each, redaction), genesis, redaction, options, clock)
            for each in endpoints
        ]
        pool = NodePool(nodes, options, sleep)
        failures = await pool.check()
        if len(failures) == len(nodes):
            await pool.aclose()
            raise pool.verdict(failures)
        pool.watch()
        return cls(pool, genesis, options, clock, sleep)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"ChainClient({', '.join(node.name for node in self._pool.nodes)})"

    # --- how the nodes are doing -----------------------------------------------------------

    @property
    def chain_id(self) -> int:
        return self._genesis.chain_id

    def health(self) -> tuple[NodeHealth, ...]:
        """Return how each node is doing, as of now, in the order of preference."""
        return self._pool.health()

    async def check(self) -> dict[str, ChainError]:
        """Ask every node for its head, connecting anew to those that are due; return failures.

        This also happens by itself, again and again.
        """
        return await self._pool.check()

    async def agreement(self, block_number: int) -> Agreement:
        """Ask every node for the block at one height, and return which hashes they name."""

        async def hash_at(node: Node) -> str | None:
            block = await node.read(
                _block_or_none, "eth_getBlockByNumber", hex(block_number), False
            )
            return None if block is None else block.hash

        hashes, failures = await self._pool.of_each(hash_at)
        return Agreement(
            block_number, hashes, {name: str(failure) for name, failure in failures.items()}
        )

    # --- reads -----------------------------------------------------------------------------

    async def request(self, method: str, *parameters: Any) -> Any:
        """Make one JSON-RPC read and return its result as the node spelled it."""
        return await self._pool.read(lambda node: node.ask(method, *parameters), pinned=False)

    async def block(self, block: BlockRef) -> Block | None:
        """Return the header of a block; None where no node knows such a block.

        Raises:
            InvalidValue: `block` is no height, hash or tag.
            ChainError: no node can be read.
        """
        named = block_parameter(block)
        method = "eth_getBlockByHash" if is_hash(block) else "eth_getBlockByNumber"
        place = block if is_hash(block) else named

        async def read(node: Node) -> Block | None:
            found = await node.read(_block_asked_for(block), method, place, False)
            if found is None:
                raise UnknownBlock(f"{node.name} knows no block {block}")
            return found

        with suppress(UnknownBlock):
            return await self._pool.read(read, pinned=_is_pinned(block), waits=False)
        return None

    async def logs(
        self,
        *,
        block_hash: str | None = None,
        from_block: int | None = None,
        to_block: int | None = None,
        addresses: Sequence[Address] = (),
        topics: Sequence[Sequence[str]] = (),
    ) -> list[RawLog]:
        """Return the logs of one block by hash, or of a range, in their order, each once.

        A range is split where a node refuses its width or the number of logs. Logs that were
        taken back, or are of other blocks than asked for, count as no answer.

        Raises:
            InvalidValue: neither one block nor one range is named.
            RangeTooWide: the logs of one address in one block are too many already.
            UnknownBlock: no node knows the block.
            ChainError: no node can be read.
        """
        wanted = log_filter(block_hash, from_block, to_block, addresses, topics)
        return await SplitLogs(self._piece_of_logs).read(wanted)

    async def call(self, call: Call, block: BlockRef = "latest") -> bytes:
        """Return what a contract answers.

        Raises:
            CallReverted: the contract refused it.
            UnknownBlock: no node knows the block.
            ChainError: no node can be read.
        """
        return await self._at(block, content, "eth_call", call_parameter(call))

    async def calls(self, calls: Sequence[Call], block: BlockRef = "latest") -> list[bytes | None]:
        """Return the answers of many reads at one block; None for each that reverted.

        Hundreds go into one request, as static calls of a contract that exists for it alone. A
        contract that looks at who calls it needs a `sender`: such a call is made on its own. With
        `latest`, all are made at one block, the newest that is known when the read begins.

        Raises:
            UnknownBlock: no node knows the block.
            ChainError: no node can be read.
        """
        if block == "latest" and len(calls) > 1:
            newest = await self.block("latest")
            block = newest.hash if newest is not None and newest.hash else block
        return await self._calls.read(calls, block)

    async def simulate(
        self,
        transactions: Sequence[Mapping[str, Any]],
        block: BlockRef = "latest",
        *,
        state_overrides: Mapping[str, Any] | None = None,
        block_overrides: Mapping[str, Any] | None = None,
    ) -> list[SimulatedCall]:
        """Run transactions one after the other on top of `block` (`eth_simulateV1`).

        Ints and bytes in the mappings are spelled as JSON-RPC wants them.

        Raises:
            NodeRefused: a transaction or an override is none, or no node can simulate.
            ChainError: no node can be read.
        """
        wanted: dict[str, Any] = {"calls": [spelled(each) for each in transactions]}
        if state_overrides:
            wanted["stateOverrides"] = spelled(state_overrides)
        if block_overrides:
            wanted["blockOverrides"] = spelled(block_overrides)
        return await self._at(
            block,
            lambda blocks: simulated_calls(blocks, len(transactions)),
            "eth_simulateV1",
            {"blockStateCalls": [wanted]},
        )

    async def receipt(self, transaction_hash: str) -> Receipt | None:
        """Return the receipt of a transaction; None where no node knows it in a block.

        Raises:
            ChainError: no node can be read.
        """

        async def read(node: Node) -> Receipt:
            found = await node.read(
                lambda receipt: None if receipt is None else receipt_of(receipt),
                "eth_getTransactionReceipt",
                transaction_hash,
            )
            if found is None:
                raise UnknownBlock(f"{node.name} knows no block with {transaction_hash}")
            return found

        with suppress(UnknownBlock):
            return await self._pool.read(read, pinned=True, waits=False)
        return None

    async def nonce(self, address: Address, block: BlockRef = "latest") -> int:
        """Return how many transactions of `address` are in blocks (or pending)."""
        return await self._at(block, quantity, "eth_getTransactionCount", address)

    async def balance(self, address: Address, block: BlockRef = "latest") -> int:
        """Return the ether of `address`, in wei."""
        return await self._at(block, quantity, "eth_getBalance", address)

    async def code(self, address: Address, block: BlockRef = "latest") -> bytes:
        """Return the code at `address`; empty where there is none."""
        return await self._at(block, content, "eth_getCode", address)

    def heads(self) -> AsyncIterator[Block]:
        """Yield new heads as they come, by subscription or polling.

        There may be gaps, and heads of another branch, also lower ones. The iteration ends with
        an error where no node can be read; it can be begun again.

        Raises:
            ChainError: no node can be read.
        """
        return Heads(
            self._pool.nodes, self._newest, self._options, self._clock, self._sleep
        ).__aiter__()

    # --- inside ----------------------------------------------------------------------------

    async def _newest(self) -> Block:
        return await self._pool.read(Node.refresh_head, pinned=False)

    async def _at(
        self, block: BlockRef, parse: Callable[[Any], T], method: str, *parameters: Any
    ) -> T:
        """Read a piece of state at a block."""
        place = block_parameter(block)
        return await self._pool.read(
            lambda node: node.read(parse, method, *parameters, place), pinned=_is_pinned(block)
        )

    async def _call_in_turn(self, call: Call, block: BlockRef) -> bytes:
        async with self._room:
            return await self.call(call, block)

    async def _revert_of(self, code: bytes, block: BlockRef) -> bytes:
        """Run creation code that ends in a revert, and return what it reverts with."""

        async def read(node: Node) -> bytes:
            place = block_parameter(block)
            try:
                await node.ask("eth_call", call_parameter(Call(None, code)), place)
            except CallReverted as reverted:
                return reverted.data
            raise NodeUnavailable(f"{node.name} did not run a program that it was to run")

        async with self._room:
            return await self._pool.read(read, pinned=_is_pinned(block))

    async def _piece_of_logs(self, wanted: LogFilter) -> list[RawLog]:
        async def read(node: Node) -> list[RawLog]:
            logs = await node.read(lambda found: checked(wanted, found), LOGS, wanted.parameter())
            await self._must_know(node, wanted, logs)
            return logs

        async with self._room:
            return await self._pool.read(read, pinned=True)

    async def _must_know(self, node: Node, wanted: LogFilter, logs: Sequence[RawLog]) -> None:
        """See that a node knows the blocks: many answer with what they have, and say no more."""
        if wanted.block_hash is None:
            if node.head is None or node.head.number < wanted.to_block:
                head = await node.refresh_head()
                if head.number < wanted.to_block:
                    raise UnknownBlock(f"{node.name} knows no block {wanted.to_block}")
        elif not logs:
            method, place = "eth_getBlockByHash", wanted.block_hash
            if await node.read(_block_or_none, method, place, False) is None:
                raise UnknownBlock(f"{node.name} knows no block {place}")


def _is_pinned(block: BlockRef) -> bool:
    return block not in FLOATING


def _block_or_none(header: Any) -> Block | None:
    return None if header is None else block_of(header)


def _block_asked_for(wanted: BlockRef) -> Callable[[Any], Block | None]:
    """Return a parser of headers that takes no other block's."""

    def parse(header: Any) -> Block | None:
        block = _block_or_none(header)
        if block is None:
            return None
        if isinstance(wanted, int) and block.number != wanted:
            raise ValueError(f"the header of block {block.number}")
        if is_hash(wanted) and block.hash != str(wanted).lower():
            raise ValueError(f"the header of block {block.hash}")
        return block

    return parse
