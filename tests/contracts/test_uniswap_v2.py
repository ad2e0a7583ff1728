"""AINEON's Uniswap V2 against the real pair and router."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

import pytest

from aineon.amm import ConstantProductPool, Quote
from aineon.primitives import Token
from tests.contracts.comparing import Bench, Protocol, compare
from tests.contracts.uniswap_v2 import UNISWAP_V2_PAIRS, random_world

SWAPS = 5000


@pytest.fixture(scope="module")
def bench(deployed: Callable[[Protocol], Bench]) -> Bench:
    return deployed(UNISWAP_V2_PAIRS)


@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_every_swap_is_the_contracts(bench: Bench, seed: str) -> None:
    tally = compare(UNISWAP_V2_PAIRS, bench, seed, SWAPS)
    assert not tally.differences, tally.report()
    assert tally.swaps >= SWAPS


class OutputRoundedUp(ConstantProductPool):
    def quote_exact_input(self, token_in: Token, token_out: Token, amount_in: int) -> Quote:
        quote = super().quote_exact_input(token_in, token_out, amount_in)
        sold, held = self._reserves(token_in, token_out)
        kept = amount_in * self._keep
        return quote._replace(amount_out=-(-kept * held // (sold * 10**6 + kept)))


class InputWithoutTheOne(ConstantProductPool):
    def quote_exact_output(self, token_in: Token, token_out: Token, amount_out: int) -> Quote:
        quote = super().quote_exact_output(token_in, token_out, amount_out)
        return quote._replace(amount_in=quote.amount_in - 1)


class DearestInput(ConstantProductPool):
    def input_function(self, token_in: Token, token_out: Token) -> Callable[[int], int]:
        least = super().input_function(token_in, token_out)
        return lambda amount_out: least(amount_out) + 1


@pytest.mark.parametrize("mutant", [OutputRoundedUp, InputWithoutTheOne, DearestInput])
def test_control_one_flipped_rounding_is_caught(
    bench: Bench, mutant: type[ConstantProductPool]
) -> None:
    flipped = Protocol("flipped", UNISWAP_V2_PAIRS.deploy, partial(random_world, pool_class=mutant))
    tally = compare(flipped, bench, "1", 100)
    assert tally.differences
    report = tally.report()
    assert "flipped, seed 1, world 0" in report
    assert "AINEON" in report


def test_the_same_seed_asks_the_same_questions() -> None:
    twins = [random_world("twin", random.Random("twin")) for _ in range(2)]
    assert twins[0] == twins[1]
    assert twins[0] != random_world("twin", random.Random("another"))
