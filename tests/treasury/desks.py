"""A treasury for tests: a real book in a file, an audit in memory, a day in the life."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aineon.errors import AuditUnwritable
from aineon.ledger.store import BookStore
from aineon.primitives import ETHER, Address, Token
from aineon.treasury import (
    Approvers,
    Desk,
    House,
    Payment,
    Policy,
    Purpose,
    Strategy,
    TreasuryStore,
    Withdrawal,
    WithdrawalState,
)
from tests.treasury.template import open_book

WEI = 10**18
NOON = 1_800_000_000.0
HOUR = 3600.0
DAY = 24 * HOUR
WETH = Token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "WETH", 18)
USDC = Token("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USDC", 6)
DARK = Token("0x" + "da" * 20, "DARK", 18)
SAVINGS = Address("0x1111aaaa2222bbbb3333cccc4444dddd5555eeee")
PARTNER = Address("0x9999123456789abcdef0123456789abcdef08888")
SAFE = Address("0x5afe0000aaaa1111bbbb2222cccc3333dddd5afe")
EXECUTOR = Address("0xe1ec000000000000000000000000000000000c00")

POLICY = Policy(
    min_wei=WEI // 10,
    max_wei=100 * WEI,
    daily_wei=200 * WEI,
    daily_count=6,
    free_up_to_wei=WEI,
    one_up_to_wei=20 * WEI,
    approvers=Approvers.SEVERAL,
    cooling_seconds=600,
    cooling_alone_seconds=HOUR,
    destination_age_seconds=DAY,
    approval_seconds=12 * HOUR,
    expires_seconds=DAY,
)


class AuditInMemory:
    """An audit that can be made to fail."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.broken = False

    def append(
        self, *, who: str, action: str, subject: str, detail: Mapping[str, Any], at: float
    ) -> int:
        if self.broken:
            raise AuditUnwritable("the audit cannot be written: its disk is full")
        entry = {"who": who, "action": action, "subject": subject, "detail": dict(detail)}
        self.entries.append(entry)
        return len(self.entries)

    @property
    def actions(self) -> list[str]:
        return [entry["action"] for entry in self.entries]


def worth(token: Token, amount: int) -> int | None:
    """A dollar is worth 1/2,000 ETH; of DARK nobody knows."""
    if token == WETH:
        return amount
    return amount * 10**12 // 2000 if token == USDC else None


def house(**changes: Any) -> House:
    return House(
        chain_id=1,
        policy=replace(POLICY, **changes),
        assets=(ETHER, WETH, USDC, DARK),
        ours={EXECUTOR: "the executor contract", WETH.address: "the token WETH"},
        worth=worth,
    )


@dataclass
class Bench:
    """A desk and what stands behind it; `at` moves on with every step."""

    desk: Desk
    audit: AuditInMemory
    book: BookStore
    at: float = NOON

    def withdrawal(self, withdrawal_id: str) -> Withdrawal:
        return self.desk.store.get(withdrawal_id)

    def request(
        self, amount: int = WEI * 5, who: str = "anna", where: Address = SAVINGS, **options: Any
    ) -> Withdrawal:
        asset = options.pop("asset", ETHER)
        payment = Payment(asset, amount, where, Strategy.STANDARD)
        return self.desk.request(payment, who=who, at=self.at, **options)

    def approve(self, withdrawal: Withdrawal, who: str = "bert", proof: str = "") -> Withdrawal:
        digest = withdrawal.digest
        return self.desk.approve(withdrawal.id, digest, who=who, at=self.at, proof=proof)

    def advance(self, withdrawal: Withdrawal, state: WithdrawalState, **facts: Any) -> Withdrawal:
        return self.desk.dispatch.advance(withdrawal, state, "told", self.at, **facts)

    def cooled(self, amount: int = WEI * 5, **options: Any) -> Withdrawal:
        """A withdrawal that may be signed now."""
        found = self.approve(self.request(amount, **options))
        assert found.cooling_until is not None
        self.at = found.cooling_until
        return found

    def paid(self, withdrawal: Withdrawal) -> Withdrawal:
        """Carry a cooled withdrawal out."""
        for state in ("signed", "broadcast", "mined", "confirmed"):
            withdrawal = self.advance(withdrawal, WithdrawalState(state))
        return withdrawal


def bench(folder: Path, **changes: Any) -> Bench:
    """A desk with two destinations and a safe address, all of them aged."""
    book = open_book(folder)
    audit = AuditInMemory()
    desk = Desk(TreasuryStore(book), house(**changes), audit)
    early = NOON - 2 * DAY
    desk.add_destination(SAVINGS, "savings", who="anna", at=early)
    desk.add_destination(PARTNER, "partner", who="anna", at=early)
    desk.add_destination(SAFE, "safe", who="anna", at=early, purpose=Purpose.SAFE)
    return Bench(desk, audit, book)
