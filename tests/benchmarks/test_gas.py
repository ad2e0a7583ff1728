"""Gas of the executor beside that of a contract that swaps and does nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.errors import Unavailable
from aineon.primitives import Address, Token
from aineon.rehearsal.anvil import Anvil, AnvilOptions
from aineon.rehearsal.calls import call_data
from aineon.rehearsal.sites import Site
from tests.benchmarks.goals import GAS_GOALS
from tests.contracts.executor.compiling import helper
from tests.contracts.executor.scene import Scene, undone
from tests.contracts.executor.stage import ETHER, TRANSFER, Stage
from tests.contracts.executor.trading import ALL, MONEY, STEP, Step, Trade

SHAPES = {
    "V2 V2": "dear cheap",
    "V2 V3": "dear v3",
    "V3 V2": "v3 cheap",
    "V2 V2 V2": "dear stable dai",
    "V3 V2 V2": "v3 stable dai",
    "V2 Balancer": "dear weighted",
    "V3 Balancer": "v3 weighted",
    "Balancer V2": "weighted cheap",
}
SECONDS_A_BLOCK = 12
GAS = 5_000_000
Leg = tuple[Site, Token, Token]


class Meter:
    """Sends a call from the same state at the same time of day, and reads its receipt's gas."""

    def __init__(self, stage: Stage) -> None:
        self.scene = Scene(stage)
        self.stage, weth = stage, stage.weth.address
        # The scene's executor holds what others sent there; a real one is empty.
        self.executor = stage.deploy()
        self.scene.allow(stage.roles.treasury, weth, self.executor)
        every = [token.address for token in (stage.weth, stage.usdc, stage.dai)]
        # One holds money of its own, and one, like the executor, nothing between transactions.
        self.bare, self.empty = (
            stage.deployer.deploy(
                helper("BareSwaps"),
                ["address", "address", "address[]"],
                [stage.balancer.vault, stage.aave.pool, every],
            )
            for _ in range(2)
        )
        stage.deployer.send(weth, TRANSFER, self.bare, 10 * ETHER)
        self.scene.allow(stage.roles.treasury, weth, self.empty)

    def route(self, shape: str) -> list[Leg]:
        stage, weth, usdc, dai = self.stage, self.scene.weth, self.scene.usdc, self.scene.dai
        places: dict[str, Leg] = {
            "stable": (stage.stable_pair, usdc, dai),
            "dai": (stage.dai_pair, dai, weth),
            "cheap": (stage.cheap, usdc, weth),
            "v3": (stage.pool, usdc, weth),
            "weighted": (stage.weighted, usdc, weth),
        }
        beginnings = {"dear": stage.dear, "v3": stage.pool, "weighted": stage.weighted}
        first, *rest = SHAPES[shape].split()
        return [(beginnings[first], weth, usdc), *(places[name] for name in rest)]

    def steps(self, route: list[Leg]) -> list[Step]:
        """The swaps with the amounts that they will have, as the bare contract needs them."""
        made, amount = [], ETHER
        for place, (site, token_in, token_out) in enumerate(route):
            if site is self.stage.pool:
                step = self.scene.v3(token_in, token_out)
            elif site is self.stage.weighted:
                step = self.scene.balancer(token_in, token_out)
            else:
                step = self.scene.v2(site, token_in, token_out)
            paid = self.scene.predicted(route[: place + 1], ETHER)
            made.append(step._replace(amount_in=amount, min_amount_out=paid))
            amount = paid
        return made

    def by_executor(self, money: str, steps: list[Step]) -> int:
        route = tuple(step._replace(amount_in=ALL) for step in steps)
        trade = Trade(MONEY[money], self.scene.weth.address, ETHER, route)
        return self.gas(self.executor, trade.encode())

    def by_bare_swaps(self, money: str, steps: list[Step]) -> int:
        """With the same money; a flash swap borrows none, so it is beside money that is held.

        Own money goes back to its owner with the profit; beside loans the contract keeps its own.
        """
        weth, listed = self.scene.weth.address, list(steps)
        back = steps[-1].min_amount_out
        calls = {
            "own": (
                f"run_with_own(address,address,uint256,uint256,{STEP}[])",
                (self.scene.roles.treasury, weth, ETHER, back),
            ),
            "balancer": (f"run_with_balancer(address,uint256,{STEP}[])", (weth, ETHER)),
            "aave": (f"run_with_aave(address,uint256,{STEP}[])", (weth, ETHER)),
            "flash swap": (f"run({STEP}[])", ()),
        }
        signature, arguments = calls[money]
        contract = self.empty if money == "own" else self.bare
        return self.gas(contract, call_data(signature, *arguments, listed))

    def gas(self, to: Address, data: bytes) -> int:
        ask = self.stage.chain.ask
        with undone(self.stage):
            # The first write of a pool's oracle in a block costs more.
            now = int(ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
            ask("evm_setNextBlockTimestamp", now + SECONDS_A_BLOCK)
            request = {
                "from": self.scene.roles.operator, "to": to, "data": f"0x{data.hex()}",
                "gas": hex(GAS),
            }  # fmt: skip
            receipt = ask("eth_sendTransactionSync", request)
            assert receipt["status"] == "0x1"
            return int(receipt["gasUsed"], 16)


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    try:
        chain = Anvil.start(AnvilOptions(base_fee_wei=None))
    except Unavailable as why:
        pytest.skip(f"anvil is not at hand: {why}")
    with chain:
        try:
            yield Meter(Stage(chain))
        except Unavailable as why:
            pytest.skip(f"the real contracts are not at hand: {why}")


def test_gas_of_the_executor(benchmark: BenchmarkFixture, meter: Meter) -> None:
    measured: list[dict[str, object]] = []
    benchmark.extra_info["gas"] = measured

    def measure() -> None:
        for shape in SHAPES:
            steps = meter.steps(meter.route(shape))
            for money in MONEY:
                # The Vault does not swap for those to whom it lends at that moment.
                if money == "balancer" and "Balancer" in shape:
                    continue
                # Nor does it pay first.
                if money == "flash swap" and shape.startswith("Balancer"):
                    continue
                bare, all_in_all = (
                    meter.by_bare_swaps(money, steps),
                    meter.by_executor(money, steps),
                )
                measured.append(
                    {"route": shape, "money": money, "bare": bare, "executor": all_in_all}
                )

    benchmark.pedantic(measure, rounds=1)
    for row in measured:
        goal = GAS_GOALS.get(str(row["money"]))
        if goal:
            assert int(str(row["executor"])) - int(str(row["bare"])) <= goal, row
