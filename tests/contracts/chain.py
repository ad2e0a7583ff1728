"""A chain of our own: anvil on a free loopback port, spoken to in plain JSON-RPC."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import re
import subprocess
import threading
from collections import deque
from pathlib import Path
from typing import Any, Self

from tests.contracts.abi import encode

# The first of the accounts that anvil always has; it holds play money.
DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
# One call holds hundreds of swaps: no limit that a block of mainnet has may end it.
GAS = 1 << 44
ZERO = "0x" + "00" * 20
EXECUTION_REVERTED = 3
CALL_SECONDS = 100
_LISTENING = re.compile(r"Listening on 127\.0\.0\.1:(\d+)")


class ChainError(Exception):
    """The node refused what the tests' own set-up asked."""


class Reverted(ChainError):
    """A call was refused by a contract; `data` is what it says."""

    def __init__(self, message: str, data: bytes) -> None:
        super().__init__(message)
        self.data = data


class Chain:
    """A running anvil; leave the `with` block, or call `close`, to end it."""

    def __init__(self, program: Path) -> None:
        # It picks the port itself, so two that start together never take the same one.
        options = ["--host=127.0.0.1", "--port=0", f"--gas-limit={GAS}", "--hardfork=cancun"]
        options += ["--disable-console-log", "--base-fee=0", "--no-request-size-limit"]
        self._process = subprocess.Popen(
            [str(program), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._ids = itertools.count(1)
        port = self._port()
        # It writes a line for each request, and would stop at a pipe that nobody empties.
        self._drain = threading.Thread(target=deque, args=(self._process.stdout, 0), daemon=True)
        self._drain.start()
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_SECONDS)

    def _port(self) -> int:
        said = []
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = _LISTENING.search(line)
            if found:
                return int(found[1])
            said.append(line)
        self.close()
        raise ChainError(f"anvil ended before it listened: {''.join(said[-5:])}")

    def close(self) -> None:
        """End anvil and wait until it is gone."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if hasattr(self, "_drain"):
            self._drain.join()
            self._connection.close()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, method: str, *parameters: Any) -> Any:
        """Make one JSON-RPC request.

        Raises:
            Reverted: a contract refused it.
            ChainError: the node did.
        """
        request = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": parameters}
        body = json.dumps(request).encode()
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self._connection.getresponse().read())
        if "error" in answer:
            error = answer["error"]
            if error.get("code") == EXECUTION_REVERTED:
                data = bytes.fromhex(error.get("data", "0x")[2:])
                raise Reverted(f"{method}: {error['message']}", data)
            raise ChainError(f"{method}: {error}")
        return answer["result"]

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
