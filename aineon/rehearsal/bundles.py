"""Bundles, and how a builder chooses among them: what pays most comes first, reverts stay out.

A bundle is tried on top of the latest block, as the first thing in the next one, which is where
it will be put; so what the trial says is what happens. One that fails costs nobody anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from eth_utils.crypto import keccak

from aineon.errors import RehearsalRefused
from aineon.primitives import Address, parse_address
from aineon.primitives.units import ETHER
from aineon.rehearsal.rpc import Rpc
from aineon.rehearsal.transactions import SignedTransaction

# Its code answers the builder's balance: COINBASE BALANCE PUSH0 MSTORE PUSH1 32 PUSH0 RETURN.
_PROBE = parse_address("0x" + "00" * 16 + "ba1a4ce0")
_PROBE_CODE = "0x41315f5260205ff3"
_PROBE_PAYER = parse_address("0x" + "00" * 16 + "ba1a4ce1")
_SUCCEEDED = "0x1"


class Fate(StrEnum):
    """What became of a bundle at its block."""

    INCLUDED = "included"
    REVERTED = "a transaction reverted"
    NOT_PAYING = "pays the builder nothing"
    WRONG_NONCE = "a nonce is not the next one"
    FEE_TOO_LOW = "the base fee is above a fee cap"
    WRONG_TIME = "the block's time is outside its limits"
    OUTBID = "another bundle was there first"
    REFUSED = "the node refused it"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Transactions that are to run together, in their order, in one block.

    Attributes:
        block: number of the only block that they are for.
        may_revert: hashes of those that may revert.
        earliest, latest: limits of the block's time, in seconds; None for none.
        replacement: what a later bundle, or a cancellation, names to take its place.
        sender: who signed for it at the relay.
    """

    transactions: tuple[SignedTransaction, ...]
    block: int
    may_revert: frozenset[str] = frozenset()
    earliest: int | None = None
    latest: int | None = None
    replacement: str | None = None
    sender: Address | None = None

    @property
    def hash(self) -> str:
        """Keccak of its transactions' hashes, as relays name bundles."""
        content = b"".join(bytes.fromhex(each.hash[2:]) for each in self.transactions)
        return f"0x{keccak(content).hex()}"


class NextBlock(NamedTuple):
    """What is known of a block before it is made."""

    number: int
    timestamp: int
    base_fee_wei: int
    coinbase: Address


class Trial(NamedTuple):
    """What transactions would come to: which revert, and what the builder would gain, in wei."""

    reverted: frozenset[str]
    payment_wei: int


class Verdict(NamedTuple):
    """What became of a bundle, and what it paid the builder, in wei, or would have."""

    bundle: Bundle
    fate: Fate
    payment_wei: int


class Builder:
    """Chooses bundles for a block; blocks while it asks the node."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc

    def choose(self, bundles: Sequence[Bundle], block: NextBlock) -> list[Verdict]:
        """Say of each bundle what becomes of it; the included ones come first, best first."""
        tried = [self._alone(bundle, block) for bundle in bundles]
        tried.sort(key=lambda verdict: (verdict.fate is Fate.INCLUDED, verdict.payment_wei))
        chosen: list[Verdict] = []
        others: list[Verdict] = []
        for verdict in reversed(tried):
            if verdict.fate is not Fate.INCLUDED:
                others.append(verdict)
            elif self._fits(verdict.bundle, chosen, block):
                chosen.append(verdict)
            else:
                others.append(verdict._replace(fate=Fate.OUTBID))
        return [*chosen, *others]

    def _alone(self, bundle: Bundle, block: NextBlock) -> Verdict:
        fate = _time_fate(bundle, block) or self._money_fate(bundle.transactions, block)
        if fate is not None:
            return Verdict(bundle, fate, 0)
        try:
            trial = self.trial(bundle.transactions, block)
        except RehearsalRefused:
            return Verdict(bundle, Fate.REFUSED, 0)
        if trial.reverted - bundle.may_revert:
            return Verdict(bundle, Fate.REVERTED, trial.payment_wei)
        fate = Fate.INCLUDED if trial.payment_wei > 0 else Fate.NOT_PAYING
        return Verdict(bundle, fate, trial.payment_wei)

    def _fits(self, bundle: Bundle, chosen: Sequence[Verdict], block: NextBlock) -> bool:
        """Whether a bundle still runs after those that were chosen before it."""
        if not chosen:
            return True
        before = [each for verdict in chosen for each in verdict.bundle.transactions]
        together = [*before, *bundle.transactions]
        if self._money_fate(together, block) is not None:
            return False
        allowed = bundle.may_revert.union(*(verdict.bundle.may_revert for verdict in chosen))
        return not self.trial(together, block).reverted - allowed

    def _money_fate(
        self, transactions: Sequence[SignedTransaction], block: NextBlock
    ) -> Fate | None:
        """What nonces and fee caps forbid; the node's simulation lets wrong nonces pass."""
        if any(each.max_fee_wei < block.base_fee_wei for each in transactions):
            return Fate.FEE_TOO_LOW
        following: Counter[Address] = Counter()
        for each in transactions:
            if each.sender not in following:
                known = self._rpc.ask("eth_getTransactionCount", each.sender, "latest")
                following[each.sender] = int(known, 16)
            if each.nonce != following[each.sender]:
                return Fate.WRONG_NONCE
            following[each.sender] += 1
        return None

    def trial(self, transactions: Iterable[SignedTransaction], block: NextBlock) -> Trial:
        """Run transactions at the top of the next block, without consequences.

        Raises:
            RehearsalRefused: the node would not even run them, say for want of ether.
        """
        run = list(transactions)
        probe = {
            "from": _PROBE_PAYER,
            "to": _PROBE,
            "gas": hex(100_000),
            "maxFeePerGas": hex(block.base_fee_wei),
            "maxPriorityFeePerGas": "0x0",
        }
        question: dict[str, Any] = {
            "blockOverrides": {
                "number": hex(block.number),
                "time": hex(block.timestamp),
                "baseFeePerGas": hex(block.base_fee_wei),
                "feeRecipient": block.coinbase,
            },
            "stateOverrides": {
                _PROBE: {"code": _PROBE_CODE},
                _PROBE_PAYER: {"balance": hex(1000 * ETHER)},
            },
            "calls": [probe, *(each.request for each in run), probe],
        }
        asked = {"blockStateCalls": [question], "validation": True}
        (answered,) = self._rpc.ask("eth_simulateV1", asked, "latest")
        before, *ran, after = answered["calls"]
        reverted = {
            each.hash for each, call in zip(run, ran, strict=True) if call["status"] != _SUCCEEDED
        }
        payment_wei = int(after["returnData"], 16) - int(before["returnData"], 16)
        return Trial(frozenset(reverted), payment_wei)


def _time_fate(bundle: Bundle, block: NextBlock) -> Fate | None:
    earliest = bundle.earliest or 0
    late = bundle.latest is not None and block.timestamp > bundle.latest
    return Fate.WRONG_TIME if late or block.timestamp < earliest else None
