"""Anvil: an Ethereum node of our own, on a free loopback port, gone when we are."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from aineon.errors import RehearsalError
from aineon.primitives.units import GWEI
from aineon.rehearsal import guard, packages
from aineon.rehearsal.chains import CHAIN_ID
from aineon.rehearsal.rpc import Rpc

GAS_LIMIT = 60_000_000
_CLOSE_SECONDS = 10


@dataclass(frozen=True, slots=True)
class AnvilOptions:
    """How a chain is to be.

    Attributes:
        gas_limit: of a block.
        base_fee_wei: of the first block; EIP-1559 moves it on. None switches base fees off.
        hardfork: the rules; mainnet's by default, the most gas of a transaction (EIP-7825) too.
        block_seconds: how often a block is made; None: one for each transaction, at once, until
            `evm_setAutomine` says otherwise.
        order: of the transactions in a block: `fifo` as they came, `fees` by what they offer.
        genesis_timestamp: seconds; None for now.
        slots_in_epoch: blocks until a block is `safe`, and half of those until it is `finalized`.
        kept_states: of how many blocks the state can be read; older ones are forgotten, and
            nothing is written to the disk.
        kept_transactions: of how many blocks transactions and logs are kept; None for all.
        extra: further arguments.
    """

    chain_id: int = CHAIN_ID
    gas_limit: int = GAS_LIMIT
    base_fee_wei: int | None = GWEI
    hardfork: str = "osaka"
    block_seconds: int | None = None
    order: str = "fees"
    genesis_timestamp: int | None = None
    slots_in_epoch: int = 32
    kept_states: int = 128
    kept_transactions: int | None = None
    extra: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Return anvil's command line."""
        # It picks the port itself, so two that start together never take the same one.
        every = ["--host=127.0.0.1", "--port=0", "--disable-console-log"]
        every += [f"--chain-id={self.chain_id}", f"--gas-limit={self.gas_limit}"]
        every += [f"--hardfork={self.hardfork}", f"--order={self.order}"]
        every += [f"--block-base-fee-per-gas={self.base_fee_wei or 0}"]
        every += [f"--slots-in-an-epoch={self.slots_in_epoch}"]
        every += [f"--prune-history={self.kept_states}"]
        if self.kept_transactions is not None:
            every += [f"--transaction-block-keeper={self.kept_transactions}"]
        if self.hardfork == "osaka":
            every += ["--enable-tx-gas-limit"]
        if self.block_seconds is not None:
            every += [f"--block-time={self.block_seconds}"]
        if self.genesis_timestamp is not None:
            every += [f"--timestamp={self.genesis_timestamp}"]
        return [*every, *self.extra]


class Anvil:
    """A running anvil; leave the `with` block, or call `close`, to end it.

    It also ends when this process does, however that comes.

    Attributes:
        options: how it was started.
        url: where it answers, HTTP and WebSocket alike.
        rpc: a connection to it.
    """

    def __init__(self, process: subprocess.Popen[str], port: int, options: AnvilOptions) -> None:
        self._process = process
        self.options = options
        self.url = f"http://127.0.0.1:{port}"
        self.rpc = Rpc(self.url)

    @classmethod
    def start(cls, options: AnvilOptions | None = None, program: Path | None = None) -> Anvil:
        """Start one; it takes some 50 ms and blocks.

        Args:
            options: how the chain is to be.
            program: where anvil is; None for the fetched one.

        Raises:
            Unavailable: anvil is not at hand.
            RehearsalError: it ended before it listened.
        """
        options = options or AnvilOptions()
        command = [str(program or packages.anvil()), *options.arguments()]
        process = subprocess.Popen(  # noqa: S603 (our own guard, and the pinned anvil)
            [sys.executable, "-I", "-S", guard.__file__, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # Ctrl-C is for whoever started us; they end anvil when they are done with it.
            start_new_session=True,
        )
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        if not said.isdecimal():
            _end(process)
            raise RehearsalError(f"anvil ended before it listened: {said or 'without a word'}")
        return cls(process, int(said), options)

    @property
    def websocket_url(self) -> str:
        """Where subscriptions are had."""
        return self.url.replace("http", "ws", 1)

    @property
    def is_running(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it and wait until it is gone."""
        self.rpc.close()
        _end(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, method: str, *parameters: Any) -> Any:
        """Make one JSON-RPC request; see `Rpc.ask`."""
        return self.rpc.ask(method, *parameters)


def _end(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(_CLOSE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
