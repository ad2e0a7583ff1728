"""What a node is asked on a preflight, and how its answers are read; no node is needed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from aineon.chain.reader import SimulatedCall
from aineon.errors import AllNodesDown, ExecutionError
from aineon.execution import ExecutionPlan
from aineon.execution.encoding import builder_payment, encode_execute
from aineon.execution.planner import MAX_TRANSACTION_GAS
from aineon.execution.preflight import ChainPreflight, gas_limit
from aineon.market import Market
from aineon.primitives import Address, Block
from tests.execution.making import make_plan
from tests.scripted import CHEAP, DEAR, GWEI, WETH

EXECUTOR, OPERATOR = Address("0x" + "ee" * 20), Address("0x" + "0b" * 20)
PLAN = make_plan(CHEAP, DEAR)
PROFIT = PLAN.expected_profit - builder_payment(PLAN, WETH)
BLOCK = Block(100, 10 * GWEI, timestamp=1_000, gas_used=15 * 10**6, gas_limit=30 * 10**6)


def traded(plan: ExecutionPlan, profit: int, executor: str = EXECUTOR) -> dict[str, Any]:
    """The executor's event, as a node spells it."""
    return {
        "address": executor,
        "topics": [
            "0x" + keccak(text="Traded(address,uint8,uint256,uint256,uint256)").hex(),
            "0x" + plan.base_token.address[2:].rjust(64, "0"),
        ],
        "data": "0x" + encode(["uint8"] + ["uint256"] * 3, [2, plan.amount_in, profit, 0]).hex(),
    }


class Node:
    """Answers simulations as it is told, and remembers what it was asked."""

    def __init__(self, *answers: SimulatedCall | Exception) -> None:
        self.answers = answers
        self.asked: list[tuple[Any, ...]] = []

    async def simulate(
        self,
        transactions: Sequence[Mapping[str, Any]],
        block: int | str = "latest",
        *,
        state_overrides: Mapping[str, Any] | None = None,
        block_overrides: Mapping[str, Any] | None = None,
    ) -> list[SimulatedCall]:
        self.asked.append((transactions, block, state_overrides, block_overrides))
        for answer in self.answers:
            if isinstance(answer, Exception):
                raise answer
        return [each for each in self.answers if isinstance(each, SimulatedCall)]


def preflight(node: Node, **more: Any) -> ChainPreflight:
    return ChainPreflight(node, EXECUTOR, OPERATOR, WETH, **more)  # type: ignore[arg-type]


def market(block: Block | None = BLOCK) -> Market:
    return Market([CHEAP, DEAR], block=block)


def done(profit: int, gas_used: int = 200_000) -> SimulatedCall:
    return SimulatedCall(True, b"", gas_used, (traded(PLAN, profit),))


async def test_the_block_after_the_markets_is_simulated() -> None:
    node = Node(done(PROFIT))
    result = await preflight(node).check(PLAN, market())
    assert result.passed, result.failure
    assert result.gas_used == 200_000
    assert result.amount_out == PLAN.expected_out
    ((transactions, block, _, overrides),) = node.asked
    (transaction,) = transactions
    assert transaction["from"] == OPERATOR
    assert transaction["to"] == EXECUTOR
    assert transaction["data"] == encode_execute(PLAN, WETH)
    assert transaction["gas"] == MAX_TRANSACTION_GAS
    assert block == 100
    # At its target of gas, a block leaves the base fee as it is (EIP-1559).
    assert overrides == {"number": 101, "time": 1_012, "baseFeePerGas": 10 * GWEI}


async def test_a_fuller_block_raises_the_base_fee_that_is_simulated() -> None:
    node = Node(done(PROFIT))
    full = Block(100, 10 * GWEI, gas_used=30 * 10**6, gas_limit=30 * 10**6)
    await preflight(node).check(PLAN, market(full))
    assert node.asked[0][3] == {"number": 101, "baseFeePerGas": 11 * GWEI + GWEI // 4}


async def test_a_tag_is_the_nodes_own_next_block() -> None:
    node = Node(done(PROFIT))
    assert (await preflight(node, state="pending").check(PLAN, market(None))).passed
    assert node.asked[0][1] == "pending"
    assert not node.asked[0][3]


async def test_without_a_block_there_is_nothing_to_build_upon() -> None:
    result = await preflight(Node(done(PROFIT))).check(PLAN, market(None))
    assert "the market's block is not known" in result.failure


@pytest.mark.parametrize("off", [-1, 1])
async def test_one_unit_of_difference_is_enough(off: int) -> None:
    result = await preflight(Node(done(PROFIT + off))).check(PLAN, market())
    assert result.failure.startswith("the chain's simulation leaves ")
    assert "our own arithmetic" in result.failure


async def test_another_contracts_event_does_not_count() -> None:
    liar = SimulatedCall(True, b"", 200_000, (traded(PLAN, PROFIT, "0x" + "aa" * 20),))
    result = await preflight(Node(liar)).check(PLAN, market())
    assert "tells of no trade" in result.failure


async def test_a_revert_is_told_in_words() -> None:
    data = bytes.fromhex("08c379a0") + encode(["string"], ["too late"])
    result = await preflight(Node(SimulatedCall(False, data, 0, ()))).check(PLAN, market())
    assert result.failure.startswith("on the chain it would revert: too late: ")
    bare = SimulatedCall(False, b"", 0, (), failure="out of gas")
    result = await preflight(Node(bare)).check(PLAN, market())
    assert result.failure == "on the chain it would revert: out of gas"


async def test_a_node_that_does_not_answer_stops_the_plan() -> None:
    result = await preflight(Node(AllNodesDown("node-1 is down"))).check(PLAN, market())
    assert result.failure == "it could not be tried on the chain: node-1 is down"


async def test_more_gas_than_was_reckoned_with_has_to_pay_too() -> None:
    # All that is left pays for the gas that was estimated, and for no more.
    tight = replace(PLAN, min_profit=PLAN.expected_profit, builder_payment_bps=0)
    profit, units = tight.expected_profit, tight.gas_units
    assert (await preflight(Node(done(profit, units))).check(tight, market())).passed
    result = await preflight(Node(done(profit, units + 1))).check(tight, market())
    assert f"uses {units + 1} gas, worth " in result.failure


async def test_more_gas_than_a_transaction_may_use_is_refused() -> None:
    result = await preflight(Node(done(PROFIT, 17 * 10**6))).check(PLAN, market())
    assert "a transaction may use 16777216" in result.failure


def test_gas_limits_have_a_margin_and_an_end() -> None:
    assert gas_limit(200_000) == 280_000
    most = MAX_TRANSACTION_GAS * 10 // 14
    assert gas_limit(most) <= MAX_TRANSACTION_GAS
    with pytest.raises(ExecutionError, match="a transaction may use 16777216"):
        gas_limit(most + 2)
