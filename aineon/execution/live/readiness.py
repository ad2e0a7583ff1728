"""Whether everything stands as it must before real money moves, finding by finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final, Protocol

from aineon.chain.client.health import Agreement, NodeHealth
from aineon.chain.reader import BlockRef, Call, ChainReader
from aineon.errors import ChainError, ExecutionError
from aineon.execution.contract import immutables, is_executor_code
from aineon.primitives import Address, Token, parse_address
from aineon.primitives.units import format_ether

MOST_SKEW_SECONDS: Final = 2.0
PAUSED: Final = "the executor contract is paused until its owner unpauses it"
_ZERO: Final = Address("0x" + "00" * 20)
_GETTERS: Final = ("owner()", "operator()", "guardian()", "treasury()")
_PENDING: Final = ("pending_owner()", "pending_treasury()", "treasury_change_from()")
_DELEGATED: Final = b"\xef\x01\x00"
"""What the code of an account begins with that runs another's code (EIP-7702)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: of the thing.
        ok: whether trades may be sent as far as this goes.
        words: a sentence for people, fine or not.
        is_warning: it is fine now, and somebody should look at it.
    """

    name: str
    ok: bool
    words: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class Expectations:
    """What is to be found.

    Attributes:
        executor: address of the executor contract.
        operator: the account whose key signs.
        native_token: the chain's wrapped native token.
        base_tokens: what trades begin and end with.
        least_balance_wei: ether that the operator must have for gas.
        vault, aave: Balancer's Vault and Aave's Pool; None where it does not matter which.
        key_flaw: why the operator's key is no secret; empty where nothing is known against it.
    """

    executor: Address
    operator: Address
    native_token: Token | None
    base_tokens: tuple[Token, ...] = ()
    least_balance_wei: int = 1
    vault: Address | None = None
    aave: Address | None = None
    key_flaw: str = ""


@dataclass(frozen=True, slots=True)
class Roles:
    """What the contract says of itself at one block."""

    owner: Address
    operator: Address
    guardian: Address
    treasury: Address
    is_paused: bool


class Nodes(Protocol):
    """What a client of several nodes tells of them (`aineon.chain.client.ChainClient`)."""

    async def agreement(self, block_number: int) -> Agreement: ...
    def health(self) -> tuple[NodeHealth, ...]: ...


async def readiness(
    reader: ChainReader, expected: Expectations, nodes: Nodes | None = None
) -> tuple[Finding, ...]:
    """Look at everything, and return what was found; live trading needs all of it fine.

    Args:
        reader: the chain.
        expected: what is to be found there.
        nodes: tells of the nodes one by one; None where nothing does, which is not fine.
    """
    findings = [_of_key(expected)]
    try:
        code = await code_finding(reader, expected)
        findings.append(code)
        if code.ok:
            roles = await read_roles(reader, expected.executor)
            findings += [_of_roles(roles, expected), await _of_treasury(reader, roles)]
            findings.append(await _of_changes(reader, expected.executor))
            findings += [_of_pause(roles), await _of_bases(reader, expected)]
        findings.append(balance_finding(await reader.balance(expected.operator), expected))
        findings.append(await _of_agreement(reader, nodes))
    except (ChainError, ExecutionError) as error:
        findings.append(Finding("chain", False, f"the chain cannot be read: {error}"))
    findings.append(_of_clock(nodes))
    return tuple(findings)


# --- single findings, for those who look at every block ----------------------------------------


async def code_finding(
    reader: ChainReader, expected: Expectations, block: BlockRef = "latest"
) -> Finding:
    """Say whether the executor's own code stands at its address, made for this chain."""
    code = await reader.code(expected.executor, block)
    if not code:
        return Finding("contract", False, f"there is no contract at {expected.executor}")
    if not is_executor_code(code):
        return Finding(
            "contract",
            False,
            f"the contract at {expected.executor} is not the executor of this version of AINEON",
        )
    fixed = immutables(code)
    wanted = {
        "WETH": None if expected.native_token is None else expected.native_token.address,
        "VAULT": expected.vault,
        "AAVE": expected.aave,
    }
    for name, address in wanted.items():
        if address is not None and fixed[name] != int(address, 16):
            return Finding(
                "contract",
                False,
                f"{name} of the contract at {expected.executor} is 0x{fixed[name]:040x}; "
                f"{address} is expected",
            )
    return Finding("contract", True, f"the executor's code stands at {expected.executor}")


