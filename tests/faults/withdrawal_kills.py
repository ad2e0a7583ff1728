"""Kill an engine that carries withdrawals out, at every commit, and ask anvil who was paid.

`python -m tests.faults.withdrawal_kills --kills 60 --seed 7` kills right before or right after the
n-th commit of a life, whatever part of AINEON makes it: treasury, outbox, accounts. Every
withdrawal goes to a destination of its own. `--together 3` asks for so many at once, which share a
transaction; some batches are reverted, and some destinations taken off the list.
`--engine forgetful` is the control: after a restart it gives its payments other names. Of batches
it is `--engine hasty`: it takes them apart without asking what became of them.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import random
import sys
import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from aineon.ledger.accounts import withdrawn
from aineon.ledger.accounts.reading import AccountsReader
from aineon.ledger.reading import BookReader
from aineon.primitives import ETHER, Address, Block, ManualClock, parse_address
from aineon.primitives.units import GWEI
from aineon.rehearsal.anvil import Anvil
from aineon.rehearsal.deploying import Deployer
from aineon.rehearsal.rpc import Rpc
from aineon.sending.intent import Intent
from aineon.sending.standing import SentIntent
from aineon.treasury import Desk, House, Payment, Strategy, TreasuryStore, WithdrawalState
from aineon.treasury.cashier import Cashier, CashierRules, Multisend, Pricing
from aineon.treasury.states import ENDED
from tests.faults.counting import LAST_GAVE_UP, counted
from tests.faults.on_anvil import (
    FINAL_AFTER,
    AnvilCarrier,
    Engine,
    engine,
    signer_of,
    start_anvil,
)
from tests.faults.processes import (
    GAVE_UP,
    KILLED,
    LIVED,
    Unended,
    ended,
    in_child,
    kill_ourselves,
    scratch,
)
from tests.sending.engines import open_book
from tests.treasury.cashier.rig import deploy_multisend
from tests.treasury.desks import DAY, NOON, POLICY, AuditInMemory

AMOUNT = 10**17
COMMITS_A_LIFE = 26
FAULTS = ["", "", "", "lost", "unheard", "liar"]
SIGNER = signer_of(0)
PLENTY = 10**9
GENEROUS = replace(
    POLICY, daily_wei=PLENTY * AMOUNT, daily_count=PLENTY, expires_seconds=1000 * DAY
)
PRICING = Pricing(usual_tip_wei=GWEI, most_fee_wei=100 * GWEI, patience_seconds=3600)


@dataclass(frozen=True)
class Plan:
    """What one life is to do: it ends before or after its `commit`-th commit."""

    at: float
    seed: float
    commit: int
    before: bool


def destination(number: int) -> Address:
    """Return addresses that nobody mistakes for each other: the treasury refuses look-alikes."""
    return Address("0x" + hashlib.sha256(f"destination {number}".encode()).hexdigest()[:40])


class CommitBomb:
    """Ends the process around the n-th commit that changes something."""

    def __init__(self, plan: Plan) -> None:
        self._left, self._before = plan.commit, plan.before
        self._changed: dict[int, int] = {}
        real = DefaultDialect.do_commit
        DefaultDialect.do_commit = lambda dialect, c: self._commit(real, dialect, c)  # type: ignore[method-assign]

    def _commit(self, real: Any, dialect: DefaultDialect, connection: Any) -> None:
        changes = connection.driver_connection.total_changes
        known = self._changed.get(id(connection.driver_connection), 0)
        self._changed[id(connection.driver_connection)] = changes
        self._left -= changes > known
        strikes = changes > known and self._left == 0
        if strikes and self._before:
            kill_ourselves()
        real(dialect, connection)
        if strikes:
            kill_ourselves()


class Campaign:
    """Lives one after the other on one node, until so many were killed."""

    def __init__(
        self, folder: Path, node: Anvil, seed: int, kind: str = "outbox", together: int = 1
    ) -> None:
        self._folder = folder
        self._node = node
        self._chance = random.Random(seed)
        self._kind = kind
        self._together = together
        self._multisend = None if together == 1 else _deploy(node)
        self._book = open_book(folder)
        house = House(31_337, GENEROUS, (ETHER,), worth=lambda _, amount: amount)
        self._desk = Desk(TreasuryStore(self._book), house, AuditInMemory())
        self._at = NOON
        self._ids: list[str] = []
        self._codes: Counter[int] = Counter()

    def run(self, kills: int) -> dict[str, Any]:
        if self._together > 1:
            # One that does not exist yet would be dearer to pay with others.
            everybody = map(destination, range(4 * kills * self._together))
            self._node.rpc.ask_many([("anvil_setBalance", (each, "0x1")) for each in everybody])
        self._ask()
        asyncio.run(self._live(Plan(self._at, 0.5, -1, before=False)))
        self._book.engine.dispose()
        while self._codes[KILLED] < kills and len(self._ids) < 3 * kills * self._together:
            self._one()
        last = ended(in_child(lambda: asyncio.run(self._finish())))
        self._book.engine.dispose()
        found = self._verdict()
        found["failed"] += last not in {LIVED, GAVE_UP}
        return found | {LAST_GAVE_UP: last == GAVE_UP}

    def _ask(self) -> None:
        """Ask for a withdrawal to a destination of its own, and let it cool."""
        where, label = destination(len(self._ids)), f"somebody {len(self._ids)}"
        self._desk.add_destination(where, label, who="anna", at=self._at - 2 * DAY)
        payment = Payment(ETHER, AMOUNT, where, Strategy.STANDARD)
        asked = self._desk.request(payment, who="anna", at=self._at)
        if asked.state is WithdrawalState.PENDING_APPROVAL:
            asked = self._desk.approve(asked.id, asked.digest, who="bert", at=self._at)
        self._ids.append(asked.id)
        self._at = max(asked.cooling_until or self._at, self._at) + 60

    def _one(self) -> None:
        chance = self._chance
        for _ in range(self._together):
            self._ask()
        self._book.engine.dispose()
        plan = Plan(
            self._at, chance.random(), chance.randint(1, COMMITS_A_LIFE), chance.random() < 0.5
        )
        self._codes[ended(in_child(lambda: asyncio.run(self._live(plan))))] += 1
        head = int(self._node.ask("eth_blockNumber"), 16)
        if chance.random() < 0.2 and head > 2 * FINAL_AFTER:
            self._node.ask("anvil_reorg", chance.randint(1, 3), [])

    async def _live(self, plan: Plan) -> None:
        rpc, chance = Rpc(self._node.url), random.Random(plan.seed)
        if plan.commit > 0:
            CommitBomb(plan)
        async with self._engine(rpc, plan.at, chance.choices(FAULTS, k=40)) as life:
            cashier = await self._cashier(life)
            for _ in range(3):
                await self._round(life, cashier)
                rpc.ask("anvil_mine", hex(chance.randint(1, FINAL_AFTER)))

    def _engine(self, rpc: Rpc, at: float, faults: list[str]) -> Any:
        return engine(
            self._folder, [self._node.url], SIGNER, public=AnvilCarrier(rpc, faults),
            clock=ManualClock(at), book=self._book,
        )  # fmt: skip

    async def _cashier(self, life: Engine) -> Cashier:
        await life.sender.start()
        if self._kind == "forgetful":
            _forget(life)
        if self._kind == "hasty":
            for name in {each.batch_id for each in self._desk.dispatch.out()} - {None}:
                self._desk.dispatch.take_apart(str(name), "in haste", life.clock.now())
        rules = CashierRules(SIGNER.address, (ETHER,), None, PRICING, self._multisend)
        return Cashier(self._desk.dispatch, life.sender, life.reader, self._book, rules)

    async def _round(self, life: Engine, cashier: Cashier) -> None:
        life.clock.advance(12)
        await life.sender.reconcile()
        head = await life.reader.block("latest")
        assert isinstance(head, Block)
        await cashier.round(head, life.clock.now())

    async def _finish(self) -> None:
        """The last life, without faults: every withdrawal comes to its end."""
        rpc = Rpc(self._node.url)
        async with self._engine(rpc, self._at + 3600, []) as life:
            cashier = await self._cashier(life)
            for _ in range(20 + len(self._ids)):
                await self._round(life, cashier)
                rpc.ask("anvil_mine", hex(FINAL_AFTER + 1))
                if self._kind != "outbox" or not self._unended():
                    return
            raise Unended(f"these never came to an end: {self._unended()}")

    def _unended(self) -> list[str]:
        state = self._state
        return [each for each in self._ids if state(each) is not WithdrawalState.CONFIRMED]

    def _state(self, withdrawal_id: str) -> WithdrawalState:
        return self._desk.store.get(withdrawal_id).state

    def _over(self, numbers: Collection[int]) -> Collection[int]:
        return {number for number in numbers if self._state(self._ids[number]) in ENDED}

    def _verdict(self) -> dict[str, Any]:
        self._node.ask("anvil_mine", hex(20))
        places = list(map(destination, range(len(self._ids))))
        asked = [("eth_getBalance", (place, "latest")) for place in places]
        before = 0 if self._multisend is None else 1
        got = [int(each, 16) - before for each in self._node.rpc.ask_many(asked)]
        with BookReader.of(self._book) as reader:
            posted = {each.account: each.amount for each in AccountsReader(reader).balances()}
        booked = [posted.get(withdrawn(place), 0) for place in places]
        good = self._codes[KILLED] + self._codes[LIVED]
        return {
            "withdrawals": len(self._ids),
            "kills": self._codes[KILLED],
            "failed": self._codes.total() - good,
            **counted(dict(enumerate(got)), self._over, AMOUNT),
            "batches": len({s.batch_id for s in map(self._desk.store.get, self._ids)} - {None}),
            "booked otherwise": sum(one != other for one, other in zip(got, booked, strict=True)),
            "stopped": (self._folder / "STOP").exists(),
        }


def _deploy(node: Anvil) -> Multisend:
    """Put there what pays several at once, before blocks are made on demand alone."""
    node.ask("evm_setAutomine", True)
    (unlocked, *_) = node.ask("eth_accounts")
    found = deploy_multisend(Deployer(node.rpc, parse_address(unlocked)))
    node.ask("evm_setAutomine", False)
    return found


def _forget(life: Engine) -> None:
    """The control: have the outbox know nothing by name."""
    send = life.sender.send

    async def send_by_another_name(intent: Intent) -> SentIntent:
        return await send(replace(intent, intent_id=f"{intent.intent_id}:{uuid.uuid4()}"))

    async def know_nothing(_: str) -> None:
        return None

    life.sender.send = send_by_another_name  # type: ignore[method-assign]
    life.sender.status = know_nothing  # type: ignore[method-assign]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--engine", choices=["outbox", "forgetful", "hasty"], default="outbox")
    parser.add_argument("--together", type=int, default=1)
    options = parser.parse_args()
    with scratch() as folder, start_anvil([SIGNER]) as node:
        campaign = Campaign(folder, node, options.seed, options.engine, options.together)
        found = campaign.run(options.kills)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
