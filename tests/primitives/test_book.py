"""Money of different books never mixes."""

from __future__ import annotations

from itertools import permutations

import pytest

from aineon.primitives import LiveMoney, Money, RehearsalMoney, SimulatedMoney


def test_money_of_one_book_adds_up() -> None:
    assert SimulatedMoney(3) + SimulatedMoney(4) - SimulatedMoney(2) == SimulatedMoney(5)
    assert -LiveMoney(1) == LiveMoney(-1)


@pytest.mark.parametrize(
    ("one", "other"), list(permutations([LiveMoney, SimulatedMoney, RehearsalMoney], 2))
)
def test_money_of_two_books_never_adds_up(one: type[Money], other: type[Money]) -> None:
    with pytest.raises(TypeError):
        one(1) + other(1)
    with pytest.raises(TypeError):
        one(1) - other(1)
    assert one(1) != other(1)


def test_simulated_money_says_so() -> None:
    assert str(SimulatedMoney(10**18)) == "1 simulated ETH"
    assert str(LiveMoney(10**18)) == "1 ETH"
