"""BlockMaker: makes the chain's blocks, one when it is told to, or one every few seconds.

A block holds the best bundles, then what waits in the open, then the traders' swaps, then the
crowd. A trader never sees, nor gets before, a bundle.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from aineon.chain.fees import next_base_fee_wei
from aineon.errors import RehearsalError, RehearsalRefused
from aineon.feeds.sandbox.prices import OutsidePrices
from aineon.primitives import Address, parse_address
from aineon.primitives.units import GWEI
from aineon.rehearsal.bundles import Builder, Bundle, Fate, NextBlock, Verdict
from aineon.rehearsal.crowd import BURNER, Crowd
from aineon.rehearsal.rpc import Request
from aineon.rehearsal.traders import Order, Traders
from aineon.rehearsal.world import World

COINBASE = parse_address("0x" + "00" * 16 + "b1111de4")
"""Who builds the blocks, and is paid for it."""

_TRADER_TIP_WEI = GWEI
_CROWD_TIP_WEI = GWEI // 10
_SWAP_GAS = 500_000
# A cap that stays above the base fee for some blocks, as wallets choose it.
_FEE_HEADROOM = 2


class BundleSource(Protocol):
    """Where bundles come from: a relay."""

    def take(self, block: int) -> list[Bundle]:
        """Return the bundles for a block that is being made; they and all older ones are gone."""

    def tell(self, verdicts: Sequence[Verdict]) -> None:
        """Hear what became of them."""


class MadeBlock(NamedTuple):
    """A block that was made, and the fates of the bundles that were meant for it."""

    number: int
    timestamp: int
    orders: int
    verdicts: tuple[Verdict, ...]


class BlockMaker:
    """Makes the blocks of a world from now on; the node makes none by itself any more.

    Args:
        bundles: asked before each block; None for none.
        usual_base_fee_wei: what the base fee starts at and is drawn to.
        seconds_apart: of the blocks' timestamps; None for the clock's time.

    Raises:
        RehearsalError: the node does not keep transactions in the order in which they came.
    """

    def __init__(
        self,
        world: World,
        bundles: BundleSource | None = None,
        *,
        usual_base_fee_wei: int = 2 * GWEI,
        seconds_apart: int | None = None,
    ) -> None:
        if world.anvil.options.order != "fifo":
            raise RehearsalError(
                f"the node orders transactions by {world.anvil.options.order!r}; allowed is 'fifo'"
            )
        self._world = world
        self._rpc = world.anvil.rpc
        self._bundles = bundles
        self._builder = Builder(self._rpc)
        self._seconds_apart = seconds_apart
        traders = world.accounts.traders
        prices = OutsidePrices(world.assets, world.seed)
        self._traders = Traders(world.seed, world.listings, world.sites, prices, traders)
        self._crowd_account = world.accounts.crowd
        self._usual_base_fee_wei = usual_base_fee_wei
        self._crowd: Crowd | None = None

    async def next_block(self) -> MadeBlock:
        """Make one block."""
        made = await asyncio.to_thread(self._prepare)
        bundles = self._bundles.take(made.number) if self._bundles is not None else []
        block = await asyncio.to_thread(self._make, made, bundles)
        if self._bundles is not None:
            self._bundles.tell(block.verdicts)
        return block

    async def run(self, seconds: float) -> None:
        """Make a block every so many seconds, for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self.next_block()
            due = max(due + seconds, loop.time())
            await asyncio.sleep(due - loop.time())

    def _start(self) -> Crowd:
        """Take the making of blocks over from the node, at a base fee as usual."""
        rpc = self._rpc
        rpc.ask("evm_setAutomine", False)
        rpc.ask("anvil_setCoinbase", COINBASE)
        rpc.ask("anvil_setNextBlockBaseFeePerGas", hex(self._usual_base_fee_wei))
        latest = rpc.ask("eth_getBlockByNumber", "latest", False)
        time_of_block = self._time_after(int(latest["timestamp"], 16))
        rpc.ask("evm_setNextBlockTimestamp", time_of_block)
        rpc.ask("evm_mine")
        return Crowd(rpc, self._world.seed, self._usual_base_fee_wei)

    def _prepare(self) -> NextBlock:
        if self._crowd is None:
            self._crowd = self._start()
        latest = self._rpc.ask("eth_getBlockByNumber", "latest", False)
        figures = [int(latest[name], 16) for name in ("baseFeePerGas", "gasUsed", "gasLimit")]
        return NextBlock(
            number=int(latest["number"], 16) + 1,
            timestamp=self._time_after(int(latest["timestamp"], 16)),
            base_fee_wei=next_base_fee_wei(*figures),
            coinbase=COINBASE,
        )

    def _time_after(self, last: int) -> int:
        if self._seconds_apart is not None:
            return last + self._seconds_apart
        return max(int(time.time()), last + 1)

    def _make(self, block: NextBlock, bundles: Sequence[Bundle]) -> MadeBlock:
        verdicts = self._builder.choose(bundles, block) if bundles else []
        orders = self._traders.orders(self._world.read_pools())
        verdicts = self._put_first(verdicts)
        sent = [*self._swaps(orders, block), *self._burns(block)]
        self._rpc.ask_many([("eth_sendTransaction", [each]) for each in sent])
        self._rpc.ask("evm_setNextBlockTimestamp", block.timestamp)
        self._rpc.ask("evm_mine")
        return MadeBlock(block.number, block.timestamp, len(orders), tuple(verdicts))

    def _put_first(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Put the chosen bundles before what waits in the open: the node keeps order of arrival."""
        chosen = [verdict for verdict in verdicts if verdict.fate is Fate.INCLUDED]
        if not chosen:
            return list(verdicts)
        waiting = self._waiting()
        self._rpc.ask("anvil_dropAllTransactions")
        told = [self._send(verdict) if verdict in chosen else verdict for verdict in verdicts]
        for raw in waiting:
            # One that has the nonce of a bundle's transaction is not wanted any more.
            self._try_send(raw)
        return told

    def _waiting(self) -> list[str]:
        """Return the raw transactions of the open pool, by sender in the order of their nonces."""
        pool = self._rpc.ask("txpool_content")
        queues = [*pool["pending"].values(), *pool["queued"].values()]
        hashes = [queue[nonce]["hash"] for queue in queues for nonce in sorted(queue, key=int)]
        asked: list[Request] = [("eth_getRawTransactionByHash", [each]) for each in hashes]
        return [raw for raw in self._rpc.ask_many(asked) if raw is not None]

    def _send(self, verdict: Verdict) -> Verdict:
        raws = [each.raw for each in verdict.bundle.transactions]
        if all(self._try_send(raw) for raw in raws):
            return verdict
        return verdict._replace(fate=Fate.REFUSED)

    def _try_send(self, raw: str) -> bool:
        try:
            self._rpc.ask("eth_sendRawTransaction", raw)
        except RehearsalRefused:
            return False
        return True

    def _swaps(self, orders: Sequence[Order], block: NextBlock) -> list[dict[str, Any]]:
        return [
            _request(order.trader, order.to, _SWAP_GAS, block, _TRADER_TIP_WEI, order.data)
            for order in orders
        ]

    def _burns(self, block: NextBlock) -> list[dict[str, Any]]:
        assert self._crowd is not None
        gas_limit = self._world.anvil.options.gas_limit
        return [
            _request(self._crowd_account, BURNER, gas, block, _CROWD_TIP_WEI)
            for gas in self._crowd.gas_of_transactions(block.base_fee_wei, gas_limit)
        ]


def _request(
    sender: Address, to: Address, gas: int, block: NextBlock, tip_wei: int, data: bytes = b""
) -> dict[str, Any]:
    return {
        "from": sender,
        "to": to,
        "gas": hex(gas),
        "data": f"0x{data.hex()}",
        "maxFeePerGas": hex(_FEE_HEADROOM * block.base_fee_wei + tip_wei),
        "maxPriorityFeePerGas": hex(tip_wei),
    }
