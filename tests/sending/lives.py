"""Kill engines, one life after the other, and ask the chain who was paid how often.

`python -m tests.sending.lives --lives 200 --seed 7` imports everything once and forks for each
life. A life starts an engine, sends what is wanted, and is killed by SIGKILL at one of the
crash points; the next one starts where that left the disk. In between, blocks are mined, and
sometimes taken back. What carriers answer is lost, refused or a lie now and then, and sometimes
a second engine comes up beside the first and takes its lease away.

Every payment goes to a recipient of its own, so the chain's balances tell what was lost and what
was paid twice. One line of JSON on stdout says it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import json
import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from aineon.errors import AineonError
from aineon.primitives import Address, Block, ManualClock
from aineon.sending.crashpoints import CrashPoint
from aineon.sending.intent import Fees
from aineon.sending.signer import UnsignedTransaction
from aineon.sending.standing import Standing
from tests.sending.engines import FEES, Life, open_book, payment, trade
from tests.sending.fakes import (
    SENDER,
    FakeCarrier,
    FakeChain,
    FakeReader,
    PlainSigner,
    recipient,
)

BASE = 1_700_000_000.0
NEW_IN_A_LIFE = 3  # two payments and a trade
STILL_WANTED = 6
FAULTS = ["", "", "", "", "lost", "unheard", "refused", "liar", "broken"]
LIFE_KILLED = -signal.SIGKILL
_RARE = ("adopted nonce", "going public", "retired name")
POINTS = [point for point in CrashPoint if not point.value.endswith(_RARE)]
"""Those that every life passes; `tests.faults.kills` goes through them all."""


class SharedChain(FakeChain):
    """A chain that several processes share: a log of what was done, replayed by each."""

    def __init__(self, path: Path) -> None:
        super().__init__(final_after=4)
        self._path = path
        self._read = 0
        self.reopen()

    def reopen(self) -> None:
        """Open the log anew: a lock belongs to the opening, which a fork would share."""
        self._log = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        fcntl.flock(self._log, fcntl.LOCK_EX)
        try:
            self._replay()
            yield
        finally:
            fcntl.flock(self._log, fcntl.LOCK_UN)

    def _replay(self) -> None:
        size = os.fstat(self._log).st_size
        news = os.pread(self._log, size - self._read, self._read)
        self._read = size
        for line in news.splitlines():
            name, *arguments = json.loads(line)
            with contextlib.suppress(ValueError):
                self._do(name, arguments)

    def _do(self, name: str, arguments: list[Any]) -> None:
        if name == "submit":
            super().submit(arguments[0].encode())
        elif name == "bundle":
            super().bundle(arguments[0].encode(), tuple(arguments[1]))
        elif name == "mine":
            super().mine(arguments[0])
        else:
            super().reorganise(arguments[0], keep=arguments[1])

    def _tell(self, name: str, *arguments: Any) -> None:
        line = (json.dumps([name, *arguments]) + "\n").encode()
        with self._alone():
            os.write(self._log, line)
            self._read += len(line)
            self._do(name, list(arguments))

    def sync(self) -> None:
        with self._alone():
            pass

    def submit(self, raw: bytes) -> None:
        self._tell("submit", raw.decode())

    def bundle(self, raw: bytes, blocks: tuple[int, ...]) -> None:
        self._tell("bundle", raw.decode(), blocks)

    def mine(self, count: int = 1, **_: Any) -> None:
        self._tell("mine", count)

    def reorganise(self, depth: int, *, keep: bool = False) -> None:
        self._tell("reorganise", depth, keep)


class SharedReader(FakeReader):
    """Reads the chain as it is now."""

    async def block(self, block: int | str) -> Block | None:
        assert isinstance(self.chain, SharedChain)
        self.chain.sync()
        return await super().block(block)

    async def nonce(self, address: Address, block: int | str = "latest") -> int:
        if self._block(block) is None:
            raise AineonError(f"no block {block}")  # it was taken back in between
        return await super().nonce(address, block)


class Bomb:
    """Ends the process at the n-th time that a crash point is passed."""

    def __init__(self, point: CrashPoint | None, count: int) -> None:
        self._point, self._left = point, count

    def __call__(self, point: CrashPoint) -> None:
        if point is self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


async def live(
    folder: Path,
    chain: SharedChain,
    wanted: list[int],
    clock: float,
    seed: int,
    bomb: Bomb,
    relays: bool,
) -> None:
    """One life: start, send what is wanted, mine and reconcile."""
    chance = random.Random(seed)
    chain.reopen()
    faults = chance.choices(FAULTS, k=40)
    carrier = FakeCarrier(chain, faults, is_public=not relays)
    carriers: dict[str, Any] = {"relays": (carrier,)} if relays else {"public": carrier}
    reader = SharedReader(chain)
    async with Life(
        folder, chain, clock=ManualClock(clock), crash=bomb, reader=reader, **carriers
    ) as life:
        for number in wanted:
            if is_trade(number):
                chain.mine()
                await life.sender.reconcile()
            await _send(life, number, chance)
        await life.sender.reconcile()


def is_trade(number: int) -> bool:
    return number % NEW_IN_A_LIFE == NEW_IN_A_LIFE - 1


async def _send(life: Life, number: int, chance: random.Random) -> None:
    with contextlib.suppress(AineonError):
        if is_trade(number):
            head = life.chain.head.number
            await life.sender.send(trade(number, head + 1, head + 2))
            return
        sent = await life.sender.send(payment(number))
        open_still = sent.standing is Standing.IN_FLIGHT and sent.version.ordinal < 3
        if open_still and chance.random() < 0.2:
            fees = sent.version.fees.raised()
            await life.sender.reprice(payment(number), fees)


def naive_life(folder: Path, chain: SharedChain, wanted: list[int], bomb: Bomb) -> None:
    """The control: send first, then record that it was sent."""
    chain.reopen()
    chain.sync()
    record = folder / "sent.txt"
    done = set(record.read_text().split()) if record.exists() else set()
    for number in wanted:
        if str(number) in done or is_trade(number):
            continue
        nonce = chain.count(SENDER) + len(chain.mempool)
        unsigned = UnsignedTransaction(1, nonce, recipient(number), 1, b"", 21_000, FEES)
        raw = PlainSigner().sign(unsigned).raw
        bomb(CrashPoint.BEFORE_BROADCAST)
        chain.submit(raw)
        bomb(CrashPoint.AFTER_BROADCAST)
        with record.open("a") as file:
            file.write(f"{number}\n")
        bomb(CrashPoint.AFTER_ANSWERS_COMMIT)


def in_child(work: Callable[[], None]) -> int:
    """Fork, do `work` there, and return the child's process id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except AineonError as error:
        # A second engine took the lease, or the stop is set: an engine that ends in order.
        print(f"life: {error}", file=sys.stderr)
        code = 3
    except BaseException as error:
        print(f"life failed: {error!r}", file=sys.stderr)
        raise
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Wait for a child; return its code, or minus the signal that ended it."""
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def campaign(lives: int, seed: int, folder: Path, engine: str) -> dict[str, Any]:
    """Run the lives and count what the chain says."""
    chance = random.Random(seed)
    points = POINTS
    open_book(folder).close()
    chain = SharedChain(folder / "chain.log")
    kills: dict[str, int] = {point.value: 0 for point in points}
    failed, twins = 0, 0
    for number in range(lives):
        point = points[number % len(points)]
        bomb = Bomb(point, chance.choice([1, 1, 1, 2, 3]))
        chain.sync()
        first = number * NEW_IN_A_LIFE
        wanted = list(range(max(0, first - STILL_WANTED), first + NEW_IN_A_LIFE))
        clock, life_seed, relays = BASE + 60.0 * number, chance.random(), chance.random() < 0.4

        def one(
            at: float = clock,
            wanted: list[int] = wanted,
            bomb: Bomb = bomb,
            life_seed: Any = life_seed,
            relays: bool = relays,
        ) -> None:
            if engine == "naive":
                naive_life(folder, chain, wanted, bomb)
            else:
                asyncio.run(live(folder, chain, wanted, at, life_seed, bomb, relays))

        children = [in_child(one)]
        if engine != "naive" and chance.random() < 0.1:
            # Its clock runs ahead, so it takes the lease from the first one in the middle.
            children.append(in_child(lambda: one(clock + 30.0)))  # noqa: B023
            twins += 1
        codes = [ended(child) for child in children]
        kills[point.value] += codes.count(LIFE_KILLED)
        failed += sum(code not in {0, 3, LIFE_KILLED} for code in codes)
        if engine != "naive" and chance.random() < 0.15:
            chain.sync()
            depth = chance.randint(1, 3)
            if chain.head.number > depth + 1:
                chain.reorganise(depth, keep=chance.random() < 0.3)
        chain.mine(chance.randint(0, 2))
    if engine != "naive":
        codes = [ended(in_child(lambda: asyncio.run(finish(folder, lives))))]
        failed += sum(code != 0 for code in codes)
    else:
        chain.mine(50)
    return verdict(chain, lives) | {
        "lives": lives, "kills": kills, "twins": twins, "failed": failed,
        "stopped": (folder / "STOP").exists(),
    }  # fmt: skip


async def finish(folder: Path, lives: int) -> None:
    """The last life, without faults: everything that is wanted comes to its end."""
    chain = SharedChain(folder / "chain.log")
    clock = ManualClock(BASE + 60.0 * lives + 3600.0)
    reader = SharedReader(chain)
    async with Life(folder, chain, clock=clock, public=FakeCarrier(chain), reader=reader) as life:
        wanted = [n for n in range(lives * NEW_IN_A_LIFE) if not is_trade(n)]
        for _ in range(200):
            left = []
            for number in wanted:
                with contextlib.suppress(AineonError):
                    fees = Fees(FEES.max_fee_wei * 10, FEES.priority_fee_wei * 10)
                    sent = await life.sender.send(payment(number, fees))
                    if sent.standing is Standing.FINAL:
                        continue
                left.append(number)
            chain.mine(2)
            await life.sender.reconcile()
            wanted = left
            if not wanted:
                return
        raise RuntimeError(f"these never came to an end: {wanted}")


def verdict(chain: SharedChain, lives: int) -> dict[str, Any]:
    """What the balances of the recipients say."""
    chain.sync()
    numbers = range(lives * NEW_IN_A_LIFE)
    payments = [chain.received(recipient(n)) for n in numbers if not is_trade(n)]
    trades = [chain.received(recipient(n)) for n in numbers if is_trade(n)]
    return {
        "paid": sum(count == 1 for count in payments),
        "lost": payments.count(0),
        "double": sum(count > 1 for count in (*payments, *trades)),
        "traded": sum(count == 1 for count in trades),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lives", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--engine", choices=["outbox", "naive"], default="outbox")
    options = parser.parse_args()
    # Kills do not test the disk, so memory will do where there is some.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        print(json.dumps(campaign(options.lives, options.seed, Path(folder), options.engine)))


if __name__ == "__main__":
    main()
