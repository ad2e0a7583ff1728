"""What others paid is remembered as it was paid, weighed by age and size, and forgotten in time."""

from __future__ import annotations

from math import isnan, log, log1p

import numpy as np
import pytest

from aineon.optimizer.features.competition import FEATURES, Competition
from aineon.optimizer.features.memory import SIMILAR, Memory

PAIR, OTHER = "USDC/WETH", "DAI/WETH"


def fought(tips: list[float], pair: str = PAIR, net: float = 0.01) -> Competition:
    """A gap a block, each taken by searcher `a` for such a share."""
    known = Competition()
    for now, tip in enumerate(tips):
        known.ended(pair, now, net, tip, taken=True)
        known.took(pair, now, "a", tip)
    return known


def test_every_feature_is_told_and_no_other() -> None:
    values = Competition().values(PAIR, 10, 0.01)
    assert set(values) == {feature.name for feature in FEATURES}


def test_of_what_was_never_seen_nothing_is_known() -> None:
    values = Competition().values(PAIR, 10, 0.01)
    counts = {"searchers", "searchers_all", "present"}
    assert all(values[name] == 0.0 for name in counts)
    assert all(isnan(value) for name, value in values.items() if name not in counts)


def test_means_and_quantiles_of_what_winners_paid() -> None:
    tips = [0.1, 0.9, 0.5, 0.3, 0.7]
    values = fought(tips).values(PAIR, 4, 0.01)
    assert values["tip_last"] == 0.7
    for half_life in (10, 50, 200):
        weights = [0.5 ** ((4 - now) / half_life) for now in range(5)]
        expected = np.average(tips, weights=weights)
        assert values[f"tip_mean_{half_life}"] == pytest.approx(expected)
    shares = [values[name] for name in ("tip_low", "tip_mid", "tip_high", "tip_top")]
    assert shares == [0.3, 0.5, 0.7, 0.9]


def test_a_gap_that_nobody_took_is_for_nothing_and_no_tip() -> None:
    known = fought([0.8])
    known.ended(PAIR, 1, 0.01, 0.0, taken=False)
    values = known.values(PAIR, 1, 0.01)
    assert values["tip_mean_200"] == pytest.approx(0.8)
    weights = np.array([0.5 ** (1 / 200), 1.0])
    assert values["taken_200"] == pytest.approx(weights[0] / weights.sum())
    assert values["price_mean"] == pytest.approx(0.8 * weights[0] / weights.sum())
    assert values["tip_last"] == 0.8


def test_an_unknown_payment_is_taken_but_has_no_price() -> None:
    known = fought([0.6])
    known.ended(PAIR, 1, 0.01, float("nan"), taken=True)
    known.took(PAIR, 1, "b", float("nan"))
    values = known.values(PAIR, 1, 0.01)
    assert values["taken_200"] == 1.0
    assert values["tip_last"] == 0.6
    assert values["tip_mean_10"] == pytest.approx(0.6)
    assert values["searchers"] == 2.0


def test_like_sizes_count_more() -> None:
    known = Competition()
    for net, tip in ((0.001, 0.2), (1.0, 0.9)):
        known.ended(PAIR, 0, net, tip, taken=True)
    small, large = (known.values(PAIR, 0, net)["tip_similar"] for net in (0.001, 1.0))
    apart = log(1000) / SIMILAR
    weight = np.exp(-0.5 * apart * apart)
    assert small == pytest.approx((0.2 + 0.9 * weight) / (1 + weight))
    assert large == pytest.approx(0.9, abs=1e-6)


def test_pairs_are_kept_apart_and_all_together_too() -> None:
    known = fought([0.2])
    known.ended(OTHER, 0, 0.01, 0.8, taken=True)
    known.took(OTHER, 0, "b", 0.8)
    values = known.values(PAIR, 0, 0.01)
    assert values["tip_mean_200"] == 0.2
    assert values["tip_all_500"] == pytest.approx(0.5)
    assert values["searchers"] == 1.0
    assert values["searchers_all"] == 2.0


def test_who_was_seen_on_a_pair_brings_what_he_pays_elsewhere() -> None:
    known = fought([0.2])
    known.ended(OTHER, 0, 0.01, 0.9, taken=True)
    known.took(OTHER, 0, "a", 0.9)
    known.took(OTHER, 0, "b", 0.95)
    assert known.values(PAIR, 0, 0.01)["searchers_tip"] == pytest.approx(0.55)
    assert known.values(PAIR, 1000, 0.01)["searchers"] == 1.0
    assert known.values(PAIR, 1001, 0.01)["searchers"] == 0.0


def test_who_took_lately_is_present() -> None:
    known = fought([0.4])
    known.took(PAIR, 100, "b", 0.8)
    values = known.values(PAIR, 100, 0.01)
    assert values["present"] == pytest.approx(1.5)
    assert values["present_tip"] == pytest.approx((0.5 * 0.4 + 0.8) / 1.5)
    assert values["searchers_tip"] == pytest.approx(0.8)


def test_the_last_gaps_of_at_least_half_the_size() -> None:
    known = fought([0.9, 0.1, 0.2, 0.3])
    known.ended(PAIR, 4, 0.011, 0.0, taken=False)
    known.ended(PAIR, 5, 0.004, 0.4, taken=True)
    values = known.values(PAIR, 5, 0.01)
    assert values["price_last"] == 0.0
    assert values["price_last_3"] == pytest.approx((0.0 + 0.3 + 0.2) / 3)
    assert known.values(PAIR, 5, 0.001)["price_last"] == 0.4
    assert isnan(known.values(PAIR, 5, 1.0)["price_last"])


def test_the_most_frequent_winner() -> None:
    known = Competition()
    for now, who in enumerate("aabac"):
        known.took(PAIR, now, who, 0.5)
    assert known.values(PAIR, 9, 0.01)["leader_share"] == pytest.approx(3 / 5)


def test_times_since() -> None:
    known = fought([0.5])
    known.seen(PAIR, 4)
    values = known.values(PAIR, 9, 0.01)
    assert values["since_contested"] == pytest.approx(log1p(9))
    assert values["since_gap"] == pytest.approx(log1p(5))


def test_own_outcomes() -> None:
    known = Competition()
    known.own(PAIR, 0, landed=True)
    known.own(OTHER, 0, landed=False)
    values = known.values(PAIR, 0, 0.01)
    assert values["own_hits"] == 1.0
    assert values["own_hits_all"] == 0.5


def test_absurd_payments_and_sizes_are_capped() -> None:
    known = fought([50.0], net=-1.0)
    values = known.values(PAIR, 0, float("nan"))
    assert values["tip_last"] == 2.0
    assert isnan(values["tip_similar"])


def test_memory_forgets_the_oldest() -> None:
    memory = Memory(3)
    for now in range(5):
        memory.add(now, 0.0, now / 10, taken=True)
    asked = memory.asked(4)
    assert asked.tip_and_taken(asked.weights(1e9))[0] == pytest.approx((0.2 + 0.3 + 0.4) / 3)


def test_what_is_kept_is_bounded() -> None:
    known = Competition()
    for now in range(3000):
        known.took(f"pair-{now}", now, f"searcher-{now}", 0.5)
        known.took(PAIR, now, f"searcher-{now}", 0.5)
    assert len(known._pairs) <= 1000
    assert len(known._searchers) <= 500
    assert len(known._pairs[PAIR].seen) <= 32
