"""Kill engines at every write point, life after life, and ask anvil who was paid how often.

`python -m tests.faults.kills --kills 500 --seed 7` forks a process for each life. A life starts an
engine where the last one left the disk, asks for some payments again and for some new ones, has
blocks mined, and is killed at one of the crash points. What carriers answer is lost, refused or a
lie now and then; blocks are taken back; clocks are a day wrong; now and then a second engine comes
up beside the first one and takes its lease away.

Every payment goes to a recipient of its own, so the balances tell what was lost and what was paid
twice. One line of JSON on stdout says it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aineon.errors import AineonError
from aineon.ledger.store import BookStore
from aineon.primitives import ManualClock
from aineon.rehearsal.anvil import Anvil
from aineon.rehearsal.rpc import Rpc
from aineon.sending.crashpoints import CrashPoint
from aineon.sending.intent import Fees
from aineon.sending.sender import Sender
from aineon.sending.signer import UnsignedTransaction
from aineon.sending.slots import LONGEST_QUEUE
from aineon.sending.standing import Standing
from tests.faults.counting import LAST_GAVE_UP, counted, never_to_be_paid, over_in
from tests.faults.on_anvil import (
    FINAL_AFTER,
    AnvilCarrier,
    engine,
    received,
    signer_of,
    start_anvil,
)
from tests.faults.processes import (
    BASE,
    GAVE_UP,
    KILLED,
    Bomb,
    Unended,
    ended,
    in_child,
    scratch,
    word_of,
)
from tests.sending.engines import FEES, open_book, payment, trade
from tests.sending.fakes import recipient

P = CrashPoint
PAYMENTS_A_LIFE = 1
REMEMBERED = 40
TRADES = 1_000_000
"""Trades are numbered from here on; nobody must be paid by one, and nobody twice."""
FAULTS = ["", "", "", "", "lost", "unheard", "refused", "liar", "broken"]
TWINS, REORGS, RELAYS = 0.05, 0.15, 0.3
WRONG_CLOCKS = (-86_400.0, -20.0, 20.0, 86_400.0)
WRONG = 0.1
SIGNER = signer_of(0)
LEASE = frozenset({P.BEFORE_LEASE_COMMIT, P.AFTER_LEASE_COMMIT})
ADOPTION = frozenset({P.BEFORE_ADOPTION_COMMIT, P.AFTER_ADOPTION_COMMIT})
RETIREMENT = frozenset({P.BEFORE_RETIREMENT_COMMIT, P.AFTER_RETIREMENT_COMMIT})
PUBLIC = frozenset({P.BEFORE_PUBLIC_COMMIT, P.AFTER_PUBLIC_COMMIT})
AGAIN = frozenset({P.BEFORE_REBROADCAST, P.AFTER_REBROADCAST})
HASTY = 0.03
"""Seconds of a lease that is renewed while a life of some hundredths lasts."""


@dataclass(frozen=True)
class Plan:
    """What one life is to do.

    Attributes:
        book: opened before the fork; None: it is opened anew.
        known: payments that earlier lives were asked for.
        new: payments that nobody asked for yet; a trade comes first or last.
        relayed: whether all goes to a relay.
    """

    folder: Path
    book: BookStore | None
    url: str
    clock: float
    seed: float
    point: CrashPoint | None
    count: int
    known: tuple[int, ...]
    new: tuple[int, ...]
    relayed: bool


async def live(plan: Plan) -> None:
    """One life, which seldom comes to its end."""
    rpc = Rpc(plan.url)
    bomb = Bomb(plan.point, plan.count)
    if plan.point in PUBLIC:
        # What a relay had, and lost, goes to everybody when the operator allows it.
        await _sent_before(plan, rpc)
    chance = random.Random(plan.seed)
    # What is handed out again must have been lost before.
    first = ["lost"] * 2 if plan.point in AGAIN else []
    carrier = AnvilCarrier(rpc, first + chance.choices(FAULTS, k=40), is_public=not plan.relayed)
    seconds = {"lease_seconds": HASTY} if plan.point in LEASE else {}
    async with engine(
        plan.folder, [plan.url], SIGNER, **_carried_by(carrier),
        clock=ManualClock(plan.clock), crash=bomb, book=plan.book, **seconds,
    ) as life:  # fmt: skip
        await life.sender.start()
        if plan.point in ADOPTION:
            await asyncio.to_thread(life.sender.outbox.adopt, 0, "ada")
        if plan.point in RETIREMENT:
            await life.sender.retire(f"retired: {plan.new[0]}")
        trade_first = chance.random() < 0.5
        if trade_first:
            await _trade(life.sender, rpc, TRADES + plan.new[0])
        for number in (*plan.known, *plan.new):
            await _pay(life.sender, number, chance)
        if plan.point in AGAIN:
            await life.sender.reconcile()
        rpc.ask("anvil_mine", "0x1")
        await life.sender.reconcile()
        if not trade_first:
            await _trade(life.sender, rpc, TRADES + plan.new[0])
        rpc.ask("anvil_mine", hex(chance.randint(1, FINAL_AFTER)))
        await life.sender.reconcile()
        if plan.point in LEASE:
            await asyncio.sleep(HASTY)


async def _sent_before(plan: Plan, rpc: Rpc) -> None:
    relay = AnvilCarrier(rpc, ["lost"] * 40, is_public=False)
    clock = ManualClock(plan.clock - 30)
    async with engine(
        plan.folder, [plan.url], SIGNER, relays=[relay], clock=clock, book=plan.book
    ) as life:
        await life.sender.start()
        for number in plan.new:
            with contextlib.suppress(AineonError):
                await life.sender.send(payment(number))


def _carried_by(carrier: AnvilCarrier) -> dict[str, Any]:
    return {"public": carrier} if carrier.is_public else {"relays": [carrier]}


async def _pay(sender: Sender, number: int, chance: random.Random) -> None:
    with contextlib.suppress(AineonError):
        sent = await sender.send(payment(number))
        still_open = sent.standing is Standing.IN_FLIGHT and sent.version.ordinal < 3
        if still_open and chance.random() < 0.2:
            await sender.reprice(payment(number), sent.version.fees.raised())


async def _trade(sender: Sender, rpc: Rpc, number: int) -> None:
    head = int(rpc.ask("eth_blockNumber"), 16)
    with contextlib.suppress(AineonError):
        await sender.send(trade(number, head + 1, head + 2))


def naive_life(plan: Plan) -> None:
    """The control: send first, then record that it was sent."""
    rpc, bomb = Rpc(plan.url), Bomb(plan.point, 1)
    record = plan.folder / "sent.txt"
    done = set(record.read_text().split()) if record.exists() else set()
    for number in (*plan.known, *plan.new):
        if str(number) in done:
            continue
        nonce = int(rpc.ask("eth_getTransactionCount", SIGNER.address, "pending"), 16)
        unsigned = UnsignedTransaction(31_337, nonce, recipient(number), 1, b"", 21_000, FEES)
        raw = SIGNER.sign(unsigned).raw
        bomb(P.BEFORE_BROADCAST)
        rpc.ask("eth_sendRawTransaction", "0x" + raw.hex())
        bomb(P.AFTER_BROADCAST)
        with record.open("a") as file:
            file.write(f"{number}\n")
        bomb(P.AFTER_ANSWERS_COMMIT)
    rpc.ask("anvil_mine", "0x1")


class Campaign:
    """Lives one after the other on one node, until so many were killed."""

    def __init__(self, folder: Path, node: Anvil, seed: int, *, naive: bool) -> None:
        self._folder = folder
        self._node = node
        self._chance = random.Random(seed)
        self._naive = naive
        self._book = open_book(folder)
        self._book.engine.dispose()
        self._lives = 0
        self._kills: Counter[str] = Counter()
        self._codes: Counter[str] = Counter()
        self._gave_up = False

    @property
    def payments(self) -> int:
        return self._lives * PAYMENTS_A_LIFE

    def run(self, kills: int) -> dict[str, Any]:
        points = [P.BEFORE_BROADCAST, P.AFTER_BROADCAST, P.AFTER_ANSWERS_COMMIT]
        if not self._naive:
            # Whatever is loaded late is loaded before anything is forked. A process of threads
            # must not be, and asyncio's threads end with its loop.
            asyncio.run(live(self._plan(None)))
            points = list(CrashPoint)
        while self._kills.total() < kills and self._lives < 2 * kills + 20:
            self._one(points[self._lives % len(points)])
        if not self._naive:
            code = ended(in_child(lambda: asyncio.run(self._finish())))
            self._codes[word_of(code)] += 1
            self._gave_up = code == GAVE_UP
        self._node.ask("anvil_mine", hex(20))
        return self._verdict()

    def _plan(self, point: CrashPoint | None) -> Plan:
        chance, first = self._chance, self.payments
        known = {chance.randrange(first)} if first else set()
        known.update(self._unpaid(first)[:2])
        plan = Plan(
            self._folder, None if self._lives % 10 == 9 else self._book, self._node.url,
            self._clock(), chance.random(), point,
            chance.choice([1, 1, 2]) if point not in PUBLIC | ADOPTION | RETIREMENT else 1,
            tuple(sorted(known)), tuple(range(first, first + PAYMENTS_A_LIFE)),
            point not in PUBLIC and chance.random() < RELAYS,
        )  # fmt: skip
        self._lives += 1
        return plan

    def _clock(self) -> float:
        wrong = self._chance.random() < WRONG
        return BASE + 60.0 * self._lives + (self._chance.choice(WRONG_CLOCKS) if wrong else 0.0)

    def _unpaid(self, first: int) -> list[int]:
        lately = range(max(0, first - REMEMBERED), first)
        got = received(self._node.rpc, lately)
        return [number for number, amount in zip(lately, got, strict=True) if not amount]

    def _one(self, point: CrashPoint) -> None:
        chance, plan = self._chance, self._plan(point)
        plans = [plan]
        if not self._naive and chance.random() < TWINS:
            # Its clock runs ahead, so it takes the lease from the first one in the middle.
            plans.append(replace(plan, clock=plan.clock + 30.0, seed=chance.random()))
        children = [in_child(lambda each=each: self._live(each)) for each in plans]
        for code in map(ended, children):
            self._codes[word_of(code)] += 1
            self._kills[point.value] += code == KILLED
        if not self._naive and chance.random() < REORGS:
            self._reorganise(chance.randint(1, 3))

    def _live(self, plan: Plan) -> None:
        if self._naive:
            naive_life(plan)
        else:
            asyncio.run(live(plan))

    def _reorganise(self, depth: int) -> None:
        if int(self._node.ask("eth_blockNumber"), 16) > depth + FINAL_AFTER:
            self._node.ask("anvil_reorg", depth, [])

    async def _finish(self) -> None:
        """The last life, without faults: everything that is wanted comes to its end."""
        rpc = Rpc(self._node.url)
        clock = ManualClock(BASE + 60.0 * self._lives + 3600.0)
        async with engine(
            self._folder, [self._node.url], SIGNER, public=AnvilCarrier(rpc), clock=clock
        ) as life:
            await life.sender.start()
            got = received(rpc, range(self.payments))
            wanted = [n for n, amount in enumerate(got) if not amount or n % 40 == 0]
            for _ in range(len(wanted) + 9):
                # As many as may wait at once; the others would only be told to.
                now = wanted[:LONGEST_QUEUE]
                over = [n for n in now if await _is_final(life.sender, n)]
                wanted = [n for n in wanted if n not in over]
                if not wanted:
                    return
                for _ in range(2):
                    rpc.ask("anvil_mine", hex(FINAL_AFTER + 1))
                    await life.sender.reconcile()
            raise Unended(f"these never came to an end: {wanted}; {life.stop.state()}")

    def _verdict(self) -> dict[str, Any]:
        got = dict(enumerate(received(self._node.rpc, range(self.payments))))
        trades = received(self._node.rpc, range(TRADES, TRADES + self.payments))
        found = counted(got, never_to_be_paid if self._naive else over_in(self._folder))
        found["double"] += sum(amount > 1 for amount in trades)
        return {
            "lives": self._lives,
            "kills": self._kills.total(),
            "points": dict(self._kills),
            "ends": dict(self._codes),
            **found,
            LAST_GAVE_UP: self._gave_up,
            "traded": trades.count(1),
            "stopped": (self._folder / "STOP").exists(),
        }


async def _is_final(sender: Sender, number: int) -> bool:
    fees = Fees(FEES.max_fee_wei * 10, FEES.priority_fee_wei * 10)
    try:
        sent = await sender.send(payment(number, fees))
    except AineonError:
        return False
    return sent.standing is Standing.FINAL


def campaign(kills: int, seed: int, *, naive: bool = False) -> dict[str, Any]:
    """Run one campaign on a node of its own."""
    with scratch() as folder, start_anvil([SIGNER]) as node:
        return Campaign(folder, node, seed, naive=naive).run(kills)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--engine", choices=["outbox", "naive"], default="outbox")
    options = parser.parse_args()
    found = campaign(options.kills, options.seed, naive=options.engine == "naive")
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
