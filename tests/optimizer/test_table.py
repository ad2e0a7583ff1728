from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.errors import ModelRefused
from aineon.optimizer.arms import ARMS
from aineon.optimizer.models.curves import SHARES
from aineon.optimizer.models.labels import landed
from aineon.optimizer.models.live import Live
from aineon.optimizer.models.table import LiveTable
from aineon.optimizer.training.material import told_along
from tests.optimizer.synthetic import synthetic_tape

PAIR = "USDC/WETH"
HOUR = 3600.0


def outcome(needed: float) -> np.ndarray:
    return landed(np.array([needed]), np.array([False]), np.array([np.nan]))[0]


def taught(table: LiveTable, needed: list[float], pair: str = PAIR, net: float = 0.01) -> LiveTable:
    for row, share in enumerate(needed):
        table.learn(pair, net, outcome(share), 10.0 * row)
    return table


def test_many_equal_outcomes_are_told_back() -> None:
    table = taught(LiveTable(), [0.45] * 200)
    chances = table.chances(PAIR, 0.01)
    assert (chances[SHARES < 0.45] < 0.05).all()
    assert (chances[SHARES > 0.45] > 0.95).all()


def test_shares_of_outcomes_become_chances() -> None:
    dice = np.random.default_rng(1)
    needed = np.where(dice.random(1200) < 0.8, dice.random(1200), np.inf)
    table = LiveTable((1000.0,))
    chances = taught(table, list(needed)).chances(PAIR, 0.01)
    assert chances == pytest.approx(0.8 * SHARES, abs=0.05)


def test_a_pair_never_seen_gets_what_others_taught_of_its_size() -> None:
    table = LiveTable()
    for turn in range(300):
        table.learn(PAIR, 0.001, outcome(0.05), turn)
        table.learn(PAIR, 0.5, outcome(0.95), turn)
    small, large = table.chances("LINK/WETH", 0.001), table.chances("LINK/WETH", 0.5)
    assert small[ARMS.index(0.5)] > 0.9
    assert large[ARMS.index(0.5)] < 0.1


def test_few_labels_of_a_pair_move_it_from_the_others_towards_its_own() -> None:
    table = taught(LiveTable(), [0.2] * 300)
    others = table.chances("LINK/WETH", 0.01)
    for turn in range(3):
        table.learn("LINK/WETH", 0.01, outcome(0.9), 3000.0 + turn)
    few = table.chances("LINK/WETH", 0.01)
    for turn in range(100):
        table.learn("LINK/WETH", 0.01, outcome(0.9), 3010.0 + turn)
    many = table.chances("LINK/WETH", 0.01)
    arm = ARMS.index(0.5)
    assert many[arm] < few[arm] < others[arm]
    assert many[arm] < 0.1


def test_what_is_old_is_forgotten() -> None:
    table = LiveTable((1.0,))
    for turn in range(100):
        table.learn(PAIR, 0.01, outcome(0.1), float(turn))
    for turn in range(20):
        table.learn(PAIR, 0.01, outcome(0.9), 10 * HOUR + turn)
    assert table.chances(PAIR, 0.01)[ARMS.index(0.5)] < 0.2


def test_a_clock_that_goes_back_brings_nothing_back() -> None:
    table = taught(LiveTable(), [0.3] * 20)
    table.learn(PAIR, 0.01, outcome(0.3), -1e9)
    assert np.isfinite(table.chances(PAIR, 0.01)).all()


def test_the_half_life_that_told_better_counts_more() -> None:
    table = LiveTable((0.2, 1000.0))
    for turn in range(600):  # what was right turns every two hours
        share = 0.1 if turn // 120 % 2 else 0.95
        table.learn(PAIR, 0.01, outcome(share), turn * 60.0)
    quick, slow = table._trust()
    assert quick > 3 * slow


def test_a_win_that_hides_the_second_bid_does_not_bias_the_cheaper_arms() -> None:
    """Offers at random; only bounds are told. Taking hidden arms as lost would halve the curve."""
    dice = np.random.default_rng(2)
    needed = dice.random(1800)
    offered = dice.choice(SHARES, 1800)
    won = needed <= offered
    told = landed(np.where(won, offered, needed), won, offered)
    table, naive = LiveTable((1000.0,)), LiveTable((1000.0,))
    for row in range(1800):
        table.learn(PAIR, 0.01, told[row], float(row))
        naive.learn(PAIR, 0.01, np.nan_to_num(told[row]), float(row))
    middle = slice(ARMS.index(0.3), ARMS.index(0.8))
    assert table.chances(PAIR, 0.01)[middle] == pytest.approx(SHARES[middle], abs=0.06)
    assert (naive.chances(PAIR, 0.01)[middle] < SHARES[middle] - 0.1).all()


def test_an_outcome_that_tells_nothing_changes_nothing() -> None:
    table = taught(LiveTable(), [0.3] * 5)
    before = table.chances(PAIR, 0.01)
    table.learn(PAIR, 0.01, np.full(16, np.nan), 1e6)
    assert (table.chances(PAIR, 0.01) == before).all()
    assert table.labels == 5


@settings(max_examples=15, deadline=None)
@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from(["A/B", "B/C", "C/D"]),
            st.floats(1e-12, 1e6),
            st.one_of(st.floats(0, 1), st.just(float("inf")), st.just(float("nan"))),
            st.floats(-1e9, 1e9),
        ),
        max_size=20,
    ),
    net=st.one_of(st.floats(-1, 1e9), st.just(0.0)),
)
def test_chances_rise_and_stay_between_0_and_1(
    rows: list[tuple[str, float, float, float]], net: float
) -> None:
    live = Live()
    tables = LiveTable()
    for pair, size, needed, time in rows:
        tables.learn(pair, size, outcome(needed), time)
    for chances in (live.chances("A/B", net), tables.chances("A/B", net)):
        assert ((chances >= 0) & (chances <= 1)).all()
        assert (np.diff(chances) >= 0).all()


def test_a_table_goes_on_where_its_arrays_were() -> None:
    tape = synthetic_tape(3, 150)
    _, live = told_along(tape)
    again = Live.from_arrays(live.arrays())
    assert again.labels == live.labels == 150
    for pair in (*tape.pair_names, "never/seen"):
        assert (again.chances(pair, 0.02) == live.chances(pair, 0.02)).all()


def test_arrays_of_another_shape_are_refused() -> None:
    _, live = told_along(synthetic_tape(3, 60))
    for name in ("table/asked", "correction/own"):
        arrays = live.arrays()
        arrays[name] = arrays[name][:, :1]
        with pytest.raises(ModelRefused):
            Live.from_arrays(arrays)


def test_the_live_table_earns_most_of_what_the_true_chances_would() -> None:
    tape = synthetic_tape(11, 900)
    told, _ = told_along(tape)
    late = slice(400, None)
    assert tape.chances is not None
    true, net = tape.chances[late], tape.net[late]

    def earned(chances: np.ndarray) -> float:
        arms = (chances * (1 - SHARES)).argmax(axis=1)
        rows = np.arange(len(arms))
        return float((true[rows, arms] * (1 - SHARES[arms]) * net).sum())

    assert earned(told[late]) > 0.85 * earned(true)
