"""CryptoSwapPool against recorded mainnet answers and the literal reference."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.amm import CryptoSwapContract, CryptoSwapPool, Pool
from aineon.amm.cryptoswap import pool as pool_module
from aineon.errors import (
    IncompleteState,
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
from tests.amm.making_crypto_pools import (
    CONTRACTS,
    amounts,
    directions,
    ints,
    pool_of,
    repeg_of,
    tokens_of,
    world,
)
from tests.amm.reference_cryptoswap import ReferenceCrypto, Revert
from tests.shared_data import load_json

SEEDS = st.integers(0, 2**32)
KINDS = st.sampled_from(sorted(CONTRACTS))
STRANGER = Token("0x" + "99" * 20, "STRANGER", 18)


def recorded_pools() -> list[dict[str, Any]]:
    pools = load_json("curve_mainnet_quotes.json")["pools"]
    return [pool for pool in pools if "price_scale" in pool]


def built(record: dict[str, Any], **others: Any) -> CryptoSwapPool:
    return CryptoSwapPool(
        address=record["address"],
        tokens=[Token(t["address"], t["symbol"], t["decimals"]) for t in record["tokens"]],
        balances=[int(balance) for balance in record["balances"]],
        A=record["A"],
        gamma=record["gamma"],
        D=int(record["D"]),
        price_scale=[int(price) for price in record["price_scale"]],
        mid_fee=record["mid_fee"],
        out_fee=record["out_fee"],
        fee_gamma=int(record["fee_gamma"]),
        **others,
    )


def answers(pool: CryptoSwapPool, record: dict[str, Any]) -> list[int]:
    return [
        pool.get_dy(quote["i"], quote["j"], int(quote["dx"]))
        for quote in record["quotes"]
        if quote["function"] == "get_dy"
    ]


def expected(record: dict[str, Any]) -> list[int]:
    return [int(quote["result"]) for quote in record["quotes"] if quote["function"] == "get_dy"]


def test_recorded_views_and_exchanges() -> None:
    records = recorded_pools()
    assert records
    for record in records:
        pool = built(record)
        assert pool.contract is CryptoSwapContract.TRICRYPTO
        assert answers(pool, record) == expected(record)
        for quote in record["quotes"]:
            sold, bought = pool.tokens[quote["i"]], pool.tokens[quote["j"]]
            paid = pool.quote_exact_input(sold, bought, int(quote["dx"]))
            assert paid[:3] == (int(quote["dx"]), int(quote["result"]), False)


MUTANTS = {
    "y one more": ("newton_y", lambda real: lambda *a: real(*a) + 1),
    "y one less": ("newton_y", lambda real: lambda *a: real(*a) - 1),
    "others reversed": ("newton_y", lambda real: lambda a, x, d: real(a, (x[0], x[0]), d)),
    "fee unit": ("FEE_UNIT", lambda real: real + 1),
    "price unit": ("UNIT", lambda real: real + 1),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_caught_by_the_reference(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    attribute, mutate = MUTANTS[name]
    monkeypatch.setattr(pool_module, attribute, mutate(getattr(pool_module, attribute)))
    with pytest.raises(AssertionError):
        same_views_of_many()


# --- against the reference -------------------------------------------------------------------


def same_views(seed: int, kind: str, ramps: bool = False) -> None:
    contract = world(seed, kind, ramps)
    pool = pool_of(contract)
    for i, j in directions(contract):
        for amount in amounts(contract, i, seed, 4):
            try:
                view: int | None = contract.get_dy(i, j, amount)
            except Revert:
                view = None
            try:
                answer: int | None = pool.get_dy(i, j, amount)
            except (InvalidAmount, InsufficientLiquidity):
                answer = None
            assert answer == view, (kind, seed, i, j, amount)


def same_views_of_many() -> None:
    for seed in range(40):
        same_views(seed, "tricrypto")


@given(SEEDS, KINDS, st.booleans())
@settings(max_examples=60, deadline=None)
def test_views(seed: int, kind: str, ramps: bool) -> None:
    same_views(seed, kind, ramps)


def storage(contract: ReferenceCrypto) -> tuple[Any, ...]:
    return (
        ints(contract.balances),
        int(contract.D),
        ints(contract.price_scale),
        repeg_of(contract),
        int(contract.future_A_gamma_time),
    )


def held(pool: CryptoSwapPool) -> tuple[Any, ...]:
    return pool.balances, pool.D, pool.price_scale, pool.repeg, pool.future_A_gamma_time


def same_exchanges(seed: int, kind: str, ramps: bool) -> set[str]:
    """Swap in both, several times and over time; return what was seen to happen."""
    contract, seen = world(seed, kind, ramps), set()
    pool = pool_of(contract)
    tokens = pool.tokens
    for step, (i, j) in enumerate(directions(contract) * 2):
        amount = next(amounts(contract, i, seed + step, 1))
        before = storage(contract)
        try:
            paid: int | None = contract.exchange(i, j, amount)
        except Revert:
            paid = None
        try:
            quote = pool.quote_exact_input(tokens[i], tokens[j], amount)
            after: CryptoSwapPool | None = quote.pool_after
            assert isinstance(after, CryptoSwapPool)
        except (InvalidAmount, InsufficientLiquidity):
            after = None
        assert (after is None) == (paid is None), (kind, seed, step, amount)
        if after is not None:
            assert quote.amount_out == paid
            assert held(after) == storage(contract)
            seen.add("moved" if before[2] != storage(contract)[2] else "stayed")
            pool = after
        else:
            seen.add("reverted")
        if step % 3 == 2:
            contract.block_timestamp += 12 + seed % 600
            pool = pool_of(contract)
    return seen


@given(SEEDS, st.sampled_from(["tricrypto", "tricrypto2"]), st.booleans())
@settings(max_examples=25, deadline=None)
def test_pools_after_exchanges(seed: int, kind: str, ramps: bool) -> None:
    same_exchanges(seed, kind, ramps)


@pytest.mark.parametrize("kind", ["tricrypto", "tricrypto2"])
def test_the_exchanges_reach_every_branch(kind: str) -> None:
    seen = set().union(*(same_exchanges(seed, kind, ramps=False) for seed in range(16)))
    assert seen == {"moved", "stayed", "reverted"}


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_two_coin_exchanges_pay_what_is_quoted(seed: int) -> None:
    contract = world(seed, "two", ramps=bool(seed % 2))
    pool = pool_of(contract)
    for i, j in directions(contract):
        amount = next(amounts(contract, i, seed, 1))
        try:
            paid = pool.quote_exact_input(pool.tokens[i], pool.tokens[j], amount).amount_out
        except (InvalidAmount, InsufficientLiquidity):
            continue
        assert pool_of(contract) == pool
        snapshot = contract.snapshot()
        assert contract.exchange(i, j, amount) == paid
        contract.__dict__ = snapshot


def test_a_ramp_makes_the_view_of_tricrypto2_differ_from_its_exchange() -> None:
    differ = 0
    for seed in range(20):
        contract = world(seed, "tricrypto2", ramps=True)
        contract.D += contract.D // 10**6
        pool = pool_of(contract)
        amount = int(contract.balances[0]) // 10
        view = contract.get_dy(0, 1, amount)
        assert pool.get_dy(0, 1, amount) == view
        paid = pool.quote_exact_input(pool.tokens[0], pool.tokens[1], amount).amount_out
        assert contract.exchange(0, 1, amount) == paid
        differ += view != paid
    assert differ


# --- the protocol ----------------------------------------------------------------------------


@given(SEEDS, KINDS)
@settings(max_examples=30, deadline=None)
def test_functions_agree_with_quotes(seed: int, kind: str) -> None:
    pool = pool_of(world(seed, kind))
    assert isinstance(pool, Pool)
    sold, bought = pool.tokens[seed % 2], pool.tokens[1 - seed % 2]
    most = pool.max_amount_in(sold, bought)
    output = pool.output_function(sold, bought)
    full = pool.quote_exact_input(sold, bought, most)
    assert full.amount_out == output(most)
    with pytest.raises(InsufficientLiquidity):
        pool.quote_exact_input(sold, bought, most + 1)
    wanted = max(1, full.amount_out // (2 + seed % 1000))
    smallest = pool.input_function(sold, bought)(wanted)
    assert output(smallest) >= wanted
    assert smallest == 1 or output(smallest - 1) < wanted
    quote = pool.quote_exact_output(sold, bought, wanted)
    assert (quote.amount_in, quote.amount_out) == (smallest, output(smallest))
    with pytest.raises(InsufficientLiquidity):
        pool.quote_exact_output(sold, bought, full.amount_out + 1)


@given(SEEDS, KINDS, st.floats(-6, 0.5))
@settings(max_examples=60, deadline=None)
def test_the_local_curve_bounds_what_a_swap_gets(seed: int, kind: str, size: float) -> None:
    contract = world(seed, kind)
    pool = pool_of(contract)
    i = seed % 2
    amount = max(1, int(contract.balances[i] * 10**size))
    sold, bought = pool.tokens[i], pool.tokens[1 - i]
    rate, bend = pool.local_curve(sold, bought)
    assert rate > 0
    assert bend >= 0
    if amount <= pool.max_amount_in(sold, bought):
        # The fee is rounded down, and the contract's Newton loop leaves noise of some size.
        noise = 1 + int(contract.D) / 10**12 / pool._scale(1 - i)
        assert pool.output_function(sold, bought)(amount) <= rate * amount + noise


def test_spot_price_is_the_slope_before_fees() -> None:
    checked = 0
    for seed in range(40):
        contract = world(seed, "tricrypto2")
        free = pool_of(contract).with_state(
            ints(contract.balances), int(contract.D), ints(contract.price_scale),
            mid_fee=0, out_fee=0,
        )  # fmt: skip
        sold, bought, third = free.tokens
        amount = int(contract.balances[0]) // 10**5
        paid = free.output_function(sold, bought)(amount)
        if amount < 10**5 or paid < 10**5:
            continue
        spot = free.spot_price(sold, bought)
        rate, bend = free.local_curve(sold, bought)
        assert paid == pytest.approx(spot * amount, rel=2e-2)
        assert paid == pytest.approx(rate * amount / (1 + bend * amount), rel=1e-4)
        assert spot * free.spot_price(bought, third) == pytest.approx(
            free.spot_price(sold, third), rel=1e-9
        )
        checked += 1
    assert checked > 10


def test_dust_that_the_contract_reverts_on_is_refused() -> None:
    refused = 0
    for seed in range(30):
        contract = world(seed, "tricrypto2")
        pool = pool_of(contract)
        for i, j in directions(contract):
            sold, bought = pool.tokens[i], pool.tokens[j]
            try:
                contract.get_dy(i, j, 1)
            except Revert:
                refused += 1
                assert pool.output_function(sold, bought)(1) == 0
                with pytest.raises(InvalidAmount, match="so little that the contract"):
                    pool.quote_exact_input(sold, bought, 1)
    assert refused


# --- state -----------------------------------------------------------------------------------


@pytest.fixture
def pool() -> CryptoSwapPool:
    return pool_of(world(1, "tricrypto2"))


def test_a_pool_is_a_frozen_value(pool: CryptoSwapPool) -> None:
    twin = pickle.loads(pickle.dumps(pool))
    assert twin == pool
    assert hash(twin) == hash(pool)
    assert pool != pool.with_balances([1, 2, 3])
    assert pool != "pool"
    assert repr(pool) == f"CryptoSwapPool(T0/T1/T2 curve {pool.address})"
    with pytest.raises(FrozenInstanceError):
        pool.D = 1


def test_without_the_oracle_the_pool_after_a_swap_is_not_known() -> None:
    pool = pool_of(world(1, "tricrypto2"), repeg=False)
    quote = pool.quote_exact_input(*pool.tokens[:2], pool.balances[0] // 50)
    with pytest.raises(IncompleteState, match="repeg"):
        _ = quote.pool_after


def test_other_balances_leave_no_invariant_to_quote_with(pool: CryptoSwapPool) -> None:
    sold, bought = pool.tokens[:2]
    assert pool.with_balances(pool.balances) is pool
    unknown = pool.with_balances([balance + 1 for balance in pool.balances])
    assert unknown.D is None
    assert unknown.max_amount_in(sold, bought) == 0
    assert unknown.local_curve(sold, bought) == (0.0, 0.0)
    for ask in (
        lambda: unknown.get_dy(0, 1, 1000),
        lambda: unknown.quote_exact_input(sold, bought, 1000),
        lambda: unknown.quote_exact_output(sold, bought, 1000),
        lambda: unknown.spot_price(sold, bought),
        lambda: unknown.output_function(sold, bought),
        lambda: unknown.input_function(sold, bought),
    ):
        with pytest.raises(IncompleteState):
            ask()
    known = unknown.with_state(pool.balances, pool.D, pool.price_scale, pool.repeg)
    assert known == pool


def test_a_killed_pool_swaps_nothing_and_still_shows_its_view(pool: CryptoSwapPool) -> None:
    sold, bought = pool.tokens[:2]
    amount = pool.balances[0] // 20
    killed = pool.with_state(pool.balances, pool.D, pool.price_scale, pool.repeg, is_killed=True)
    assert killed != pool
    assert killed.get_dy(0, 1, amount) == pool.get_dy(0, 1, amount) > 0
    assert killed.max_amount_in(sold, bought) == 0
    assert killed.local_curve(sold, bought) == (0.0, 0.0)
    for ask in (
        lambda: killed.quote_exact_input(sold, bought, amount),
        lambda: killed.quote_exact_output(sold, bought, 1),
        lambda: killed.spot_price(sold, bought),
        lambda: killed.output_function(sold, bought),
        lambda: killed.input_function(sold, bought),
    ):
        with pytest.raises(PoolPaused):
            ask()


def test_an_empty_pool_swaps_nothing(pool: CryptoSwapPool) -> None:
    sold, bought = pool.tokens[:2]
    for empty in (
        pool.with_state([0, 0, 0], 0, pool.price_scale),
        pool.with_state([0, 0, 0], 10**18, pool.price_scale),
    ):
        assert empty.max_amount_in(sold, bought) == 0
        assert empty.local_curve(sold, bought) == (0.0, 0.0)
        with pytest.raises(InsufficientLiquidity):
            empty.quote_exact_input(sold, bought, 10**6)
        with pytest.raises(InsufficientLiquidity):
            empty.quote_exact_output(sold, bought, 10**6)
        with pytest.raises(InsufficientLiquidity):
            empty.spot_price(sold, bought)


def test_impossible_questions_are_refused(pool: CryptoSwapPool) -> None:
    sold, bought = pool.tokens[:2]
    for amount in (0, -1, 1.5, True, None):
        with pytest.raises(InvalidAmount):
            pool.quote_exact_input(sold, bought, amount)
        with pytest.raises(InvalidAmount):
            pool.quote_exact_output(sold, bought, amount)
        with pytest.raises(InvalidAmount):
            pool.get_dy(0, 1, amount)
    with pytest.raises(SameToken):
        pool.quote_exact_input(sold, sold, 1)
    with pytest.raises(SameToken):
        pool.get_dy(1, 1, 1)
    with pytest.raises(UnknownToken):
        pool.quote_exact_input(STRANGER, bought, 1)
    for index in (3, -1, 0.0):
        with pytest.raises(UnknownToken):
            pool.get_dy(index, 1, 1)


IMPOSSIBLE: list[tuple[dict[str, Any], type[PoolError]]] = [
    ({"address": "0x12"}, InvalidPoolState),
    ({"venue": ""}, InvalidPoolState),
    ({"balances": (1, 2)}, InvalidPoolState),
    ({"balances": (1, 2, -3)}, InvalidPoolState),
    ({"balances": (1, 2, 3.0)}, InvalidPoolState),
    ({"A": 0}, InvalidPoolState),
    ({"A": 10**12}, InvalidPoolState),
    ({"A_precise": 17}, InvalidPoolState),
    ({"gamma": 1}, InvalidPoolState),
    ({"D": -1}, InvalidPoolState),
    ({"D": 10**34}, InvalidPoolState),
    ({"price_scale": (1,)}, InvalidPoolState),
    ({"price_scale": (0, 1)}, InvalidPoolState),
    ({"mid_fee": 10**10 + 1}, InvalidPoolState),
    ({"out_fee": -1}, InvalidPoolState),
    ({"fee_gamma": 0}, InvalidPoolState),
    ({"precisions": (1, 1, 0)}, InvalidPoolState),
    ({"contract": "tricrypto2"}, InvalidPoolState),
    ({"contract": CryptoSwapContract.TWO_COIN}, InvalidPoolState),
    ({"contract": CryptoSwapContract.TRICRYPTO}, InvalidPoolState),
    ({"future_A_gamma_time": -1}, InvalidPoolState),
    ({"is_killed": 1}, InvalidPoolState),
    ({"tokens": ("A", "B", "C")}, InvalidPoolState),
    ({"tokens": [STRANGER]}, InvalidPoolState),
    ({"tokens": [STRANGER, Token("0x" + "88" * 20, "X", 18), STRANGER]}, SameToken),
]


@pytest.mark.parametrize(("change", "error"), IMPOSSIBLE)
def test_impossible_states_are_refused(
    pool: CryptoSwapPool, change: dict[str, Any], error: type[PoolError]
) -> None:
    with pytest.raises(error):
        CryptoSwapPool(**{**pool._parts(), **change})


def test_tokens_must_be_of_known_and_plain_kind(pool: CryptoSwapPool) -> None:
    address = pool.tokens[0].address
    for token in (Token(address, "T"), Token(address, "T", 27)):
        parts = {**pool._parts(), "tokens": [token, *pool.tokens[1:]]}
        assert CryptoSwapPool(**parts) == pool
        with pytest.raises(InvalidPoolState, match="decimals"):
            CryptoSwapPool(**{**parts, "precisions": None})
    rebasing = Token(address, "T", 18, Transfers.REBASING)
    with pytest.raises(UnsupportedToken, match="rebasing"):
        CryptoSwapPool(**{**pool._parts(), "tokens": [rebasing, *pool.tokens[1:]]})


def test_a_contract_is_named_where_more_than_one_could_be_meant() -> None:
    contract = world(3, "tricrypto2")
    known = "0xD51a44d3FaE010294C616388b506AcdA1bfAAE46"
    parts = {**pool_of(contract, repeg=False)._parts(), "contract": None, "A": 1_707_629}
    with pytest.raises(InvalidPoolState, match="contract is None"):
        CryptoSwapPool(**parts)
    tricrypto2 = CryptoSwapPool(**{**parts, "address": known})
    assert tricrypto2.contract is CryptoSwapContract.TRICRYPTO2
    first = CryptoSwapPool(**{**parts, "A": 3645})
    assert first.contract is CryptoSwapContract.TRICRYPTO


def test_the_first_tricrypto_can_tell_its_digits_of_a() -> None:
    record = recorded_pools()[0]
    assert answers(built(record, A_precise=record["A"] * 100), record) == expected(record)
    assert answers(built(record, A_precise=record["A"] * 100 + 99), record) != expected(record)


def test_a_repeg_belongs_to_its_contract(pool: CryptoSwapPool) -> None:
    first = repeg_of(world(1, "tricrypto"))
    with pytest.raises(InvalidPoolState, match="allowed_extra_profit"):
        pool.with_state(pool.balances, pool.D, pool.price_scale, first)
    two = world(1, "two")
    with pytest.raises(InvalidPoolState, match="TWO_COIN"):
        CryptoSwapPool(**{**pool_of(two)._parts(), "repeg": pool.repeg})
    with pytest.raises(InvalidPoolState, match="venue"):
        pool.with_state(pool.balances, pool.D, pool.price_scale, venue=1)
    assert tokens_of(two)
