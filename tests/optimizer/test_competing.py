"""Champion against challenger by a paired block bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from aineon.errors import OptimizerError
from aineon.optimizer.arms import ARMS, Channel
from aineon.optimizer.competing import SURE, compare, compete, money
from tests.optimizer.synthetic import synthetic_tape

TIMES = np.arange(600) * 60.0


@pytest.fixture(scope="module")
def luck():
    """Money that swings far more than any two ways of deciding differ."""
    return np.random.default_rng(11).pareto(1.5, len(TIMES))


def test_a_small_steady_lead_is_seen_through_heavy_tails(luck):
    verdict = compete(luck + 0.01, luck, luck, TIMES)
    assert verdict.promoted
    assert verdict.words.startswith("promoted: it leaves more than the table in 100% of draws")


def test_one_lucky_hour_is_no_lead(luck):
    challenger = luck.copy()
    challenger[100:103] += 5.0
    found = compare(challenger - 0.002, luck, TIMES)
    assert found.gain > 0
    assert found.better < SURE


def test_equal_ones_stand_at_a_half(luck):
    assert compare(luck, luck, TIMES).better == 0.5


def test_both_the_table_and_the_champion_must_be_beaten(luck):
    better, worse = luck + 0.01, luck - 0.01
    assert compete(luck, None, worse, TIMES).promoted
    refused = compete(luck, better, worse, TIMES)
    assert not refused.promoted
    assert refused.words.startswith("not promoted: it leaves more than the champion in 0%")
    assert not compete(luck, worse, better, TIMES).promoted


def test_too_little_time_says_nothing(luck):
    verdict = compete(luck[:50] + 1, None, luck[:50], TIMES[:50])
    assert not verdict.promoted
    assert verdict.words == (
        "not promoted: only 2 half hours of outcomes to compare with the table"
    )
    assert compare(luck[:0], luck[:0], TIMES[:0]).better is None


def test_outcomes_that_one_of_them_does_not_know_do_not_count(luck):
    holes = luck + 0.01
    holes[::2] = np.nan
    assert compare(holes, luck, TIMES).gain == pytest.approx(3.0)


@pytest.mark.parametrize("channel", list(Channel))
def test_money_is_what_deciding_leaves_row_by_row(channel):
    tape = synthetic_tape(4, 200)
    left = money(tape.chances, tape, channel)
    for row in range(len(tape)):
        miss = tape.gas[row] if channel is Channel.PUBLIC else 0.0
        plain = [
            p * (1 - f) * tape.net[row] - (1 - p) * miss
            for p, f in zip(tape.chances[row], ARMS, strict=True)
        ]
        bid = ARMS[int(np.argmax(plain))]
        came = (1 - bid) * tape.net[row] if tape.needed[row] <= bid else -miss
        assert left[row] == pytest.approx(came if max(plain) > 0 else 0.0)


def test_knowing_the_chances_beats_bidding_as_if_every_bid_landed():
    tape = synthetic_tape(4, 1500)
    knows = money(tape.chances, tape, Channel.PUBLIC)
    blind = money(np.ones_like(tape.chances), tape, Channel.PUBLIC)
    assert compete(knows, None, blind, tape.times).promoted
    assert not compete(blind, None, knows, tape.times).promoted


def test_chances_of_another_table_are_refused():
    with pytest.raises(OptimizerError, match=r"allowed is \(5, 16\)"):
        money(np.ones((4, 16)), synthetic_tape(4, 5), Channel.PRIVATE)
