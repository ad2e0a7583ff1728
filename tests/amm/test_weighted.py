from __future__ import annotations

import pickle
import random
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import LocalCurve, Pool, WeightedPool
from aineon.amm.balancer.weighted import WeightedDirection
from aineon.errors import (
    InsufficientLiquidity,
    InvalidAmount,
    InvalidPoolState,
    PoolError,
    PoolPaused,
    SameToken,
    UnknownToken,
    UnsupportedToken,
)
from aineon.primitives import Token, Transfers
from tests.amm.making_balancer import (
    ADDRESS,
    MOST_BALANCE,
    ONE,
    TOKENS,
    mutant,
    recorded,
    weighted_cases,
)

A, B, C = TOKENS[:3]
FEE = 3 * 10**15


def pool(
    balances: tuple[int, ...] = (10**24, 3 * 10**23),
    weights: tuple[int, ...] = (ONE * 4 // 5, ONE // 5),
    swap_fee: int = FEE,
    **options: Any,
) -> WeightedPool:
    tokens = TOKENS[: len(balances)]
    return WeightedPool(ADDRESS, tokens, balances, weights, swap_fee, **options)


# --- exactness -----------------------------------------------------------------------------


def test_recorded_answers() -> None:
    compared = 0
    for entry, found in recorded():
        if entry["pool_type"] != "weighted":
            continue
        for quote in entry["quotes"]:
            sold, bought = found.tokens[quote["token_in"]], found.tokens[quote["token_out"]]
            amount, result = int(quote["amount"]), int(quote["result"])
            if quote["kind"] == "GIVEN_IN":
                assert found.quote_exact_input(sold, bought, amount).amount_out == result
                assert found.output_function(sold, bought)(amount) == result
            else:
                assert found.quote_exact_output(sold, bought, amount).amount_in == result
            compared += 1
    assert compared >= 12


@pytest.mark.parametrize("seed", range(4))
def test_every_answer_and_refusal_is_the_references(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(150):
        for case in weighted_cases(rng):
            assert not case.differs(), case.shown


ROUNDINGS = [
    ("-(-inflated_in // (balance_in + amount))", "inflated_in // (balance_in + amount)"),
    ("amount_in * keep // ONE * factor_in", "-(-amount_in * keep // ONE) * factor_in"),
    ("(ONE - power) * balance_out // ONE * ONE", "-((power - ONE) * balance_out // ONE) * ONE"),
    ("exponent = div_down(pool.weights[i]", "exponent = div_up(pool.weights[i]"),
    ("exponent = div_up(pool.weights[j]", "exponent = div_down(pool.weights[j]"),
    ("power_up(div_up(self.balance_out", "power_up(div_down(self.balance_out"),
    ("mul_up(self.balance_in, power", "mul_down(self.balance_in, power"),
    ("net = div_up(mul_up", "net = div_down(mul_up"),
    ("return div_up(net, ONE - pool.swap_fee)", "return div_down(net, ONE - pool.swap_fee)"),
    ("most = mul_down(self.balance_out, MAX_RATIO)", "most = mul_up(self.balance_out, MAX_RATIO)"),
    ("(mul_down(balance_in, MAX_RATIO) + 1) * ONE", "mul_down(balance_in, MAX_RATIO) * ONE"),
    ("((most // factor_in + 1) * ONE - 1) // keep", "(most // factor_in) * ONE // keep"),
]


@pytest.mark.parametrize(("right", "wrong"), ROUNDINGS)
def test_a_flipped_rounding_is_caught(
    right: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(name: str, module: Any) -> None:
        monkeypatch.setitem(sys.modules, name, module)

    kind = mutant(["aineon.amm.balancer.weighted"], right, wrong, put).WeightedPool
    rng = random.Random(1)
    assert any(case.differs() for _ in range(2000) for case in weighted_cases(rng, kind))


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("return raw - -raw // 10**14 + 1", "return raw + raw // 10**14 + 1"),
        ("square = mul_up(base, base)", "square = mul_down(base, base)"),
        ("return mul_up(base, base)", "return mul_down(base, base)"),
    ],
)
def test_a_flipped_rounding_of_the_power_is_caught(
    right: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put(name: str, module: Any) -> None:
        monkeypatch.setitem(sys.modules, name, module)

    names = ["aineon.amm.balancer.fixed_point", "aineon.amm.balancer.weighted"]
    kind = mutant(names, right, wrong, put).WeightedPool
    rng = random.Random(2)
    assert any(case.differs() for _ in range(2000) for case in weighted_cases(rng, kind))


def test_shortcuts_change_what_is_paid() -> None:
    even = (ONE // 2, ONE // 2)
    plain = pool(weights=even).quote_exact_input(A, B, 10**20).amount_out
    short = pool(weights=even, pow_up_shortcuts=True).quote_exact_input(A, B, 10**20).amount_out
    assert 0 < short - plain < 10**11


# --- the protocol --------------------------------------------------------------------------


def test_it_is_a_pool() -> None:
    assert isinstance(pool(), Pool)
    assert pool().venue == "balancer_v2"


def test_what_is_sold_stays_whole_in_the_pool() -> None:
    before = pool((10**24, 3 * 10**23, 7), (ONE // 2, ONE // 4, ONE // 4))
    quote = before.quote_exact_input(A, B, 10**20)
    assert quote.pool_after.balances == (10**24 + 10**20, 3 * 10**23 - quote.amount_out, 7)
    quote = before.quote_exact_output(B, A, 10**20)
    assert quote.pool_after.balances == (10**24 - 10**20, 3 * 10**23 + quote.amount_in, 7)
    assert before.balances == (10**24, 3 * 10**23, 7)


def test_dust_is_taken_and_pays_nothing() -> None:
    assert pool().quote_exact_input(A, B, 1).amount_out == 0


def test_a_swap_moves_at_most_three_tenths_of_a_balance() -> None:
    subject = pool()
    most = subject.max_amount_in(A, B)
    net = most * (ONE - FEE) // ONE
    assert net == 3 * 10**23
    assert subject.quote_exact_input(A, B, most).amount_out > 0
    with pytest.raises(InvalidAmount, match=str(most)):
        subject.quote_exact_input(A, B, most + 1)
    subject.quote_exact_output(A, B, 9 * 10**22)
    with pytest.raises(InsufficientLiquidity, match=f"pays at most {9 * 10**22} at once"):
        subject.quote_exact_output(A, B, 9 * 10**22 + 1)


def test_the_vault_holds_no_more_than_112_bits() -> None:
    subject = pool((MOST_BALANCE - 10, 10**24))
    assert subject.max_amount_in(A, B) == 10
    with pytest.raises(InvalidAmount):
        subject.quote_exact_input(A, B, 11)
    with pytest.raises(InvalidAmount, match="can take at most 10"):
        subject.quote_exact_output(A, B, 10**20)
    full = pool((MOST_BALANCE, 10**24))
    assert full.max_amount_in(A, B) == 0
    assert full.local_curve(A, B) == LocalCurve(0.0, 0.0)
    with pytest.raises(InsufficientLiquidity):
        full.output_function(A, B)


@pytest.mark.parametrize("amount", [0, -1, 1.0, True, "1", None])
def test_amounts_that_are_none(amount: Any) -> None:
    for ask in (pool().quote_exact_input, pool().quote_exact_output):
        with pytest.raises(InvalidAmount):
            ask(A, B, amount)


def test_tokens_that_cannot_be_swapped() -> None:
    with pytest.raises(UnknownToken):
        pool().quote_exact_input(A, C, 1)
    with pytest.raises(SameToken):
        pool().local_curve(A, A)
    with pytest.raises(UnknownToken):
        pool().max_amount_in(C, A)


@pytest.mark.parametrize("balances", [(0, 10**20), (10**20, 0), (0, 0)])
def test_a_missing_token(balances: tuple[int, ...]) -> None:
    subject = pool(balances)
    for sold, bought in ((A, B), (B, A)):
        assert subject.max_amount_in(sold, bought) == 0
        assert subject.local_curve(sold, bought) == LocalCurve(0.0, 0.0)
        for ask in (subject.quote_exact_input, subject.quote_exact_output):
            with pytest.raises(InsufficientLiquidity):
                ask(sold, bought, 1)
        with pytest.raises(InsufficientLiquidity):
            subject.spot_price(sold, bought)
        with pytest.raises(InsufficientLiquidity):
            subject.input_function(sold, bought)


def test_a_token_missing_elsewhere_does_no_harm() -> None:
    subject = pool((10**24, 3 * 10**23, 0), (ONE // 2, ONE // 4, ONE // 4))
    assert subject.quote_exact_input(A, B, 10**20).amount_out > 0


def test_a_paused_pool_and_disabled_swaps() -> None:
    for subject in (pool(is_paused=True), pool(swap_enabled=False)):
        for ask in (subject.quote_exact_input, subject.quote_exact_output):
            with pytest.raises(PoolPaused):
                ask(A, B, 1)
        with pytest.raises(PoolPaused):
            subject.output_function(A, B)
        assert subject.max_amount_in(A, B) == 0
        assert subject.local_curve(A, B) == LocalCurve(0.0, 0.0)
    assert pool().paused().unpaused() == pool().with_swaps_disabled().with_swaps_enabled() == pool()
    assert pool().paused() != pool()


def test_spot_price_is_that_of_a_tiny_swap() -> None:
    token = Token("0x" + "99" * 20, "SIX", 6)
    balances, weights = (10**24, 3 * 10**12), (ONE * 4 // 5, ONE // 5)
    subject = WeightedPool(ADDRESS, (A, token), balances, weights, 0)
    price = subject.spot_price(A, token)
    assert price == pytest.approx(3e12 / 0.2 / (1e24 / 0.8))
    paid = subject.quote_exact_input(A, token, 10**20).amount_out
    assert paid / 10**20 == pytest.approx(price, rel=1e-3)


# --- state ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"balances": (1,)},
        {"balances": (1, 2**112)},
        {"balances": (1, -1)},
        {"balances": (1, True)},
        {"weights": (ONE,)},
        {"weights": (ONE // 2, ONE // 3)},
        {"weights": (ONE * 999 // 1000, ONE // 1000)},
        {"swap_fee": ONE},
        {"swap_fee": -1},
        {"swap_fee": 0.003},
        {"scaling_factors": (ONE,)},
        {"scaling_factors": (ONE, 0)},
        {"pool_id": "0x12"},
        {"pool_id": "0x" + "cd" * 32},
        {"address": "0x12"},
        {"venue": ""},
        {"tokens": (A,)},
        {"tokens": (A, "WETH")},
        {"tokens": (A, Token("0x" + "99" * 20, "MANY", 27))},
        {"tokens": (A, Token("0x" + "99" * 20, "WHAT"))},
    ],
)
def test_impossible_states(changes: dict[str, Any]) -> None:
    state = {
        "address": ADDRESS,
        "tokens": (A, B),
        "balances": (10**20, 10**20),
        "weights": (ONE // 2, ONE // 2),
        "swap_fee": FEE,
    }
    WeightedPool(**state)
    with pytest.raises(InvalidPoolState):
        WeightedPool(**state | changes)


def test_one_token_twice_and_tokens_that_move_other_amounts() -> None:
    weights = (ONE // 2, ONE // 2)
    with pytest.raises(SameToken):
        WeightedPool(ADDRESS, (A, A), (1, 1), weights, FEE)
    taxed = Token("0x" + "99" * 20, "TAX", 18, Transfers.FEE)
    with pytest.raises(UnsupportedToken):
        WeightedPool(ADDRESS, (A, taxed), (1, 1), weights, FEE)


@pytest.mark.parametrize("decimals", [0, 2, 6, 18])
def test_decimals_up_to_eighteen(decimals: int) -> None:
    token = Token("0x" + "99" * 20, "D", decimals)
    balances = (10**24, 10 ** (decimals + 6))
    subject = WeightedPool(ADDRESS, (A, token), balances, (ONE // 2, ONE // 2), FEE)
    assert subject.scaling_factors == (ONE, 10 ** (36 - decimals))
    paid = subject.quote_exact_input(A, token, 10**21).amount_out
    assert paid == pytest.approx(996 * 10**decimals, rel=2e-3)


def test_changes_make_new_values() -> None:
    subject = pool()
    assert subject.with_balances((5, 6)).balances == (5, 6)
    assert subject.with_swap_fee(7).swap_fee == 7
    assert subject.with_weights((ONE // 4, ONE * 3 // 4)).weights == (ONE // 4, ONE * 3 // 4)
    assert subject.with_scaling_factors((ONE, 2 * ONE)).scaling_factors == (ONE, 2 * ONE)
    for change, value in (
        (subject.with_balances, (1,)),
        (subject.with_swap_fee, ONE),
        (subject.with_weights, (ONE, ONE)),
        (subject.with_scaling_factors, (0, 1)),
    ):
        with pytest.raises(InvalidPoolState):
            change(value)
    with pytest.raises(AttributeError):
        subject.swap_fee = 1  # type: ignore[misc]


def test_equal_hashed_shown_and_pickled() -> None:
    subject = pool(pool_id=ADDRESS + "00" * 12)
    subject.quote_exact_input(A, B, 10**20)
    copy = pickle.loads(pickle.dumps(subject))
    assert copy == subject
    assert hash(copy) == hash(subject)
    assert copy.quote_exact_input(A, B, 5).amount_in == 5
    assert subject != pool()
    assert subject != object()
    assert repr(subject) == f"WeightedPool(T1/T2 balancer_v2 {ADDRESS})"


def test_an_answer_amid_noise_still_pays_what_was_asked() -> None:
    subject = pool()
    quiet = subject.output_function(A, B)
    asked = quiet(10**20)
    least = subject.input_function(A, B)(asked)
    direction = WeightedDirection(subject, 0, 1)

    def noisy(amount_in: int) -> int:
        return quiet(amount_in) - (amount_in in range(least, least + 3))

    direction.output = noisy
    amount = direction.smallest_input(asked)
    assert amount == least + 3
    assert noisy(amount) >= asked > noisy(amount - 1)


# --- properties ----------------------------------------------------------------------------

balance = st.integers(10**6, 10**27)
share = st.floats(1e-9, 1.0)


def noise(subject: WeightedPool) -> int:
    """Return what the power's margin of 1e-14, up to 99 times, and the last units are worth."""
    return subject.balances[1] // 10**12 + 2


@st.composite
def pools(draw: st.DrawFn) -> WeightedPool:
    weight = draw(st.integers(ONE // 100, ONE * 99 // 100) | st.just(ONE // 2) | st.just(ONE // 5))
    return pool(
        (draw(balance), draw(balance)),
        (weight, ONE - weight),
        draw(st.sampled_from((10**12, FEE, 10**17))),
        scaling_factors=(ONE, draw(st.sampled_from((ONE, 10**30)))),
        pow_up_shortcuts=draw(st.booleans()),
    )


@given(pools(), share)
@settings(max_examples=60, deadline=None)
def test_there_and_back_never_gains(subject: WeightedPool, part: float) -> None:
    amount = max(1, int(subject.max_amount_in(A, B) * part * 0.999))
    quote = subject.quote_exact_input(A, B, amount)
    if not quote.amount_out:
        return
    try:
        back = quote.pool_after.quote_exact_input(B, A, quote.amount_out).amount_out
    except PoolError:
        return
    assert back <= amount


@given(pools(), share)
@settings(max_examples=60, deadline=None)
def test_no_size_is_paid_above_the_local_rate(subject: WeightedPool, part: float) -> None:
    curve = subject.local_curve(A, B)
    amount = max(1, int(subject.max_amount_in(A, B) * part * 0.999))
    paid = subject.output_function(A, B)(amount)
    assert paid <= curve.rate * amount
    assert curve.bend > 0


@given(pools(), share)
@settings(max_examples=60, deadline=None)
def test_the_inverse_pays_what_was_asked_and_one_unit_less_does_not(
    subject: WeightedPool, part: float
) -> None:
    output = subject.output_function(A, B)
    most = subject.max_amount_in(A, B)
    asked = int(output(most) * part)
    if not asked:
        return
    amount = subject.input_function(A, B)(asked)
    assert 1 <= amount <= most
    assert output(amount) >= asked > output(amount - 1)


@given(pools(), st.floats(1e-9, 0.29))
@settings(max_examples=60, deadline=None)
def test_what_the_contract_asks_pays_what_was_wanted_but_for_the_last_digits(
    subject: WeightedPool, part: float
) -> None:
    asked = int(subject.balances[1] * part)
    if not asked:
        return
    try:
        amount = subject.quote_exact_output(A, B, asked).amount_in
        paid = subject.quote_exact_input(A, B, amount).amount_out
    except PoolError:
        return
    assert paid >= asked - noise(subject)


@given(pools(), share, share)
@settings(max_examples=60, deadline=None)
def test_more_is_paid_for_more_but_for_the_last_digits(
    subject: WeightedPool, one: float, other: float
) -> None:
    output = subject.output_function(A, B)
    most = subject.max_amount_in(A, B)
    low, high = sorted(max(1, int(most * part * 0.999)) for part in (one, other))
    assert output(low) <= output(high) + noise(subject)