async def read_roles(reader: ChainReader, executor: Address, block: BlockRef = "latest") -> Roles:
    """Ask the contract who may do what, all at one block.

    Raises:
        ExecutionError: it does not answer as the executor does.
        ChainError: no node answers.
    """
    calls = [Call(executor, _selector(getter)) for getter in (*_GETTERS, "paused()")]
    answers = await reader.calls(calls, block)
    if any(answer is None or len(answer) != 32 for answer in answers):
        raise ExecutionError(f"the contract at {executor} does not answer as the executor does")
    words = [answer for answer in answers if answer is not None]
    owner, operator, guardian, treasury = (parse_address("0x" + w[-20:].hex()) for w in words[:4])
    return Roles(owner, operator, guardian, treasury, any(words[4]))


async def is_contract(reader: ChainReader, address: Address) -> bool:
    """Whether an address has code of its own and so no key; one that runs another's code has.

    Raises:
        ChainError: no node answers.
    """
    code = await reader.code(address)
    return bool(code) and not code.startswith(_DELEGATED)


def standing_finding(roles: Roles, expected: Expectations) -> Finding:
    """Say whether trades may be sent to the contract now, by our key."""
    pause = _of_pause(roles)
    return pause if not pause.ok else _of_operator(roles, expected)


def balance_finding(balance_wei: int, expected: Expectations) -> Finding:
    """Say whether the operator can pay for gas."""
    words = f"the operator {expected.operator} has {format_ether(balance_wei)} ETH for gas"
    if balance_wei >= expected.least_balance_wei:
        return Finding("gas money", True, words)
    return Finding(
        "gas money",
        False,
        f"{words}, and needs at least {format_ether(expected.least_balance_wei)} ETH",
    )


# --- the rest ----------------------------------------------------------------------------------


def _of_key(expected: Expectations) -> Finding:
    if _is_published(expected.operator):
        return Finding(
            "key",
            False,
            f"the key of {expected.operator} is printed in handbooks; whatever it receives is "
            "taken at once",
        )
    if expected.key_flaw:
        return Finding("key", False, expected.key_flaw)
    return Finding("key", True, f"the key of {expected.operator} is no published test key")


def _of_operator(roles: Roles, expected: Expectations) -> Finding:
    if roles.operator == expected.operator:
        return Finding("operator", True, f"{expected.operator} may send trades")
    return Finding(
        "operator",
        False,
        f"the contract's operator is {roles.operator}, and our key is that of {expected.operator}",
    )


def _of_roles(roles: Roles, expected: Expectations) -> Finding:
    operator = _of_operator(roles, expected)
    if not operator.ok:
        return operator
    others = {"owner": roles.owner, "guardian": roles.guardian, "treasury": roles.treasury}
    for name, address in others.items():
        if address == roles.operator:
            return Finding(
                "roles",
                False,
                f"the {name} is the operator, {address}; whoever steals its key would have both",
            )
        if _is_published(address):
            return Finding(
                "roles", False, f"the {name} is {address}, whose key is printed in handbooks"
            )
    if roles.owner == roles.guardian:
        return Finding("roles", False, f"owner and guardian are one, {roles.owner}")
    return Finding("roles", True, "operator, owner, guardian and treasury are as they must be")


async def _of_treasury(reader: ChainReader, roles: Roles) -> Finding:
    if roles.treasury == _ZERO:
        return Finding("treasury", False, "the contract has no treasury")
    profit = f"profit goes to {roles.treasury}"
    code = await reader.code(roles.treasury)
    if not code:
        return Finding("treasury", True, f"{profit}, an account with a key of its own")
    if code.startswith(_DELEGATED):
        delegate = "0x" + code[len(_DELEGATED) :].hex()
        words = f"{profit}, an account with a key of its own that runs the code of {delegate}"
        return Finding("treasury", True, words, is_warning=True)
    return Finding("treasury", True, f"{profit}, a contract; only its owners can withdraw from it")


