"""What the compiler made of the executor, read from the file that the wheel ships."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from aineon.errors import ExecutionError
from aineon.primitives import Address

_WORD = 32
_ZERO = "0x" + "00" * 20
_CONSTRUCTOR = ("address",) * 8 + ("uint256", "address[]")


@cache
def _artifact() -> Mapping[str, Any]:
    text = files(__package__).joinpath("AineonExecutor.json").read_text("utf-8")
    artifact: dict[str, Any] = json.loads(text)
    return artifact


@dataclass(frozen=True, slots=True)
class Deployment:
    """What an executor is deployed with; only the first four can be changed later.

    Attributes:
        owner: sets the other roles; a multi-signature wallet, if possible.
        operator: sends trades.
        guardian: may pause.
        treasury: where all profit goes; what it allows is the own money of trades.
        weth, vault, aave, wsteth: wrapped ether, Balancer's Vault, Aave's Pool and wrapped staked
            ether of the chain; None where it has none.
        max_builder_share_bps: most that a block builder may get of what a trade makes.
        bases: the tokens that trades may begin and end with; more can be added, two days later.
    """

    owner: Address
    operator: Address
    guardian: Address
    treasury: Address
    weth: Address
    vault: Address | None
    aave: Address | None
    wsteth: Address | None
    max_builder_share_bps: int
    bases: Sequence[Address]

    def encode(self) -> bytes:
        """Return the constructor's arguments, ABI-encoded."""
        from eth_abi.abi import encode

        places = (
            self.owner, self.operator, self.guardian, self.treasury,
            self.weth, self.vault, self.aave, self.wsteth,
        )  # fmt: skip
        words = [place or _ZERO for place in places]
        return encode(_CONSTRUCTOR, [*words, self.max_builder_share_bps, list(self.bases)])


def abi() -> Sequence[Mapping[str, Any]]:
    """Return the executor's ABI, as Solidity and Vyper write it in JSON."""
    entries: Sequence[Mapping[str, Any]] = _artifact()["abi"]
    return entries


def compiler() -> str:
    """Return the version of Vyper that the code comes from."""
    return str(_artifact()["compiler"])


def creation_code(deployment: Deployment) -> bytes:
    """Return the data of the transaction that deploys an executor."""
    return bytes.fromhex(_artifact()["bytecode"][2:]) + deployment.encode()


def is_executor_code(code: bytes) -> bool:
    """Say whether deployed code is the executor's, whatever it was deployed with."""
    runtime = _runtime()
    return code.startswith(runtime) and len(code) == len(runtime) + _WORD * len(_names())


def runtime_hash() -> str:
    """Return the Keccak-256 of the deployed code without what each deployment adds to it."""
    from eth_utils.crypto import keccak

    return f"0x{keccak(_runtime()).hex()}"


def immutables(code: bytes) -> Mapping[str, int]:
    """Return what a deployed executor was given for good, by name; addresses are ints too.

    Raises:
        ExecutionError: this is not the executor's code.
    """
    if not is_executor_code(code):
        raise ExecutionError("the code at this address is not that of AINEON's executor")
    start = len(_runtime())
    return {
        name: int.from_bytes(code[start + place * _WORD :][:_WORD], "big")
        for place, name in enumerate(_names())
    }


@cache
def _runtime() -> bytes:
    return bytes.fromhex(_artifact()["runtime"][2:])


def _names() -> Sequence[str]:
    names: Sequence[str] = _artifact()["immutables"]
    return names
