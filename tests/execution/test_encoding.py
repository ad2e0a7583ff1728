"""Call data of the executor contract: it says what the plan says, to the last field."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from eth_abi.abi import decode, encode
from eth_utils.abi import function_abi_to_4byte_selector
from hypothesis import given
from hypothesis import strategies as st

from aineon.amm import (
    TEMPLATES,
    ConcentratedPool,
    EtherWrapper,
    Pool,
    StableSwapPool,
    StakedEtherPool,
    StakedEtherShares,
    StakedEtherWrapper,
    WeightedPool,
)
from aineon.amm.wrappers import STETH, WETH9, WSTETH
from aineon.errors import ExecutionError
from aineon.execution import ExecutionPlan, FlashLoan, PlanStep, Spend
from aineon.execution.contract import abi
from aineon.execution.encoding import (
    ALL,
    MONEY,
    TRADE,
    builder_payment,
    decode_execute,
    encode_execute,
)
from aineon.execution.steps import StepCall, StepKind, step_call
from aineon.primitives import Address, Token
from aineon.primitives.token import ETHER
from aineon.search.lenders import LENDER_NAMES
from aineon.search.route import MOST_STEPS
from tests.amm.making_crypto_pools import pool_of, world
from tests.amm.making_stableswap import random_meta
from tests.execution.making import make_plan
from tests.scripted import CHEAP, DEAR, USDC, WETH

words = st.integers(0, 2**256 - 1)
addresses = st.integers(1, 2**160 - 1).map(lambda number: Address(f"0x{number:040x}"))
tokens = addresses.map(Token)


@st.composite
def steps(draw: st.DrawFn) -> PlanStep:
    return PlanStep(
        pool=draw(addresses),
        venue="anywhere",
        token_in=draw(tokens),
        token_out=draw(tokens),
        spend=draw(st.sampled_from(Spend)),
        amount_in=draw(st.integers(1, 2**256 - 1)),
        min_amount_out=draw(words),
        kind=draw(st.sampled_from([kind for kind in StepKind if kind])),
        data=draw(words),
    )


@st.composite
def plans(draw: st.DrawFn) -> ExecutionPlan:
    return ExecutionPlan(
        route_key="way",
        built_at_block=1,
        built_at_step=0,
        target_block=2,
        deadline_block=draw(st.integers(2, 2**63)),
        steps=tuple(draw(st.lists(steps(), min_size=1, max_size=MOST_STEPS))),
        flash_loan=FlashLoan(
            draw(st.sampled_from(LENDER_NAMES)), draw(tokens), draw(words), draw(words)
        ),
        expected_out=draw(words),
        min_profit=draw(words),
        gas_units=1,
        gas_limit=1,
        max_fee_per_gas_wei=None,
        builder_payment_bps=draw(st.integers(0, 10_000)),
        confidence=1.0,
    )


class TestRoundTrip:
    @given(plan=plans(), native=st.booleans())
    def test_what_is_decoded_is_the_plan(self, plan: ExecutionPlan, native: bool) -> None:
        coin = plan.base_token if native else WETH
        data = encode_execute(plan, coin)
        money, base, amount, min_profit, payment, deadline, found = decode_execute(data)
        assert money == MONEY[plan.flash_loan.provider]
        assert (base, amount) == (plan.base_token.address, plan.amount_in)
        assert (min_profit, deadline) == (plan.min_profit, plan.deadline_block)
        assert payment == builder_payment(plan, coin)
        for step, told in zip(plan.steps, found, strict=True):
            assert told == (
                int(step.kind),
                step.pool,
                step.token_in.address,
                step.token_out.address,
                ALL if step.spend is Spend.ALL else step.amount_in,
                step.min_amount_out,
                step.data.to_bytes(32, "big"),
            )
        # And nothing more than that.
        assert data[4:] == encode([TRADE], decode([TRADE], data[4:]))

    def test_the_selector_is_that_of_the_contracts_abi(self) -> None:
        (entry,) = (each for each in abi() if each.get("name") == "execute")
        data = encode_execute(make_plan(CHEAP, DEAR), WETH)
        assert data[:4] == function_abi_to_4byte_selector(entry)  # type: ignore[arg-type]

    def test_other_call_data_is_refused(self) -> None:
        data = encode_execute(make_plan(CHEAP, DEAR), WETH)
        with pytest.raises(ExecutionError, match="is no call of execute"):
            decode_execute(b"\0" * 4 + data[4:])
        with pytest.raises(ExecutionError, match="cannot be read"):
            decode_execute(data[:-32])

    def test_another_least_profit_can_be_asked_for(self) -> None:
        plan = make_plan(CHEAP, DEAR)
        assert decode_execute(encode_execute(plan, WETH, min_profit=7))[3] == 7


class TestWhatCannotBeEncoded:
    def test_a_step_of_no_known_kind(self) -> None:
        plan = make_plan(CHEAP, DEAR)
        odd = replace(plan.steps[1], kind=StepKind.UNKNOWN, venue="elsewhere")
        with pytest.raises(ExecutionError, match=r"step 2 leads through 0x\w+ of elsewhere"):
            encode_execute(replace(plan, steps=(plan.steps[0], odd)), WETH)

    def test_a_step_that_spends_nothing(self) -> None:
        """Nothing is how all is spelled."""
        plan = make_plan(CHEAP, DEAR)
        idle = replace(plan.steps[0], amount_in=0)
        with pytest.raises(ExecutionError, match=r"step 1 spends 0 of .*; least is 1"):
            encode_execute(replace(plan, steps=(idle, plan.steps[1])), WETH)

    @pytest.mark.parametrize("count", [0, MOST_STEPS + 1])
    def test_too_many_steps_or_none(self, count: int) -> None:
        plan = make_plan(CHEAP, DEAR)
        with pytest.raises(ExecutionError, match=f"has {count} steps"):
            encode_execute(replace(plan, steps=plan.steps[:1] * count), WETH)

    def test_a_lender_that_the_contract_does_not_know(self) -> None:
        plan = make_plan(CHEAP, DEAR)
        loan = replace(plan.flash_loan, provider="the bank")
        with pytest.raises(ExecutionError, match="lender is 'the bank'"):
            encode_execute(replace(plan, flash_loan=loan), WETH)

    def test_every_lender_has_its_number(self) -> None:
        assert set(MONEY) == set(LENDER_NAMES)


class TestBuilderPayment:
    def test_it_is_the_share_of_what_is_left_after_fee_and_gas(self) -> None:
        plan = make_plan(CHEAP, DEAR)
        assert plan.builder_payment_bps == 1000
        left = plan.expected_out - plan.amount_in - plan.flash_loan.fee - plan.min_profit
        assert builder_payment(plan, WETH) == left // 10 > 0

    def test_other_bases_leave_it_to_the_priority_fee(self) -> None:
        plan = make_plan(CHEAP, DEAR)
        assert builder_payment(plan, USDC) == builder_payment(plan, None) == 0

    def test_nothing_of_a_loss(self) -> None:
        plan = make_plan(CHEAP, DEAR)
        assert builder_payment(replace(plan, min_profit=plan.expected_profit + 1), WETH) == 0


# --- how each kind of pool is swapped through --------------------------------------------------

UNIT = 10**18
A, B = Token("0x" + "11" * 20, "A", 18), Token("0x" + "22" * 20, "B", 18)
PLACE = "0x" + "99" * 20
POOL_ID = PLACE + "0" * 24
STABLE = StableSwapPool(PLACE, (A, B), (UNIT, UNIT), A=100, fee=0)
STETH_POOL = StakedEtherPool(
    StableSwapPool(PLACE, (ETHER, STETH), (UNIT, UNIT), A=100, fee=0, template=TEMPLATES["steth"]),
    StakedEtherShares(UNIT, UNIT),
)
HALVES = (UNIT // 2, UNIT // 2)


@pytest.mark.parametrize(
    ("pool", "token_in", "token_out", "call"),
    [
        (DEAR, WETH, USDC, StepCall(StepKind.CONSTANT_PRODUCT, DEAR.fee_pips)),
        (ConcentratedPool(PLACE, A, B, 500, 10, 2**96, 0, 0, {}), A, B,
         StepCall(StepKind.CONCENTRATED)),
        (STABLE, A, B, StepCall(StepKind.CURVE, 0 | 1 << 8)),
        (STABLE, B, A, StepCall(StepKind.CURVE, 1 | 0 << 8)),
        (STETH_POOL, STETH, ETHER, StepCall(StepKind.CURVE, 1 | 0 << 8)),
        (WeightedPool(PLACE, (A, B), (UNIT, UNIT), HALVES, 10**15, pool_id=POOL_ID), A, B,
         StepCall(StepKind.BALANCER_V2, int(POOL_ID, 16))),
        (WeightedPool(PLACE, (A, B), (UNIT, UNIT), HALVES, 10**15), A, B,
         StepCall(StepKind.UNKNOWN)),
        (EtherWrapper(), ETHER, WETH9, StepCall(StepKind.WRAP_ETHER)),
        (EtherWrapper(), WETH9, ETHER, StepCall(StepKind.UNWRAP_ETHER)),
        (StakedEtherWrapper(UNIT, UNIT), STETH, WSTETH,
         StepCall(StepKind.WRAP_STAKED_ETHER)),
        (StakedEtherWrapper(UNIT, UNIT), WSTETH, STETH,
         StepCall(StepKind.UNWRAP_STAKED_ETHER)),
    ],
)  # fmt: skip
def test_how_a_pool_is_swapped_through(
    pool: Pool, token_in: Token, token_out: Token, call: StepCall
) -> None:
    assert step_call(pool, token_in, token_out) == call


def test_curves_crypto_pools_count_from_their_own_coins() -> None:
    pool = pool_of(world(1, "tricrypto2"))
    assert step_call(pool, pool.tokens[2], pool.tokens[0]) == StepCall(StepKind.CURVE_CRYPTO, 2)
    assert step_call(pool, pool.tokens[0], pool.tokens[2]).data == 2 << 8


def test_a_metapools_underlying_coins_are_counted_after_its_own() -> None:
    pool = random_meta(Random(1)).pool
    found = step_call(pool.underlying, pool.underlying.tokens[0], pool.underlying.tokens[2])
    assert found == StepCall(StepKind.CURVE_UNDERLYING, 2 << 8)
    assert step_call(pool, *pool.tokens).kind is StepKind.CURVE
