"""Intent: something that is to happen on chain, once; and how it is paid for and sent."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aineon.errors import InvalidIntent
from aineon.primitives import Address, parse_address

GAS_CAP: Final = 16_777_216
"""The most gas a transaction of mainnet may ask for (EIP-7825)."""

BASE_GAS: Final = 21_000
_UINT256: Final = 2**256
_LONGEST_ID: Final = 200
MOST_TARGET_BLOCKS: Final = 25


class IntentKind(StrEnum):
    """What an intent is for."""

    TRADE = "trade"
    APPROVAL = "approval"
    WITHDRAWAL = "withdrawal"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers for each unit of gas, in wei (EIP-1559).

    Raises:
        InvalidIntent: not ints from 0 on, or a tip above the cap.
    """

    max_fee_wei: int
    priority_fee_wei: int

    def __post_init__(self) -> None:
        for name in ("max_fee_wei", "priority_fee_wei"):
            _require_int(name, getattr(self, name), _UINT256)
        if self.priority_fee_wei > self.max_fee_wei:
            raise InvalidIntent(
                f"priority_fee_wei {self.priority_fee_wei} is above max_fee_wei "
                f"{self.max_fee_wei}; the tip is part of the cap"
            )

    def raised(self) -> Fees:
        """Return the least that nodes take as a replacement of these: a tenth more, rounded up."""
        return Fees(_tenth_more(self.max_fee_wei), _tenth_more(self.priority_fee_wei))

    def covers(self, least: Fees) -> bool:
        """Whether both figures are at least those of `least`."""
        return (
            self.max_fee_wei >= least.max_fee_wei
            and self.priority_fee_wei >= least.priority_fee_wei
        )


@dataclass(frozen=True, slots=True)
class Window:
    """The blocks a trade is meant for; in the contract its deadline is `last`, or sooner.

    Raises:
        InvalidIntent: no such range of at most 25 blocks.
    """

    first: int
    last: int

    def __post_init__(self) -> None:
        for name in ("first", "last"):
            _require_int(f"{name} target block", getattr(self, name), 2**63)
        if not self.first <= self.last < self.first + MOST_TARGET_BLOCKS:
            raise InvalidIntent(
                f"target blocks {self.first} to {self.last} are not a range of 1 to "
                f"{MOST_TARGET_BLOCKS} blocks"
            )

    def after(self, head: int) -> tuple[int, ...]:
        """Return the target blocks that are still to come after block `head`."""
        return tuple(range(max(self.first, head + 1), self.last + 1))


@dataclass(frozen=True, slots=True)
class Intent:
    """Something that is to happen on chain, once.

    Attributes:
        intent_id: the caller's name for it. Sending an intent of a known name again is the same
            intent again, and never a second payment.
        kind: a trade is perishable: worth nothing after its window, and safe alone, later and
            reordered, because the contract holds a deadline and a minimum profit. All others
            last until they are mined.
        to: whom it calls or pays.
        value: in wei.
        data: selector and arguments.
        gas_limit: units.
        fees: of the first version that is signed; raising them later is a new version.
        window: the target blocks; trades have one, and nothing else has.
        digest: of the plan or the approval that this carries out, where there is one.
        attempt_id: the attempt in the book that this carries out.
        memo: what the caller must know of it after a restart, in the caller's own format; it is
            kept in the same transaction as the signature, and changes nothing that is done.
        cancels: the intent that a cancel is to keep from being mined.

    Raises:
        InvalidIntent: it contradicts itself.
    """

    intent_id: str
    kind: IntentKind
    to: Address
    gas_limit: int
    fees: Fees
    value: int = 0
    data: bytes = b""
    window: Window | None = None
    digest: str = ""
    attempt_id: str | None = None
    cancels: str | None = None
    memo: str | None = None

    def __post_init__(self) -> None:
        if not self.intent_id.strip() or len(self.intent_id) > _LONGEST_ID:
            raise InvalidIntent(
                f"intent_id {self.intent_id[:40]!r} is not a name of 1 to {_LONGEST_ID} characters"
            )
        object.__setattr__(self, "to", parse_address(self.to))
        _require_int(f"value of intent {self.intent_id}", self.value, _UINT256)
        _require_int(f"gas_limit of intent {self.intent_id}", self.gas_limit, GAS_CAP + 1)
        if self.gas_limit < BASE_GAS:
            raise InvalidIntent(
                f"gas_limit {self.gas_limit} of intent {self.intent_id} is below {BASE_GAS}, "
                "what every transaction costs"
            )
        if self.is_perishable != (self.window is not None):
            raise InvalidIntent(
                f"intent {self.intent_id}: trades have target blocks, and a {self.kind} has "
                f"{'none' if self.window is None else 'some'}"
            )
        self._check_cancel()

    def _check_cancel(self) -> None:
        if (self.kind is IntentKind.CANCEL) != (self.cancels is not None):
            raise InvalidIntent(
                f"intent {self.intent_id}: a cancel, and nothing else, names an intent it cancels"
            )
        if self.kind is IntentKind.CANCEL and (self.value or self.data):
            raise InvalidIntent(
                f"intent {self.intent_id}: a cancel moves nothing and calls nothing"
            )

    @property
    def is_perishable(self) -> bool:
        """Whether it may be displaced, and need not be carried out at all."""
        return self.kind is IntentKind.TRADE

    @property
    def fingerprint(self) -> str:
        """SHA-256 over what it does, fees apart: the same name must always do the same."""
        content = (
            self.intent_id,
            self.kind.value,
            self.to,
            str(self.value),
            self.data.hex(),
            self.digest,
            self.cancels,
        )
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def cancel_of(intent_id: str, sender: Address, fees: Fees) -> Intent:
    """Return the intent that keeps another one from being mined: it spends the same nonce."""
    name = f"cancel:{intent_id}"
    return Intent(name, IntentKind.CANCEL, sender, BASE_GAS, fees, cancels=intent_id)


def _tenth_more(fee: int) -> int:
    return -(-fee * 11 // 10)


def _require_int(name: str, value: object, below: int) -> None:
    if type(value) is not int or not 0 <= value < below:
        raise InvalidIntent(f"{name} is {value!r}, not an int from 0 to {below - 1}")
