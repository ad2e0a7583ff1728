"""Deploying and calling contracts on a chain of our own, from an account that it has unlocked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from eth_abi.abi import encode

from aineon.errors import RehearsalRefused, RehearsalReverted
from aineon.primitives import Address, parse_address
from aineon.rehearsal.calls import answer, call_data, reason_of
from aineon.rehearsal.packages import Package, artifact
from aineon.rehearsal.rpc import Rpc

ZERO = parse_address("0x" + "00" * 20)
MOST_GAS = 16_000_000
"""Below what a transaction may use at most (EIP-7825)."""


class Query(NamedTuple):
    """A read of a contract: whom, which function, and the types of its answer."""

    to: Address
    signature: str
    returns: tuple[str, ...]
    arguments: tuple[Any, ...] = ()


class Deployer:
    """Sends from one unlocked account; each transaction is in a block when its method returns.

    That takes a chain which makes a block for each transaction. Everything raises
    `RehearsalReverted`, with the contract's reason, where a transaction or call is reverted.
    """

    def __init__(self, rpc: Rpc, account: Address) -> None:
        self.rpc = rpc
        self.account = account

    def deploy(
        self, code: str | bytes, types: Sequence[str] = (), arguments: Sequence[Any] = ()
    ) -> Address:
        """Create a contract from its creation code and constructor arguments."""
        if isinstance(code, str):
            code = bytes.fromhex(code.removeprefix("0x"))
        receipt = self.transact(None, code + encode(types, arguments))
        return parse_address(receipt["contractAddress"])

    def deploy_packaged(
        self,
        package: Package,
        contract: str,
        *arguments: Any,
        libraries: Mapping[str, Address] | None = None,
    ) -> Address:
        """Create a contract of an npm package; `libraries` are linked into it by name."""
        compiled = artifact(package, contract)
        constructors = [entry for entry in compiled["abi"] if entry["type"] == "constructor"]
        types = [entry["type"] for each in constructors for entry in each["inputs"]]
        return self.deploy(linked(compiled, libraries or {}), types, arguments)

    def send(self, to: Address, signature: str, *arguments: Any, value: int = 0) -> dict[str, Any]:
        """Send a transaction to a contract and return its receipt."""
        return self.transact(to, call_data(signature, *arguments), value)

    def transact(self, to: Address | None, data: bytes, value: int = 0) -> dict[str, Any]:
        """Send a transaction and return its receipt once it is in a block."""
        request = {"from": self.account, "data": f"0x{data.hex()}", "gas": hex(MOST_GAS)}
        if to is not None:
            request["to"] = to
        if value:
            request["value"] = hex(value)
        receipt: dict[str, Any] = self.rpc.ask("eth_sendTransactionSync", request)
        if receipt["status"] != "0x1":
            # The same call tells the reason, which a receipt does not hold.
            self._call(request)
            raise RehearsalRefused(f"a transaction to {to} was reverted, and then was not")
        return receipt

    def call(
        self, to: Address, signature: str, returns: Sequence[str], *arguments: Any
    ) -> tuple[Any, ...]:
        """Return what a contract answers; nothing on the chain changes."""
        data = call_data(signature, *arguments)
        return answer(returns, self._call({"to": to, "data": f"0x{data.hex()}"}))

    def call_address(self, to: Address, signature: str, *arguments: Any) -> Address:
        """Return the address that a contract answers."""
        (found,) = self.call(to, signature, ["address"], *arguments)
        return parse_address(found)

    def call_many(self, queries: Sequence[Query]) -> list[tuple[Any, ...]]:
        """Return the answers of many reads, made in one request."""
        requests = [
            ("eth_call", [{"to": query.to, "data": _hex(query)}, "latest"]) for query in queries
        ]
        answers = self.rpc.ask_many(requests)
        return [
            answer(query.returns, bytes.fromhex(found[2:]))
            for query, found in zip(queries, answers, strict=True)
        ]

    def _call(self, request: Mapping[str, Any]) -> bytes:
        try:
            found: str = self.rpc.ask("eth_call", {"from": self.account, **request}, "latest")
        except RehearsalReverted as refusal:
            why = reason_of(refusal.data)
            raise RehearsalReverted(
                f"the call of {request.get('to')} was reverted: {why}", refusal.data
            ) from refusal
        return bytes.fromhex(found[2:])


def _hex(query: Query) -> str:
    return f"0x{call_data(query.signature, *query.arguments).hex()}"


def linked(compiled: Mapping[str, Any], libraries: Mapping[str, Address]) -> str:
    """Return creation code with the places of its libraries filled in."""
    code: str = compiled["bytecode"]
    for names in compiled.get("linkReferences", {}).values():
        for name, places in names.items():
            for place in places:
                start = 2 + 2 * place["start"]
                code = code[:start] + libraries[name][2:] + code[start + 2 * place["length"] :]
    return code


def library_names(compiled: Mapping[str, Any]) -> list[str]:
    """Return which libraries a contract has to be linked to."""
    return [name for names in compiled.get("linkReferences", {}).values() for name in names]
