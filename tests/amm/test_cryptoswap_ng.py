"""The -ng Tricrypto against answers of its compiled mathematics."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aineon.amm import CryptoSwapContract, CryptoSwapPool
from aineon.amm.cryptoswap import cardano as cardano_module
from aineon.amm.cryptoswap.cardano import cardano, cardano_d, cube_root
from aineon.amm.cryptoswap.math import Amplification, newton_y
from aineon.errors import IncompleteState, InsufficientLiquidity, InvalidAmount, InvalidPoolState
from aineon.primitives import Token
from tests.amm.making_crypto_pools import repeg_of, world

VECTORS = json.loads(Path(__file__).with_name("vectors_tricrypto_ng.json").read_text())
TOKENS = [Token(f"0x{k + 1:040x}", f"T{k}", 18) for k in range(3)]
MID, OUT, FEE_GAMMA = 3_000_000, 30_000_000, 500_000_000_000_000


def amplification_of(row: dict[str, Any]) -> Amplification:
    return Amplification(row["A"], 10_000, row["gamma"], 0)


def balances_of(row: dict[str, Any]) -> list[int]:
    return [int(balance) for balance in row["balances"]]


def grown(row: dict[str, Any]) -> list[int]:
    balances = balances_of(row)
    balances[row["sold"]] += int(row["amount_in"])
    return balances


def others_of(row: dict[str, Any]) -> list[int]:
    return [balance for k, balance in enumerate(grown(row)) if k != row["bought"]]


def answer(ask: Callable[..., Any], *args: Any) -> Any:
    try:
        return ask(*args)
    except InsufficientLiquidity:
        return None


def test_cube_roots() -> None:
    for x, root in VECTORS["cbrt"]:
        assert cube_root(int(x)) == int(root)


def test_balances_that_belong_to_an_invariant() -> None:
    fallbacks = 0
    for row in VECTORS["get_y"]:
        expected = row["y"] and (int(row["y"]), int(row["K0"]))
        assert answer(cardano, amplification_of(row), others_of(row), int(row["D"])) == expected
        fallbacks += row["K0"] == "0"
    assert fallbacks > 3


def test_invariants_with_and_without_a_start() -> None:
    for row in VECTORS["get_y"]:
        amplification = amplification_of(row)
        assert cardano_d(amplification, balances_of(row)) == int(row["D"])
        if row["y"]:
            y = int(row["y"])
            after = grown(row)
            after[row["bought"]] = y + y // 997
            expected = row["D_after"] and int(row["D_after"])
            assert answer(cardano_d, amplification, after, int(row["K0"])) == expected


def test_the_older_solution_would_be_noticed() -> None:
    """The control: Newton's answer is some units off, so the contract has to be known."""
    rows = [row for row in VECTORS["get_y"] if row["y"]]
    off = [
        newton_y(amplification_of(row), others_of(row), int(row["D"])) - int(row["y"])
        for row in rows
        if int(row["y"]) * 50 > int(row["D"])
    ]
    assert sum(map(bool, off)) > len(off) // 2


@pytest.mark.parametrize("attribute", ["cube_root", "_toward_zero", "isqrt"])
def test_a_rounding_that_is_off_would_be_noticed(
    attribute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(cardano_module, attribute)
    mutant = real
    if attribute == "_toward_zero":
        mutant = lambda numerator, denominator: numerator // denominator  # noqa: E731
    elif attribute == "cube_root":
        mutant = lambda x: real(x) + 1  # noqa: E731
    else:
        mutant = lambda x: real(x) * 1001 // 1000  # noqa: E731
    monkeypatch.setattr(cardano_module, attribute, mutant)
    with pytest.raises(AssertionError):
        test_balances_that_belong_to_an_invariant()


# --- the pool --------------------------------------------------------------------------------


def pool_of(row: dict[str, Any], **others: Any) -> CryptoSwapPool:
    return CryptoSwapPool(
        "0x" + "dd" * 20, TOKENS, balances_of(row), row["A"], row["gamma"], int(row["D"]),
        (10**18, 10**18), MID, OUT, FEE_GAMMA,
        contract=CryptoSwapContract.TRICRYPTO_NG, **others,
    )  # fmt: skip


def paid_of(row: dict[str, Any]) -> int:
    """What `exchange` pays by the recorded y, where balances are their own scaled values."""
    before, after = balances_of(row), grown(row)
    after[row["bought"]] = int(row["y"])
    paid = before[row["bought"]] - int(row["y"]) - 1
    part = 10**18
    for balance in after:
        part = part * 3 * balance // sum(after)
    f = FEE_GAMMA * 10**18 // (FEE_GAMMA + 10**18 - part)
    return paid - (MID * f + OUT * (10**18 - f)) // 10**18 * paid // 10**10


def test_quotes_follow_the_recorded_balances() -> None:
    paid = 0
    for row in VECTORS["get_y"]:
        pool = pool_of(row)
        i, j, amount = row["sold"], row["bought"], int(row["amount_in"])
        if row["y"] is None:
            with pytest.raises(InsufficientLiquidity):
                pool.get_dy(i, j, amount)
            continue
        try:
            assert pool.get_dy(i, j, amount) == paid_of(row)
            quote = pool.quote_exact_input(TOKENS[i], TOKENS[j], amount)
        except InvalidAmount:
            assert paid_of(row) < 0
        except InsufficientLiquidity:
            continue
        else:
            assert quote.amount_out == paid_of(row)
            paid += 1
    assert paid > 50


def test_functions_agree_with_quotes() -> None:
    for row in VECTORS["get_y"][::7]:
        pool = pool_of(row)
        pair = (TOKENS[row["sold"]], TOKENS[row["bought"]])
        most = pool.max_amount_in(*pair)
        if not most:
            continue
        full = pool.quote_exact_input(*pair, most)
        assert pool.output_function(*pair)(most) == full.amount_out
        with pytest.raises(InsufficientLiquidity):
            pool.quote_exact_input(*pair, most + 1)
        quote = pool.quote_exact_output(*pair, full.amount_out // 3)
        assert quote.amount_out >= full.amount_out // 3
        rate, _ = pool.local_curve(*pair)
        assert quote.amount_out <= rate * quote.amount_in


def test_a_ramp_takes_the_invariant_anew() -> None:
    row = next(row for row in VECTORS["get_y"] if row["y"] and row["K0"] != "0")
    i, j, amount = row["sold"], row["bought"], int(row["amount_in"])
    stale = CryptoSwapPool(**{**pool_of(row)._parts(), "D": int(row["D"]) * 101 // 100})
    ramping = CryptoSwapPool(**{**stale._parts(), "future_A_gamma_time": 2_000_000_000})
    assert stale.get_dy(i, j, amount) != paid_of(row)
    assert ramping.get_dy(i, j, amount) == paid_of(row)


def test_what_a_swap_leaves_is_not_told() -> None:
    row = next(row for row in VECTORS["get_y"] if row["y"] and int(row["amount_in"]) > 10**12)
    pool = pool_of(row)
    pair = (TOKENS[row["sold"]], TOKENS[row["bought"]])
    with pytest.raises(IncompleteState):
        _ = pool.quote_exact_input(*pair, pool.max_amount_in(*pair) // 2).pool_after
    with pytest.raises(InvalidPoolState, match="TRICRYPTO_NG"):
        pool_of(row, repeg=repeg_of(world(1, "tricrypto2")))
