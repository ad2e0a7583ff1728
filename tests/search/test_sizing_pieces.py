"""Pieces: the smooth curve lies on or above what a pool pays, by less than the roundings."""

from __future__ import annotations

import random

import pytest

from aineon.amm import ConcentratedPool, Pool
from aineon.primitives import Token
from aineon.search.route import Hop
from aineon.search.sizing.pieces import Piece, piece_finder
from tests.search.sizing_tools import DAI, ETHER, USDC, WETH, deep_v3, v2

POOLS = {
    "v2": v2(WETH, USDC, 15_000 * ETHER, 30 * 10**12 + 123_457),
    "v3 18-6": deep_v3(WETH, USDC, 2026e-12, 20_000 * ETHER),
    "v3 18-18": deep_v3(WETH, DAI, 2026.0, 20_000 * ETHER, 500, 10),
}


def rounded(piece: Piece, amount: int) -> int:
    kept = (amount - piece.origin) * piece.keep // piece.of
    return (piece.a * kept + piece.b) // (piece.c * kept + piece.d)


def directions(pool: Pool) -> list[tuple[Token, Token]]:
    first, second = pool.tokens
    return [(first, second), (second, first)]


@pytest.mark.parametrize("name", POOLS)
def test_a_piece_gives_what_the_pool_pays(name: str) -> None:
    pool, random_ = POOLS[name], random.Random(5)
    for tokens in directions(pool):
        find = piece_finder(Hop(pool, *tokens))
        output = pool.output_function(*tokens)
        assert find
        most = min(pool.max_amount_in(*tokens), 10**24)
        for _ in range(300):
            amount = int(most ** random_.random())
            piece = find(amount)
            assert piece.first <= amount <= piece.last
            # One unit more at a border, or where the fraction is within the blur of a whole.
            assert 0 <= rounded(piece, amount) - output(amount) <= 1


@pytest.mark.parametrize("name", ["v3 18-6", "v3 18-18"])
def test_the_steps_of_a_pool_join_without_gaps(name: str) -> None:
    pool = POOLS[name]
    assert isinstance(pool, ConcentratedPool)
    for tokens in directions(pool):
        most, taken, steps = pool.max_amount_in(*tokens), 0, 0
        while taken < most:
            step = pool.step_at(*tokens, taken + 1)
            assert step.taken_before == taken
            assert step.taken_after > taken
            assert step == pool.step_at(*tokens, step.taken_after)
            if taken:
                assert step.paid_before == pool.output_function(*tokens)(taken)
            taken, steps = step.taken_after, steps + 1
        assert taken == most
        assert steps >= 4