async def _of_changes(reader: ChainReader, executor: Address) -> Finding:
    """What the owner has begun, and others should know before it takes effect."""
    answers = await reader.calls([Call(executor, _selector(getter)) for getter in _PENDING])
    words = [answer for answer in answers if answer is not None and len(answer) == 32]
    if len(words) != len(_PENDING):
        raise ExecutionError(f"the contract at {executor} does not answer as the executor does")
    owner, treasury = (parse_address("0x" + word[-20:].hex()) for word in words[:2])
    begun = []
    if owner != _ZERO:
        begun.append(f"{owner} may take the contract over at any time, as its next owner")
    if treasury != _ZERO:
        begun.append(
            f"from {_moment(int.from_bytes(words[2], 'big'))} on, the owner may have profit go to "
            f"{treasury}"
        )
    if begun:
        return Finding("changes", True, "; ".join(begun), is_warning=True)
    return Finding("changes", True, "neither owner nor treasury is about to change")


def _moment(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return f"second {seconds} of the Unix epoch"


def _of_pause(roles: Roles) -> Finding:
    if roles.is_paused:
        return Finding("pause", False, PAUSED)
    return Finding("pause", True, "the executor contract is not paused")


async def _of_bases(reader: ChainReader, expected: Expectations) -> Finding:
    calls = [
        Call(expected.executor, _selector("is_base(address)") + bytes(12) + _bytes_of(token))
        for token in expected.base_tokens
    ]
    answers = await reader.calls(calls) if calls else []
    missing = [
        str(token)
        for token, answer in zip(expected.base_tokens, answers, strict=True)
        if not answer or not any(answer)
    ]
    if missing:
        return Finding(
            "base tokens", False, f"not on the contract's list of bases: {', '.join(missing)}"
        )
    names = ", ".join(map(str, expected.base_tokens))
    return Finding("base tokens", True, f"trades may begin with {names or 'nothing asked for'}")


async def _of_agreement(reader: ChainReader, nodes: Nodes | None) -> Finding:
    if nodes is None:
        return Finding("nodes", False, "there is one node alone, and nobody to contradict it")
    head = await reader.block("latest")
    if head is None:
        return Finding("nodes", False, "no node knows a newest block")
    # The newest block is not everywhere yet.
    said = await nodes.agreement(max(head.number - 1, 0))
    if said.agreed:
        return Finding("nodes", True, f"the nodes agree on block {said.block_number}")
    if said.agreed is None:
        return Finding(
            "nodes", False, f"fewer than two nodes know block {said.block_number}, two are needed"
        )
    told = ", ".join(f"{name} {known}" for name, known in said.hashes.items())
    return Finding("nodes", False, f"the nodes disagree on block {said.block_number}: {told}")


def _of_clock(nodes: Nodes | None) -> Finding:
    known: Sequence[NodeHealth] = () if nodes is None else nodes.health()
    skews = [each for each in known if each.clock_skew_s is not None]
    if not skews:
        return Finding("clock", False, "no node tells its time, so the clock cannot be compared")
    worst = max(skews, key=lambda each: abs(each.clock_skew_s or 0.0))
    words = f"the clock differs by {abs(worst.clock_skew_s or 0.0):.1f} s from {worst.name}'s"
    fine = abs(worst.clock_skew_s or 0.0) < MOST_SKEW_SECONDS
    most = "" if fine else f"; allowed is less than {MOST_SKEW_SECONDS:g} s"
    return Finding("clock", fine, words + most)


def _is_published(address: Address) -> bool:
    from aineon.sending.keys import is_published_test_key

    return is_published_test_key(address)


def _bytes_of(token: Token) -> bytes:
    return bytes.fromhex(token.address[2:])


@cache
def _selector(signature: str) -> bytes:
    from eth_utils.crypto import keccak

    return keccak(text=signature)[:4]
