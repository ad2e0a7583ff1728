"""Random calls of the executor: whole trades of nonsense, and bytes that are hardly calls."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from eth_abi import encode

from aineon.execution.contract import abi
from aineon.primitives import Address
from aineon.rehearsal.calls import call_data, selector, types_of
from tests.contracts.executor.attacking import calls_back, worth_taking
from tests.contracts.executor.scene import Scene, functions
from tests.contracts.executor.stage import ETHER
from tests.contracts.executor.trading import ALL, ENDLESS, NATIVE, NOBODY, Step, Trade, coins, fee

CALLS_A_BATCH = 12
MOST_DATA = 2_000
_WORDS = (0, 1, 2, 31, 32, 64, 255, 2**128, 2**160 - 1, 2**255, 2**256 - 1)


class Fuzzer:
    """Makes calls out of what is on the stage; the same seed makes the same ones."""

    def __init__(self, scene: Scene, seed: str, *others: Address) -> None:
        self.scene = scene
        self.rng = random.Random(seed)
        stage = scene.stage
        tokens = [scene.weth.address, scene.usdc.address, scene.dai.address]
        # Some more than once: a trade must now and then be nearly right.
        self.tokens = [*tokens * 3, NATIVE, NOBODY, scene.executor]
        pools = [stage.cheap, stage.dear, stage.pool, stage.stable_pair, stage.dai_pair]
        self.pools = [pool.address for pool in pools] * 2
        self.pools += [stage.balancer.vault, stage.aave.pool, scene.executor, NOBODY]
        self.pools += [*tokens, scene.roles.treasury, *others]
        self.data = [fee(3000), fee(500), fee(0), coins(0, 1), bytes(32), b"\xff" * 32]
        self.data += [bytes.fromhex(stage.weighted.pool_id[2:])]
        self.whole = [scene.good_trade(money).encode() for money in range(4)]
        self.whole += calls_back(scene, worth_taking(scene))
        self.functions = list(functions(abi()).values())

    def calls(self, count: int) -> Iterator[bytes]:
        """Yield calls, short enough for a batch."""
        made = 0
        while made < count:
            data = self.call()
            if len(data) <= MOST_DATA:
                made += 1
                yield data

    def call(self) -> bytes:
        kind = self.rng.random()
        if kind < 0.35:
            return self.broken(self.rng.choice(self.whole))
        if kind < 0.7:
            return self.trade().encode()
        if kind < 0.8:
            return self.near_miss().encode()
        if kind < 0.95:
            return self.of_a_function(self.rng.choice(self.functions))
        return self.rng.randbytes(self.rng.randint(0, 300))

    def broken(self, data: bytes) -> bytes:
        """A call with some bytes changed, cut off, or put in."""
        changed = bytearray(data)
        for _ in range(self.rng.randint(1, 4)):
            place = self.rng.randrange(len(changed) or 1)
            kind = self.rng.randint(0, 3)
            if kind == 0:
                changed[place : place + 1] = self.rng.randbytes(1)
            elif kind == 1:
                word = self.rng.choice(_WORDS).to_bytes(32, "big")
                start = 4 + (place - 4) // 32 * 32
                changed[max(start, 0) : max(start, 0) + 32] = word
            elif kind == 2:
                del changed[place:]
            else:
                changed[place:place] = self.rng.randbytes(self.rng.randint(1, 40))
        return bytes(changed)

    def trade(self) -> Trade:
        """A trade of which nothing need be right."""
        rng = self.rng
        steps = tuple(self.step() for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 5))))
        return Trade(
            rng.choice((0, 1, 2, 3, 3, 4)), rng.choice(self.tokens), self.amount(), steps,
            min_profit=rng.choice((0, 0, 0, 1, ETHER)),
            builder_payment=rng.choice((0, 0, 1, ETHER)),
            deadline=rng.choice((0, ENDLESS, ENDLESS, ENDLESS)),
        )  # fmt: skip

    def near_miss(self) -> Trade:
        """A trade that pays, with one thing changed."""
        rng = self.rng
        good = self.scene.good_trade(rng.randint(0, 3), min_profit=0)
        steps = list(good.steps)
        place = rng.randrange(2)
        other = self.step()
        field = rng.choice(Step._fields)
        steps[place] = steps[place]._replace(**{field: getattr(other, field)})
        if rng.random() < 0.3:
            steps.insert(rng.randint(0, 2), other)
        return good._replace(steps=tuple(steps), amount=self.amount())

    def step(self) -> Step:
        rng = self.rng
        return Step(
            rng.choice((0, 1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)),
            rng.choice(self.pools),
            rng.choice(self.tokens),
            rng.choice(self.tokens),
            rng.choice((ALL, ALL, self.amount())),
            rng.choice((0, 0, 0, 1, ETHER)),
            rng.choice(self.data),
        )

    def amount(self) -> int:
        return self.rng.choice(
            (0, 1, 10**6, 10**9, ETHER, ETHER, 3 * ETHER, 10**21, 2**128, ENDLESS)
        )

    def of_a_function(self, signature: str) -> bytes:
        """A call of a function with random arguments."""
        if "(address,uint256,bytes32)" in signature or "bytes" in signature or "[]" in signature:
            words = [self.rng.choice(_WORDS) for _ in range(self.rng.randint(0, 12))]
            return selector(signature) + encode(["uint256"] * len(words), words)
        arguments = [self.rng.choice([*self.tokens, *self.pools]) for _ in types_of(signature)]
        return call_data(signature, *arguments)


def batches(calls: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Yield calls by as many as a transaction holds."""
    for start in range(0, len(calls), CALLS_A_BATCH):
        yield calls[start : start + CALLS_A_BATCH]
