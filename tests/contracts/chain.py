"""A chain for comparisons: an anvil without limits, spoken to in the benches' own words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from aineon.errors import RehearsalRefused, RehearsalReverted
from aineon.rehearsal.anvil import Anvil, AnvilOptions
from tests.contracts.abi import encode

# The first of the accounts that anvil always has; it holds play money.
DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
# One call holds hundreds of swaps: no limit that a block of mainnet has may end it.
GAS = 1 << 44
ZERO = "0x" + "00" * 20
OPTIONS = AnvilOptions(
    gas_limit=GAS, base_fee_wei=None, hardfork="cancun", extra=("--no-request-size-limit",)
)

ChainError = RehearsalRefused
Reverted = RehearsalReverted


class Chain:
    """A running anvil; leave the `with` block, or call `close`, to end it."""

    def __init__(self, program: Path | None = None, options: AnvilOptions = OPTIONS) -> None:
        self.anvil = Anvil.start(options, program)
        self.ask = self.anvil.ask
        self.close = self.anvil.close

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, to: str, data: bytes) -> bytes:
        """Return what a contract answers; nothing on the chain changes."""
        request = {"from": DEPLOYER, "to": to, "data": "0x" + data.hex(), "gas": hex(GAS)}
        return bytes.fromhex(self.ask("eth_call", request, "latest")[2:])

    def send(self, to: str | None, data: bytes) -> dict[str, Any]:
        """Send a transaction, and return its receipt once it is in a block."""
        request = {"from": DEPLOYER, "data": "0x" + data.hex(), "gas": hex(1 << 32)}
        if to is not None:
            request["to"] = to
        receipt: dict[str, Any] = self.ask("eth_sendTransactionSync", request)
        if receipt["status"] != "0x1":
            raise ChainError(f"a transaction of the set-up was reverted: {receipt}")
        return receipt

    def deploy(self, code: str, *arguments: Any) -> str:
        """Create a contract with constructor arguments, and return its address."""
        data = bytes.fromhex(code.removeprefix("0x")) + encode(*map(as_argument, arguments))
        address: str = self.send(None, data)["contractAddress"]
        return address


def as_argument(value: Any) -> Any:
    """Return an address as the int that it is encoded as; anything else as it is."""
    return int(value, 16) if isinstance(value, str) else value
