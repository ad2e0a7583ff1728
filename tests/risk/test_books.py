"""What the desk remembers: the day's result, exposure, and pace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aineon.ledger.reading import BookReader
from aineon.primitives import ManualClock, Provenance, SimulatedMoney, Token
from aineon.risk import Limits
from aineon.risk.day import Booked, Day
from aineon.risk.exposure import Exposure, Position
from aineon.risk.pace import Pace
from tests.ledger import booked

ETHER = 10**18
PLAIN = Limits(0, 0, 0.0, 0)
WETH, USDC, DAI = (
    Token("0x" + digit * 40, symbol, 18)
    for digit, symbol in (("1", "WETH"), ("2", "USDC"), ("3", "DAI"))
)
NOON = 43_200.0
MIDNIGHT = 86_400.0


# --- the day -----------------------------------------------------------------------------------


def test_a_days_loss_at_the_limit_refuses() -> None:
    day = Day(ManualClock(NOON))
    limits = replace(PLAIN, max_daily_loss_wei=ETHER)
    day.settled(-ETHER + 1)
    assert day.check(limits) is None
    day.settled(-1)
    refusal = day.check(limits)
    assert refusal is not None
    assert refusal.gate == "daily_loss"
    assert refusal.reason == "the loss of this day (UTC) is 1 ETH; the limit is 1 ETH"
    # Control: without the limit nothing is refused.
    assert day.check(PLAIN) is None


def test_gains_make_up_for_losses_of_the_same_day() -> None:
    day = Day(ManualClock(NOON))
    day.settled(5 * ETHER)
    day.settled(-4 * ETHER)
    assert (day.net_wei, day.loss_wei) == (ETHER, 0)


def test_a_new_day_begins_at_midnight_utc() -> None:
    clock = ManualClock(MIDNIGHT - 1)
    day = Day(clock, [Booked(MIDNIGHT - 2, -ETHER, 2)])
    assert (day.loss_wei, day.unknown) == (ETHER, 2)
    clock.advance(1)
    assert (day.loss_wei, day.unknown) == (0, 0)


@pytest.mark.parametrize("step", [86_400.0, -86_400.0, -50_000.0, 400 * 86_400.0])
def test_a_clock_that_is_set_wrong_and_right_again_takes_no_loss_away(step: float) -> None:
    clock = ManualClock(20_000 * MIDNIGHT + NOON)
    day = Day(clock)
    day.settled(-ETHER)
    day.settled(None)
    clock.advance(step)
    # Of the two it is the day that the clock says, or one that is still to come.
    assert day.loss_wei == (0 if step > 0 else ETHER)
    clock.advance(-step)
    assert (day.net_wei, day.unknown) == (-ETHER, 1)
    # Control: a day that is over takes both with it.
    clock.advance(MIDNIGHT)
    assert (day.net_wei, day.unknown) == (0, 0)


def test_a_step_back_over_midnight_keeps_the_loss_of_either_side() -> None:
    clock = ManualClock(MIDNIGHT - 5)
    day = Day(clock)
    day.settled(-3 * ETHER)
    clock.advance(10)
    day.settled(-ETHER)
    assert day.loss_wei == ETHER
    clock.advance(-7)
    assert day.loss_wei == 4 * ETHER
    clock.advance(7)
    assert day.loss_wei == ETHER


def test_a_gain_of_a_day_that_is_still_to_come_hides_no_loss() -> None:
    day = Day(ManualClock(NOON), [Booked(NOON + 9 * MIDNIGHT, 5 * ETHER), Booked(NOON, -ETHER)])
    assert day.loss_wei == ETHER


def test_what_is_in_flight_counts_with_the_gas_that_it_can_cost() -> None:
    day = Day(ManualClock(NOON), [Booked(NOON, 1 - ETHER)])
    limits = replace(PLAIN, max_daily_loss_wei=ETHER)
    refusal = day.check(limits, at_stake_wei=10**15)
    assert refusal is not None
    assert refusal.reason.endswith("and what is in flight can cost 0.001 ETH of gas")
    # Control: without it the day goes on.
    assert day.check(limits) is None


def test_a_loss_that_is_not_final_counts_and_a_gain_is_never_given() -> None:
    day = Day(ManualClock(NOON))
    day.pend(ETHER)
    assert day.loss_wei == ETHER
    # It became final: booked, and pending no more.
    day.pend(0)
    day.settled(-ETHER)
    assert day.loss_wei == ETHER


def test_what_is_not_known_is_counted_and_is_no_zero() -> None:
    day = Day(ManualClock(NOON))
    day.settled(None)
    assert (day.net_wei, day.unknown) == (0, 1)


def test_the_day_goes_on_after_a_restart(tmp_path: Path) -> None:
    at = booked.NOON
    with booked.open_book(tmp_path) as store:
        run = store.begin_run(booked.run(started_at=at))
        loss = booked.reverted("sim-1", gas=3 * ETHER, settled_at=at)
        yesterday = booked.reverted("sim-2", gas=9 * ETHER, settled_at=at - 86_400)
        for settlement in (loss, yesterday, booked.unresolved("sim-3", settled_at=at)):
            booked.trade(store, run, settlement)
        reader = BookReader.of(store)
        day = Day.booked(reader, Provenance.SIMULATED, ManualClock(at + 60))
        assert (day.net_wei, day.unknown) == (-3 * ETHER, 1)
        assert isinstance(loss.net, SimulatedMoney)
        # Control: another provenance has a day of its own.
        other = Day.booked(reader, Provenance.REPLAYED, ManualClock(at + 60))
        # A clock that ran ahead at the start finds the loss again when it is right.
        clock = ManualClock(at + 86_400)
        ahead = Day.booked(reader, Provenance.SIMULATED, clock)
        assert ahead.net_wei == 0
        clock.advance(-86_400)
        assert (ahead.net_wei, ahead.unknown) == (-3 * ETHER, 1)
        reader.close()
    assert (other.net_wei, other.unknown) == (0, 0)


# --- exposure ----------------------------------------------------------------------------------


def position(worth: int | None, *tokens: Token, venue: str = "uniswap_v2") -> Position:
    return Position(worth, frozenset(tokens or (WETH, USDC)), frozenset({venue}))


@pytest.mark.parametrize(
    ("change", "gate", "words"),
    [
        ({"max_exposure_wei": 9}, "max_exposure", "would be in flight; the limit is"),
        (
            {"max_exposure_wei": 99, "max_token_exposure_wei": 9},
            "max_token_exposure",
            "in flight through WETH; the limit is",
        ),
        (
            {"max_exposure_wei": 99, "max_venue_exposure_wei": 9},
            "max_venue_exposure",
            "in flight through uniswap_v2; the limit is",
        ),
    ],
)
def test_exposure_counts_what_is_in_flight_and_the_new_one(
    change: dict[str, int], gate: str, words: str
) -> None:
    exposure = Exposure([position(6)])
    limits = replace(PLAIN, **change)
    refusal = exposure.check(position(4), limits)
    assert refusal is not None
    assert refusal.gate == gate
    assert words in refusal.reason
    # Control: it would fit if nothing were in flight.
    assert Exposure().check(position(4), limits) is None
    assert exposure.check(position(3), limits) is None


def test_tokens_and_venues_are_counted_apart() -> None:
    exposure = Exposure([position(6), position(5, WETH, DAI, venue="curve")])
    assert exposure.total_wei == 11
    assert exposure.tokens == {WETH: 11, USDC: 6, DAI: 5}
    assert exposure.venues == {"uniswap_v2": 6, "curve": 5}


def test_exposure_that_is_not_known_lets_nothing_more_through() -> None:
    exposure = Exposure([position(None)])
    refusal = exposure.check(position(1), replace(PLAIN, max_exposure_wei=100 * ETHER))
    assert refusal is not None
    assert refusal.gate == "exposure_unknown"
    assert exposure.check(position(1), PLAIN) is None


# --- pace --------------------------------------------------------------------------------------


def test_pace_counts_a_minute_and_an_hour() -> None:
    pace = Pace()
    limits = replace(PLAIN, max_attempts_per_minute=2, max_attempts_per_hour=3)
    for now in (0.0, 1.0):
        assert pace.check(limits) is None
        pace.attempted(now)
    refusal = pace.check(limits)
    assert refusal is not None
    assert (refusal.gate, refusal.reason) == (
        "rate_minute",
        "2 attempts were made in the last minute; the limit is 2",
    )
    pace.pass_to(61.0)
    assert pace.check(limits) is None
    pace.attempted(61.0)
    refusal = pace.check(limits)
    assert refusal is not None
    assert refusal.gate == "rate_hour"
    pace.pass_to(3601.0)
    assert (pace.last_minute, pace.last_hour) == (0, 1)
    assert pace.check(limits) is None


def test_time_that_goes_backwards_forgets_nothing() -> None:
    pace = Pace()
    pace.attempted(1000.0)
    pace.pass_to(10.0)
    assert pace.last_minute == 1
