"""Anomalies: what is unusual is found, what is usual is not, and the border does not flutter."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.chain.client.health import NodeHealth, NodeState
from aineon.primitives import Block
from aineon.primitives.units import GWEI
from aineon.risk.jumps import REST_BLOCKS, JumpWatch
from aineon.risk.robust import SCALE, RobustScore
from aineon.risk.weather import (
    BAD,
    FINE,
    GAS_WARM_UP,
    REFUSALS,
    ROUGH,
    AgreementWatch,
    GasWatch,
    LagWatch,
    Marks,
    RelayWatch,
    Seen,
)
from tests.scripted import pool

HASHES = ["0x" + digit * 64 for digit in "ab"]


def seen(number: int, fee: int | None = 10 * GWEI, nodes: tuple[NodeHealth, ...] = ()) -> Seen:
    return Seen(Block(number=number, base_fee_wei=fee), nodes)


def node(name: str, age: float = 1.0, state: NodeState = "healthy", **head: Any) -> NodeHealth:
    return NodeHealth(name, state, Block(**({"number": 7} | head)), age)


# --- scores ------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 10**6), min_size=5, max_size=60), st.integers(1, 10**6))
def test_the_score_is_the_definition(values: list[int], value: int) -> None:
    window = 20
    score = RobustScore(window, 5, 0.01)
    for each in values:
        score.add(each)
    newest = sorted(values[-window:])
    middle = newest[len(newest) // 2]
    deviation = sorted(abs(each - middle) for each in newest)[len(newest) // 2]
    spread = max(SCALE * deviation, 0.01 * middle)
    assert score.score(value) == pytest.approx((value - middle) / spread)
    assert score.median == middle
    assert len(newest) % 2 == 0 or middle == median(newest)


def test_there_is_no_score_during_the_warm_up() -> None:
    score = RobustScore(10, 3, 0.1)
    for each in (1.0, 1.0):
        score.add(each)
    assert score.score(100.0) is None
    score.add(1.0)
    assert score.score(1.5) == pytest.approx(5.0)


def test_a_few_wild_values_do_not_hide_the_next() -> None:
    """Control: mean and standard deviation would have grown used to them."""
    score = RobustScore(100, 10, 0.05)
    for each in [10.0] * 40 + [1000.0] * 10:
        score.add(each)
    found = score.score(1000.0)
    assert found is not None
    assert found > 100


# --- gas ---------------------------------------------------------------------------------------


def calm(watch: GasWatch) -> None:
    for number in range(GAS_WARM_UP):
        assert watch.read(seen(number)).level is FINE


def test_a_spike_of_gas_is_rough_then_bad_then_over() -> None:
    watch = GasWatch()
    calm(watch)
    assert watch.read(seen(40, 16 * GWEI)).level is ROUGH
    reading = watch.read(seen(41, 60 * GWEI))
    assert reading.level is BAD
    assert "60 gwei is +100.0 robust deviations from the median of 10 gwei" in reading.words
    assert watch.read(seen(42, 10 * GWEI)).level is FINE


def test_gas_that_drifts_is_usual() -> None:
    """Control: a base fee that moves by an eighth a block at most, up and down."""
    watch, fee = GasWatch(), 10 * GWEI
    for number in range(400):
        fee = fee * 9 // 8 if number // 3 % 2 else fee * 8 // 9
        assert watch.read(seen(number, fee)).level is FINE


def test_cheap_gas_is_no_anomaly_and_unknown_gas_no_score() -> None:
    watch = GasWatch()
    calm(watch)
    assert watch.read(seen(40, GWEI // 100)).level is FINE
    assert "not known" in watch.read(seen(41, None)).words


def test_a_spike_in_the_warm_up_says_so() -> None:
    reading = GasWatch().read(seen(1, 900 * GWEI))
    assert (reading.level, reading.words) == (FINE, "1 of 30 blocks of the warm-up are known")


# --- marks -------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 100), max_size=50))
def test_a_level_changes_only_across_its_marks(values: list[float]) -> None:
    marks, level = Marks(rough=10, bad=30, fine=5), FINE
    for value in values:
        before, level = level, marks.level(value, level)
        if value >= 30:
            assert level is BAD
        elif value <= 5:
            assert level is FINE
        elif before is FINE:
            assert level is (ROUGH if value >= 10 else FINE)
        elif before is ROUGH:
            assert level is ROUGH
        else:
            assert level is (BAD if value >= 10 else ROUGH)


# --- nodes -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("age", "level"), [(2, FINE), (30, FINE), (40, ROUGH), (80, BAD)])
def test_the_freshest_node_tells_the_lag(age: float, level: object) -> None:
    nodes = (node("a", 500.0), node("b", age), node("c", 0.0, "down"))
    assert LagWatch().read(seen(1, nodes=nodes)).level is level


def test_without_a_chain_there_is_no_lag() -> None:
    reading = LagWatch().read(seen(1))
    assert (reading.level, reading.words) == (FINE, "no node tells how old its head is")


def test_nodes_that_disagree_for_long_are_rough_then_bad() -> None:
    watch = AgreementWatch()
    split = (node("a", hash=HASHES[0]), node("b", hash=HASHES[1]))
    levels = [watch.read(seen(n, nodes=split)).level for n in range(12)]
    assert levels == [FINE] * 2 + [ROUGH] * 7 + [BAD] * 3
    words = watch.read(seen(12, nodes=split)).words
    assert f"of block 7 they name a {HASHES[0]}, b {HASHES[1]}" in words
    agreed = (node("a", hash=HASHES[0]), node("b", hash=HASHES[0]))
    assert watch.read(seen(13, nodes=agreed)).level is FINE


def test_nodes_at_different_heights_do_not_disagree() -> None:
    watch = AgreementWatch()
    apart = (node("a", hash=HASHES[0]), node("b", hash=HASHES[1], number=8))
    dead = (node("a", hash=HASHES[0]), node("b", 1.0, "wrong chain", hash=HASHES[1]))
    for number in range(20):
        assert watch.read(seen(number, nodes=apart)).level is FINE
        assert watch.read(seen(number, nodes=dead)).level is FINE


def test_relays_that_refuse_are_given_a_rest() -> None:
    watch = RelayWatch()
    watch.read(seen(100))
    for _ in range(REFUSALS - 1):
        watch.refused("HTTP 503")
    assert watch.read(seen(101)).level is FINE
    watch.refused("HTTP 503")
    reading = watch.read(seen(102))
    assert reading.level is BAD
    assert "the last one with: HTTP 503; tried again from block 112" in reading.words
    assert watch.read(seen(112)).level is FINE


def test_an_attempt_that_is_taken_ends_the_count() -> None:
    watch = RelayWatch()
    for _ in range(3):
        watch.refused("HTTP 503")
        watch.taken()
    assert watch.read(seen(1)).level is FINE


# --- pools -------------------------------------------------------------------------------------


def jumped(before: tuple[int, int], after: tuple[int, int]) -> JumpWatch:
    old, new = pool(1, *before), pool(1, *after)
    watch = JumpWatch()
    watch.read(100, {old.address: old}, {new.address: new}, [old.address])
    return watch


def test_a_jump_that_no_swap_makes_rests_the_pool() -> None:
    watch = jumped((3_000_000, 1_000), (3_000_000, 500))
    resting = pool(1, 1, 1)
    refusal = watch.check([resting])
    assert refusal is not None
    assert refusal.gate == "pool_jump"
    assert "jumped by 100 % in price while its product changed by -50.0 %" in refusal.reason
    assert f"until block {100 + REST_BLOCKS}" in refusal.reason
    assert watch.check([pool(2, 1, 1)]) is None
    watch.read(100 + REST_BLOCKS, {}, {}, [])
    assert watch.check([resting]) is None


@pytest.mark.parametrize(
    "after",
    [
        (6_000_000, 500),  # a large swap: the price moves, the product stays
        (6_000_000, 501),  # with its fee
        (3_100_000, 1_000),  # a small donation
        (6_000_000, 2_000),  # a mint: the product grows, the price stays
    ],
)
def test_swaps_and_mints_are_no_jump(after: tuple[int, int]) -> None:
    assert jumped((3_000_000, 1_000), after).check([pool(1, 1, 1)]) is None


def test_an_emptied_pool_is_no_arithmetic_error() -> None:
    old = pool(1, 3_000_000, 1_000)
    watch = JumpWatch()
    watch.read(1, {old.address: old}, {}, [old.address])
    assert watch.check([old]) is None
