"""Two engines for one account at the same moment, round after round.

`python -m tests.faults.pairs --rounds 8` starts both as processes. In every other round the clock
of the second is ahead, so that it takes the lease away in the middle of the first one's work.
`--books apart` is the control: each has a book of its own, as on two machines. There the nonce
fence of the one sees what the other one paid, and stops it; the control's operator vouches for it
each time and goes on. They run one after the other: at once they fight for the same nonces.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aineon.errors import AineonError, LeaseLost
from aineon.primitives import ManualClock
from aineon.rehearsal.anvil import Anvil
from aineon.rehearsal.rpc import Rpc
from tests.faults.counting import counted, never_to_be_paid, over_in
from tests.faults.on_anvil import (
    FINAL_AFTER,
    AnvilCarrier,
    Engine,
    engine,
    received,
    signer_of,
    start_anvil,
)
from tests.faults.processes import BASE, GAVE_UP, LIVED, ended, in_child, scratch
from tests.sending.engines import open_book, payment

PAYMENTS = 12
SIGNER = signer_of(0)


Operator = Callable[[Engine], Awaitable[None]]


async def careful(_: Engine) -> None:
    """Leave the stop set."""


async def trusting(life: Engine) -> None:
    """Answer the fence as somebody does who believes that all is well; only the control must."""
    if life.stop.state().is_set:
        life.sender.outbox.adopt(await life.reader.nonce(SIGNER.address, "pending"), "ada")
        life.stop.clear("ada", life.stop.state())
        await life.sender.reconcile()


async def live(
    folder: Path, url: str, clock: float, wanted: list[int], operator: Operator = careful
) -> None:
    """Pay all of `wanted`; ends with `LeaseHeld` or `LeaseLost` where the other one signs."""
    rpc = Rpc(url)
    async with engine(
        folder, [url], SIGNER, public=AnvilCarrier(rpc), clock=ManualClock(clock)
    ) as life:
        await life.sender.start()
        await operator(life)
        for number in wanted:
            try:
                await life.sender.send(payment(number))
            except LeaseLost:
                raise
            except AineonError:
                pass  # the stop is set, or an earlier one must be mined first
            await life.sender.reconcile()
        rpc.ask("anvil_mine", hex(FINAL_AFTER + 1))
        await life.sender.reconcile()


def run(rounds: int, folder: Path, node: Anvil, *, apart: bool) -> dict[str, Any]:
    """Run the rounds and count what the chain says."""
    chance = random.Random(7)
    books = [folder / "one", folder / ("other" if apart else "one")]
    for book in set(books):
        book.mkdir()
        open_book(book).close()
    asyncio.run(live(books[0], node.url, BASE, []))
    operator = trusting if apart else careful
    codes: Counter[int] = Counter()
    for number in range(rounds):
        numbers = list(range(number * PAYMENTS, (number + 1) * PAYMENTS))
        children = []
        for place, book in enumerate(books):
            wanted = chance.sample(numbers, len(numbers))
            clock = BASE + 100.0 * (number + 1) + 30.0 * place * (number % 2)
            work = lambda b=book, c=clock, w=wanted: asyncio.run(live(b, node.url, c, w, operator))  # noqa: E731
            children.append(in_child(work))
            if apart:
                codes[ended(children.pop())] += 1
        for child in children:
            codes[ended(child)] += 1
        node.ask("anvil_mine", hex(FINAL_AFTER + 1))
    everything = range(rounds * PAYMENTS)
    for late in range(0 if apart else 9):
        told = zip(everything, received(node.rpc, everything), strict=True)
        left = [number for number, amount in told if not amount][:PAYMENTS]
        if not left:
            break
        clock = BASE + 100.0 * (rounds + 9 + late)
        work = lambda c=clock, w=left: asyncio.run(live(books[0], node.url, c, w))  # noqa: E731
        codes[ended(in_child(work))] += 1
    got = dict(enumerate(received(node.rpc, everything)))
    return {
        **counted(got, never_to_be_paid if apart else over_in(books[0])),
        "stopped": any((book / "STOP").exists() for book in books),
        "ends": {"gave up": codes[GAVE_UP], "lived": codes[LIVED]},
        "failed": codes.total() - codes[GAVE_UP] - codes[LIVED],
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--books", choices=["shared", "apart"], default="shared")
    options = parser.parse_args()
    with scratch() as folder, start_anvil([SIGNER]) as node:
        found = run(options.rounds, folder, node, apart=options.books == "apart")
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
