"""Engines whose node answers wrongly, kind after kind, and that are killed on top of it.

`python -m tests.faults.rpc_lives --lives 48 --shard 0/2` goes through the kinds of
`tests.faults.rpc`. Each has an account, a book and payments of its own; all share a node. After
its lives a kind gets one without faults, in which everything that is wanted must come to its end.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aineon.chain.client import ClientOptions
from aineon.errors import AineonError
from aineon.primitives import ManualClock
from aineon.rehearsal.anvil import Anvil
from aineon.rehearsal.rpc import Rpc
from aineon.sending.crashpoints import CrashPoint
from aineon.sending.relays import PublicMempool
from aineon.sending.sender import Sender
from aineon.sending.signer import LocalSigner, UnsignedTransaction
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
    Bomb,
    Unended,
    ended,
    in_child,
    scratch,
    word_of,
)
from tests.faults.rpc import KINDS, SEND, FaultyServer
from tests.faults.shards import added
from tests.sending.engines import FEES, payment
from tests.sending.fakes import recipient

PAYMENTS_A_LIFE = 2
PAYMENTS_A_KIND = 10_000
PERCENT = 30
ANSWER_SECONDS = 0.15
HASTY = ClientOptions(
    request_s=ANSWER_SECONDS, stale_after_s=None, rounds=2, patience_s=0.2, block_s=0.0
)


@dataclass(frozen=True)
class Plan:
    """What one life is to do; `faulty` is where the fault is, `urls` are what is read from."""

    folder: Path
    signer: LocalSigner
    node: str
    faulty: str
    urls: tuple[str, ...]
    clock: float
    seed: float
    point: CrashPoint | None
    wanted: tuple[int, ...]


async def live(plan: Plan) -> None:
    """One life; whatever the node does to it, it ends in order or by the bomb."""
    rpc = Rpc(plan.node)
    public = PublicMempool("node", plan.faulty, ANSWER_SECONDS)
    async with engine(
        plan.folder, plan.urls, plan.signer, public=public, options=HASTY,
        clock=ManualClock(plan.clock), crash=Bomb(plan.point, 1),
    ) as life:  # fmt: skip
        await _tried(life.sender.start())
        for number in plan.wanted:
            await _tried(life.sender.send(payment(number)))
        rpc.ask("anvil_mine", hex(random.Random(plan.seed).randint(1, FINAL_AFTER)))
        await _tried(life.sender.reconcile())


async def _tried(work: Any) -> None:
    with contextlib.suppress(AineonError):
        await work


def trusting_life(plan: Plan) -> None:
    """The control: what is not answered well is signed anew and sent again."""
    rpc = Rpc(plan.node)
    for number in plan.wanted:
        for _ in range(3):
            nonce = int(rpc.ask("eth_getTransactionCount", plan.signer.address, "pending"), 16)
            unsigned = UnsignedTransaction(31_337, nonce, recipient(number), 1, b"", 21_000, FEES)
            if asyncio.run(_is_told_so(plan.faulty, plan.signer.sign(unsigned).raw)):
                break
    rpc.ask("anvil_mine", "0x1")


async def _is_told_so(url: str, raw: bytes) -> bool:
    import httpx

    request = {"jsonrpc": "2.0", "id": 1, "method": SEND, "params": ["0x" + raw.hex()]}
    try:
        async with httpx.AsyncClient(timeout=ANSWER_SECONDS, verify=False) as client:
            return "result" in (await client.post(url, json=request)).json()
    except (httpx.HTTPError, ValueError):
        return False


class KindCampaign:
    """The lives of one kind of fault."""

    def __init__(self, name: str, folder: Path, node: Anvil, port: int, *, naive: bool) -> None:
        self._place = list(KINDS).index(name)
        self._name = name
        self._folder = folder / name
        self._folder.mkdir()
        self._node = node
        self._port = port
        self._naive = naive
        self._signer = signer_of(self._place)
        self._chance = random.Random(name)
        self._wanted: list[int] = []
        self._lives = 0
        self.codes: Counter[str] = Counter()

    def run(self, lives: int) -> dict[str, Any]:
        for _ in range(lives):
            self._one()
        gave_up = False
        if not self._naive:
            gave_up = self._count(in_child(lambda: asyncio.run(self._finish()))) == GAVE_UP
        self._node.ask("anvil_mine", hex(9))
        got = dict(zip(self._wanted, received(self._node.rpc, self._wanted), strict=True))
        return {
            **counted(got, never_to_be_paid if self._naive else over_in(self._folder)),
            "stopped": (self._folder / "STOP").exists(),
            LAST_GAVE_UP: gave_up,
        }

    def _one(self) -> None:
        first = self._place * PAYMENTS_A_KIND + len(self._wanted)
        new = range(first, first + PAYMENTS_A_LIFE)
        self._wanted += new
        faulty = f"http://127.0.0.1:{self._port}/{self._name}/{PERCENT}/{self._lives}"
        second = [self._node.url] if self._lives % 2 else []
        points = [None, *CrashPoint]
        plan = Plan(
            self._folder, self._signer, self._node.url, faulty, (faulty, *second),
            BASE + 60.0 * self._lives, self._chance.random(), self._chance.choice(points),
            tuple(self._wanted[-3 * PAYMENTS_A_LIFE :]),
        )  # fmt: skip
        self._lives += 1
        work = trusting_life if self._naive else lambda plan: asyncio.run(live(plan))
        self._count(in_child(lambda: work(plan)))

    def _count(self, child: int) -> int:
        code = ended(child)
        self.codes[word_of(code)] += 1
        return code

    async def _finish(self) -> None:
        rpc = Rpc(self._node.url)
        clock = ManualClock(BASE + 60.0 * self._lives + 3600.0)
        public = AnvilCarrier(rpc)
        async with engine(
            self._folder, [self._node.url], self._signer, public=public, clock=clock
        ) as life:
            await life.sender.start()
            wanted = self._wanted
            for _ in range(20 + len(wanted)):
                wanted = [n for n in wanted if not await _is_final(life.sender, n)]
                if not wanted:
                    return
                rpc.ask("anvil_mine", hex(FINAL_AFTER + 1))
                await life.sender.reconcile()
            raise Unended(f"these never came to an end: {wanted}; {life.stop.state()}")


async def _is_final(sender: Sender, number: int) -> bool:
    try:
        sent = await sender.send(payment(number))
    except AineonError:
        return False
    return sent.standing is Standing.FINAL


@contextlib.contextmanager
def faulty_server(node: Anvil) -> Iterator[int]:
    """Run the server in a process of its own; yield its port."""
    hears, tells = os.pipe()

    def serve() -> None:
        tell = lambda port: os.write(tells, f"{port}\n".encode())  # noqa: E731
        asyncio.run(FaultyServer(node.url).serve(tell))

    child = in_child(serve)
    try:
        yield int(os.read(hears, 16))
    finally:
        os.kill(child, signal.SIGKILL)
        ended(child)
        os.close(hears)
        os.close(tells)


def warm_up(node: Anvil) -> None:
    """Live once, so that whatever is loaded late is loaded before anything is forked."""
    with scratch() as folder:
        signer = signer_of(len(KINDS))
        plan = Plan(folder, signer, node.url, node.url, (node.url,), BASE, 0.5, None, ())
        asyncio.run(live(plan))


def campaign(lives: int, shard: int, shards: int, *, naive: bool) -> dict[str, Any]:
    """Run the kinds of one shard."""
    names = list(KINDS)[shard::shards]
    told: list[dict[str, Any]] = []
    signers = [signer_of(place) for place in range(len(KINDS) + 1)]
    with scratch() as folder, start_anvil(signers) as node:
        warm_up(node)
        with faulty_server(node) as port:
            for name in names:
                one = KindCampaign(name, folder, node, port, naive=naive)
                found = one.run(-(-lives // len(KINDS)))
                told.append(found | {"kinds": [name], "ends": dict(one.codes)})
                if any(found[what] for what in found if what != "paid"):
                    print(f"Error: {name}: {found}", file=sys.stderr)
    return added(told)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lives", type=int, default=48)
    parser.add_argument("--shard", default="0/1")
    parser.add_argument("--engine", choices=["outbox", "trusting"], default="outbox")
    options = parser.parse_args()
    shard, shards = map(int, options.shard.split("/"))
    found = campaign(options.lives, shard, shards, naive=options.engine == "trusting")
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
