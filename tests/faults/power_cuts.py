"""Cut the power again and again, and count on the chain who was paid how often.

`python -m tests.faults.power_cuts --cuts 210 --seed 7` forks a process for each life, as
`tests.faults.kills` does; but a life ends at some write, and leaves on disk what a disk without
power may leave (`tests.faults.power`). `--synchronous NORMAL` is the control: there a commit is
not synced, so a transaction can be out while nothing on disk knows of it. The nonce fence sees that
and stops all; the control's operator vouches for whatever it says, clears the stop and goes on.

`--trouble full` has the disk full from some write on instead, and `--trouble broken` has it fail
its syncs, and then the power goes too.

Payments go through a relay that shows its bundles to nobody. What the outbox has forgotten is then
nowhere to be seen, and the next life pays by other nonces.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from aineon.errors import AineonError, LedgerError, SendingError, StopLatched
from aineon.primitives import ManualClock
from aineon.sending.intent import Fees
from aineon.sending.standing import Standing
from tests.faults.counting import LAST_GAVE_UP, counted, over_in
from tests.faults.power import PowerLossDisk
from tests.faults.processes import (
    BASE,
    GAVE_UP,
    KILLED,
    LIVED,
    Unended,
    ended,
    in_child,
    kill_ourselves,
    scratch,
)
from tests.sending.engines import FEES, Life, open_book, payment
from tests.sending.fakes import SENDER, FakeCarrier, recipient
from tests.sending.lives import SharedChain, SharedReader

PAYMENTS_A_LIFE = 3
REMEMBERED = 9
WRITES_A_LIFE = 70
FAULTS = ["", "", "", "", "unheard", "lost", "refused"]
QUEUE = 12


@dataclass(frozen=True)
class Plan:
    """What one life is to do: it ends at its `write`-th write."""

    books: Path
    clock: float
    seed: float
    write: int
    wanted: tuple[int, ...]
    synchronous: str
    checkpoint: int
    trouble: str


class Switch:
    """Cuts the power at the n-th write, or has the disk fail from there on."""

    def __init__(self, plan: Plan) -> None:
        self._left = plan.write
        self._trouble = plan.trouble
        self._chance = random.Random(plan.seed)
        self.disk = PowerLossDisk(plan.books, self)

    def __call__(self, kind: str) -> None:
        self._left -= 1
        if self._left > 0:
            return
        if self._trouble == "cut":
            self.cut()
        if self._trouble == "full" or kind == "sync":
            raise OSError(errno.ENOSPC, self._trouble)

    def cut(self) -> None:
        """End the life; a full disk loses nothing of what it has."""
        if self._trouble != "full":
            self.disk.blow(self._chance)
        kill_ourselves()


async def live(plan: Plan, chain: SharedChain) -> None:
    """One life under a disk that loses its power."""
    chain.reopen()
    switch = Switch(plan)
    switch.disk.install()
    _configure(plan)
    chance = random.Random(plan.seed)
    relay = FakeCarrier(chain, chance.choices(FAULTS, k=40), is_public=False)
    reader, clock = SharedReader(chain), ManualClock(plan.clock)
    async with Life(plan.books, chain, clock=clock, reader=reader, relays=(relay,)) as life:
        with contextlib.suppress(LedgerError):
            await _wave_through(life)
            for number in chance.sample(plan.wanted, len(plan.wanted)):
                with contextlib.suppress(SendingError, StopLatched):
                    await life.sender.send(payment(number))
            chain.mine(chance.randint(0, 2))
            await life.sender.reconcile()
        switch.cut()


async def _wave_through(life: Life) -> None:
    """Answer the fence as somebody does who believes that all is well; only the control must."""
    if life.stop.state().is_set:
        life.sender.outbox.adopt(life.chain.count(SENDER), "ada")
        life.stop.clear("ada", life.stop.state())
        await life.sender.reconcile()


def _configure(plan: Plan) -> None:
    @event.listens_for(Pool, "checkout")
    def configure(connection: Any, *_: object) -> None:
        # After all that the product asks for.
        connection.execute(f"PRAGMA synchronous={plan.synchronous}")
        connection.execute(f"PRAGMA wal_autocheckpoint={plan.checkpoint}")


class Campaign:
    """Lives one after the other, until the power was cut so often."""

    def __init__(self, folder: Path, seed: int, synchronous: str, trouble: str) -> None:
        self._books = folder / "books"
        self._books.mkdir()
        open_book(self._books).close()
        self._chain = SharedChain(folder / "chain.log")
        self._chance = random.Random(seed)
        self._synchronous = synchronous
        self._trouble = trouble
        self._lives = 0
        self._codes: Counter[int] = Counter()
        self._stops = 0

    def run(self, cuts: int) -> dict[str, Any]:
        # Whatever is loaded late is loaded before anything is forked.
        asyncio.run(self._finish(1))
        while self._codes[KILLED] < cuts and self._lives < 2 * cuts:
            self._one()
        code = ended(in_child(lambda: asyncio.run(self._finish())))
        self._chain.sync()
        paid = Counter(
            json.loads(raw)["to"] for block in self._chain.blocks for raw in block.transactions
        )
        got = {n: paid[recipient(n)] for n in range(self._lives * PAYMENTS_A_LIFE)}
        # Who finds the disk full at the start gives up.
        good = self._codes[KILLED] + self._codes[GAVE_UP]
        failed = self._codes.total() - good
        return {
            "lives": self._lives,
            "cuts": self._codes[KILLED],
            "failed": failed + (code not in {LIVED, GAVE_UP}),
            **counted(got, over_in(self._books)),
            LAST_GAVE_UP: code == GAVE_UP,
            "stops": self._stops,
        }

    def _one(self) -> None:
        chance, first = self._chance, self._lives * PAYMENTS_A_LIFE
        plan = Plan(
            self._books, BASE + 60.0 * self._lives, chance.random(),
            chance.randint(1, WRITES_A_LIFE),
            tuple(range(max(first - REMEMBERED, 0), first + PAYMENTS_A_LIFE)),
            self._synchronous, chance.choice([2, 8, 1000]), self._trouble,
        )  # fmt: skip
        self._lives += 1
        self._chain.sync()
        self._codes[ended(in_child(lambda: asyncio.run(live(plan, self._chain))))] += 1
        self._chain.mine(chance.randint(0, 2))
        self._stops += (self._books / "STOP").exists()

    async def _finish(self, lives: int | None = None) -> None:
        """The last life, with power: everything that is wanted comes to its end."""
        self._chain.reopen()
        reader, clock = SharedReader(self._chain), ManualClock(BASE + 60.0 * self._lives - 30)
        carrier = FakeCarrier(self._chain)
        async with Life(self._books, self._chain, clock=clock, reader=reader, public=carrier) as it:
            wanted = list(range((lives or self._lives) * PAYMENTS_A_LIFE))
            for _ in range(2 * len(wanted)):
                over = [n for n in wanted[:QUEUE] if await self._is_over(it, n)]
                wanted = [number for number in wanted if number not in over]
                if not wanted or lives:
                    return
                self._chain.mine(6)
                await it.sender.reconcile()
                await _wave_through(it)
            raise Unended(f"these never came to an end: {wanted}")

    async def _is_over(self, life: Life, number: int) -> bool:
        fees = Fees(FEES.max_fee_wei * 10, FEES.priority_fee_wei * 10)
        try:
            sent = await life.sender.send(payment(number, fees))
        except AineonError:
            return False
        return sent.standing is Standing.FINAL


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=210)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--synchronous", choices=["FULL", "NORMAL"], default="FULL")
    parser.add_argument("--trouble", choices=["cut", "full", "broken"], default="cut")
    options = parser.parse_args()
    with scratch() as folder:
        one = Campaign(folder, options.seed, options.synchronous, options.trouble)
        found = one.run(options.cuts)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
