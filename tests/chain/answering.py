"""Contracts that answer what a test wants them to: code put at an address, without a compiler."""

from __future__ import annotations

from collections.abc import Mapping

from eth_utils.crypto import keccak

from tests.contracts.abi import selector
from tests.contracts.chain import Chain

_JUMPDEST = b"\x5b"


class Burn:
    """An answer that is none: it uses up all the gas it is given."""


def asked(signature: str, *arguments: int | str) -> bytes:
    """Return the data of a call whose arguments are words; addresses come as text."""
    words = (int(each, 16) if isinstance(each, str) else each for each in arguments)
    return selector(signature) + b"".join((word % 2**256).to_bytes(32, "big") for word in words)


def words(*values: int | str) -> bytes:
    """Return an answer of words."""
    return asked("", *values)[4:]


def listed(*values: int | str) -> bytes:
    """Return an answer that is one list."""
    return words(32, len(values), *values)


def text(content: bytes) -> bytes:
    """Return an answer that is one string."""
    return words(32, len(content)) + content + b"\0" * (-len(content) % 32)


def put(chain: Chain, address: str, answers: Mapping[bytes, bytes | Burn]) -> None:
    """Let the contract at `address` give these answers to these calls, and refuse all others."""
    chain.ask("anvil_setCode", address, "0x" + _code(answers).hex())
    chain.ask("anvil_mine")


def _code(answers: Mapping[bytes, bytes | Burn]) -> bytes:
    # keccak(calldata), compared with each known call; each answer stands behind the code.
    start = bytes.fromhex("36 6000 6000 37 36 6000 20".replace(" ", ""))
    known = [(keccak(call), answer) for call, answer in answers.items()]
    compare = len(start) + (1 + 33 + 1 + 3 + 1) * len(known)
    places, bodies, at = [], [], compare + 5
    sizes = [5 if isinstance(answer, Burn) else 16 for _, answer in known]
    content = at + sum(sizes)
    for (_, answer), size in zip(known, sizes, strict=True):
        places.append(at)
        if isinstance(answer, Burn):
            bodies.append(_JUMPDEST + _push(at) + b"\x56")
        else:
            length = _push(len(answer))
            bodies.append(
                _JUMPDEST + length + _push(content) + b"\x60\x00\x39" + length + b"\x60\x00\xf3"
            )
            content += len(answer)
        at += size
    branches = b"".join(
        b"\x80\x7f" + digest + b"\x14" + _push(place) + b"\x57"
        for (digest, _), place in zip(known, places, strict=True)
    )
    tail = b"".join(answer for _, answer in known if not isinstance(answer, Burn))
    return start + branches + bytes.fromhex("60006000fd") + b"".join(bodies) + tail


def _push(value: int) -> bytes:
    return b"\x61" + value.to_bytes(2, "big")
