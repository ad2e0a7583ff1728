"""What a plan predicts is what the treasury gets, to the unit, on the real contracts."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import cycle, islice

import pytest

from aineon.amm import ConcentratedPool, Pool
from aineon.errors import RehearsalReverted
from aineon.execution.plan import ExecutionPlan
from aineon.search.lenders import AAVE_V3, FLASH_SWAP, OWN
from tests.contracts.routes.scenes import MONIES, Scene, ways

STATES = 300
SOME = 12
MOST_LOANS = 60
GAS_TOLERANCE = 10_000


def test_predicted_is_received_in_every_state(scene: Scene) -> None:
    met: Counter[tuple[str, tuple[str, str]]] = Counter()
    hops: Counter[int] = Counter()
    divided = differing = 0
    for money, kinds in islice(cycle(ways(scene.world.sites)), STATES):
        with scene.undone():
            found = scene.profit(money, kinds)
            plan = found.plan
            received, _ = scene.received(plan)
            assert received == scene.predicted(plan), (money, found.route, plan)
        met[money, kinds] += 1
        hops[len(plan.hops)] += 1
        divided += len(plan.steps) > len(plan.hops)
        differing += plan.flash_loan.fee > 0
    assert met.total() == STATES
    # Nothing was left out: every money through every pair of kinds that it may fund.
    assert set(met) == set(ways(scene.world.sites))
    assert {money for money, _ in met} == set(MONIES)
    assert min(hops[2], hops[3], divided, differing) >= SOME


def test_a_unit_more_than_predicted_is_refused(scene: Scene) -> None:
    """Control: what was received is not more than predicted either."""
    for money in MONIES:
        with scene.undone():
            plan = scene.profit(money, ("uniswap_v3 PoolSite", "uniswap_v2 PairSite")).plan
            exact = replace(plan, min_profit=plan.expected_profit, builder_payment_bps=0)
            assert scene.refusal(exact) is None
            more = replace(exact, min_profit=plan.expected_profit + 1)
            refusal = scene.refusal(more)
            assert refusal is not None
            assert refusal.startswith("too little profit: ")
            with pytest.raises(RehearsalReverted, match="too little profit"):
                scene.received(more)


def test_stale_plans_revert_with_a_reason(scene: Scene) -> None:
    reasons: Counter[str] = Counter()
    # A divided last hop answers for the whole only when the loan is to be repaid, and WETH9
    # refuses that without a word.
    unsaid = {"too little profit", "reverted without a reason", "ERC20"}
    for money, kinds in ways(scene.world.sites)[::2]:
        with scene.undone():
            plan = scene.profit(money, kinds).plan
            assert scene.refusal(plan) is None
            # Somebody else takes the same way first.
            rival = replace(plan, min_profit=0, builder_payment_bps=0)
            scene.received(rival)
            refusal = scene.refusal(plan)
            assert refusal is not None, plan
            word = refusal.split(":")[0]
            assert word == "too little out" or (len(plan.hops[-1]) > 1 and word in unsaid), refusal
            reasons[word] += 1
    assert reasons["too little out"] >= SOME


def test_a_plan_after_its_deadline_is_refused(scene: Scene) -> None:
    with scene.undone():
        plan = scene.profit(OWN, ("uniswap_v2 PairSite", "uniswap_v3 PoolSite")).plan
        scene.ask("anvil_mine", hex(plan.deadline_block - plan.built_at_block + 1))
        assert str(scene.refusal(plan)).startswith("too late: ")


def test_more_than_there_is_cannot_be_borrowed(scene: Scene) -> None:
    kinds = ("uniswap_v2 PairSite", "balancer_v2 WeightedSite")
    with scene.undone():
        found = scene.profit(AAVE_V3, kinds)
        lender = scene.lenders[AAVE_V3]
        assert lender.available is not None
        most = lender.available[found.plan.base_token.address]
        assert lender.may_fund(found.route, most)
        assert not lender.may_fund(found.route, most + 1)
        loan = replace(found.plan.flash_loan, amount=most + 1)
        first = replace(found.plan.steps[0], amount_in=most + 1)
        greedy = replace(found.plan, flash_loan=loan, steps=(first, *found.plan.steps[1:]))
        assert scene.refusal(greedy) is not None


def test_the_vault_does_not_lend_to_a_route_through_itself(scene: Scene) -> None:
    """Why `Lender.may_fund` says no."""
    with scene.undone():
        kinds = ("uniswap_v2 PairSite", "balancer_v2 WeightedSite")
        found = scene.profit(OWN, kinds)
        vault = scene.lenders["balancer_v2"]
        assert not vault.may_fund(found.route)
        plan = replace(found.plan, flash_loan=replace(found.plan.flash_loan, provider=vault.name))
        assert scene.refusal(plan) == "BAL#400"


def test_the_fee_is_rounded_as_the_contract_rounds_it(scene: Scene) -> None:
    """A fee that is off by one unit changes what is received by one unit."""
    rounded: set[bool] = set()
    for _ in range(MOST_LOANS):
        with scene.undone():
            plan = scene.profit(AAVE_V3, ("uniswap_v2 PairSite", "uniswap_v3 PoolSite")).plan
            received, _ = scene.received(replace(plan, builder_payment_bps=0))
            assert received == plan.expected_profit
            rounded.add(plan.flash_loan.amount * 5 % 10_000 < 5_000)
        if rounded == {True, False}:
            break
    assert rounded == {True, False}


def test_flash_swaps_begin_with_pairs_and_with_ranged_pools(scene: Scene) -> None:
    first: set[bool] = set()
    for kinds in (
        ("uniswap_v2 PairSite", "uniswap_v3 PoolSite"),
        ("uniswap_v3 PoolSite", "uniswap_v2 PairSite"),
    ):
        with scene.undone():
            found = scene.profit(FLASH_SWAP, kinds)
            pool: Pool = found.route[0].pool
            first.add(isinstance(pool, ConcentratedPool))
            assert scene.received(found.plan)[0] == scene.predicted(found.plan)
    assert first == {True, False}


def test_each_money_costs_about_the_gas_that_is_reckoned_with(scene: Scene) -> None:
    with scene.undone():
        plan = _paying_for_every_loan(scene)
        used = {}
        for money, lender in scene.lenders.items():
            loan = replace(plan.flash_loan, provider=money, fee=lender.fee(plan.amount_in))
            borrowed = replace(plan, flash_loan=loan, min_profit=0, builder_payment_bps=0)
            with scene.undone():
                _a_minute_later(scene)
                _, used[money] = scene.received(borrowed)
    for money, lender in scene.lenders.items():
        assert abs(used[money] - used[OWN] - lender.gas_units) < GAS_TOLERANCE, used


def _paying_for_every_loan(scene: Scene) -> ExecutionPlan:
    """A plan of two steps that leaves something whoever lends: its profit covers any fee."""
    for _ in range(MOST_LOANS):
        plan = scene.profit(OWN, ("sushiswap PairSite", "uniswap_v2 PairSite")).plan
        dearest = max(lender.fee(plan.amount_in) for lender in scene.lenders.values())
        if len(plan.steps) == 2 and plan.expected_profit > 2 * dearest:
            return plan
    raise AssertionError("no state was found that pays for every loan")


def _a_minute_later(scene: Scene) -> None:
    """A pair writes its price down where time has passed, which costs gas; so it passes for all."""
    header = scene.ask("eth_getBlockByNumber", "latest", False)
    scene.ask("evm_setNextBlockTimestamp", int(header["timestamp"], 16) + 60)
