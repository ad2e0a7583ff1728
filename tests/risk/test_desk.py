"""The desk: the breaker follows weather and damage, and is asked before everything else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aineon.errors import LedgerError
from aineon.market import Market
from aineon.primitives import Block, ManualClock, Token
from aineon.primitives.units import GWEI
from aineon.risk import Candidate, Limits
from aineon.risk.breaker import CALM_BLOCKS, FAULTS, BreakerRules, Ended
from aineon.risk.day import Booked, Day
from aineon.risk.desk import RiskDesk
from aineon.risk.exposure import Position
from aineon.risk.screening import TokenScreen
from aineon.risk.telling import told
from aineon.risk.weather import BAD, FINE, REFUSALS, ROUGH, Reading, Seen
from aineon.safety import Breaker, BreakerChange, BreakerState, MemoryKeeper
from aineon.search import find_opportunities
from tests.execution.making import COSTS
from tests.scripted import USDC, WETH, block, pool

RUNNING, DEGRADED, PAUSED, HALTED = BreakerState
ETHER = 10**18
NOON = 43_200.0
LIMITS = Limits(
    min_profit_wei=0,
    max_gas_price_wei=10**12,
    min_confidence=0.0,
    max_position_wei=10**22,
    max_daily_loss_wei=ETHER,
    max_exposure_wei=100 * ETHER,
    max_token_exposure_wei=100 * ETHER,
    max_venue_exposure_wei=100 * ETHER,
    max_attempts_per_minute=2,
    max_attempts_per_hour=100,
)
MARKET = Market([pool(1, 33_000_000, 10_000), pool(2, 3_000_000, 1_000, "sushiswap")], block(100))
[FOUND] = find_opportunities(MARKET, [WETH], 2, costs=COSTS)
CANDIDATE = Candidate(1, 10**18, 10 * ETHER, 1.0, route=FOUND.route, amounts=FOUND.amounts)


class Scene:
    """Rules with everything around them."""

    def __init__(self, loss: int = 0) -> None:
        self.clock = ManualClock(NOON)
        self.keeper = MemoryKeeper()
        self.breaker = Breaker(self.keeper, self.clock)
        self.day = Day(self.clock, [Booked(NOON, -loss)])
        self.rules = BreakerRules(self.breaker, LIMITS, self.day)
        self.number = 0

    def pass_blocks(self, count: int, *readings: Reading) -> list[BreakerState]:
        states = []
        for _ in range(count):
            self.number += 1
            self.rules.follow(readings, self.number)
            states.append(self.breaker.standing.state)
        return states

    def settle(self, **facts: object) -> None:
        ended = replace(Ended("sim-1", 0), **facts)  # type: ignore[arg-type]
        self.day.settled(ended.net_wei)
        self.rules.settled(ended)

    @property
    def causes(self) -> list[str]:
        return [change.cause for change in self.breaker.history()][::-1]


def reading(level: BreakerState, cause: str = "gas_price") -> Reading:
    return Reading(cause, level, "figures")


# --- weather -----------------------------------------------------------------------------------


def test_the_worst_reading_decides_and_calm_leads_up_step_by_step() -> None:
    scene = Scene()
    assert scene.pass_blocks(1, reading(ROUGH), reading(FINE)) == [DEGRADED]
    assert scene.pass_blocks(1, reading(ROUGH), reading(BAD, "head_lag")) == [PAUSED]
    assert scene.pass_blocks(CALM_BLOCKS, reading(FINE)) == [PAUSED] * (CALM_BLOCKS - 1) + [
        DEGRADED
    ]
    assert scene.pass_blocks(CALM_BLOCKS, reading(FINE))[-1] is RUNNING
    assert scene.causes == ["gas_price", "head_lag", "calm", "calm"]


def test_weather_that_comes_back_begins_the_calm_anew() -> None:
    scene = Scene()
    scene.pass_blocks(1, reading(BAD))
    scene.pass_blocks(CALM_BLOCKS - 1, reading(FINE))
    assert scene.pass_blocks(1, reading(BAD)) == [PAUSED]
    assert scene.pass_blocks(CALM_BLOCKS - 1, reading(FINE))[-1] is PAUSED


def test_rough_weather_keeps_it_degraded_and_lets_a_pause_end() -> None:
    scene = Scene()
    scene.pass_blocks(1, reading(BAD))
    assert scene.pass_blocks(3 * CALM_BLOCKS, reading(ROUGH))[-1] is DEGRADED


def test_steps_of_one_block_are_no_calm_blocks() -> None:
    scene = Scene()
    scene.pass_blocks(1, reading(BAD))
    for _ in range(3 * CALM_BLOCKS):
        scene.rules.follow([reading(FINE)], scene.number + 1)
    assert scene.breaker.standing.state is PAUSED


# --- damage ------------------------------------------------------------------------------------


def test_a_days_loss_halts_and_no_calm_lets_it_run() -> None:
    scene = Scene()
    scene.settle(net_wei=-ETHER + 1)
    assert scene.breaker.standing.state is RUNNING
    scene.settle(net_wei=-1)
    assert scene.breaker.standing.state is HALTED
    assert scene.pass_blocks(5 * CALM_BLOCKS, reading(FINE))[-1] is HALTED
    # Neither does the next day.
    scene.clock.advance(86_400)
    assert scene.pass_blocks(5 * CALM_BLOCKS, reading(FINE))[-1] is HALTED


def test_after_a_reset_the_same_loss_does_not_halt_again_and_a_larger_one_does() -> None:
    scene = Scene()
    scene.settle(net_wei=-ETHER)
    scene.breaker.reset("ada", scene.breaker.standing)
    scene.settle(net_wei=5)
    assert scene.pass_blocks(2 * CALM_BLOCKS, reading(FINE))[-1] is RUNNING
    scene.settle(net_wei=-6)
    assert scene.breaker.standing.state is HALTED


@pytest.mark.parametrize(
    ("facts", "cause"),
    [({"at_fault": True}, "faults"), ({"contradicted": "node-2 says 7 wei"}, "contradiction")],
)
def test_faults_and_contradictions_halt(facts: dict[str, object], cause: str) -> None:
    scene = Scene()
    for _ in range(FAULTS if cause == "faults" else 1):
        assert scene.breaker.standing.state is RUNNING
        scene.settle(**facts)
    assert scene.breaker.standing.state is HALTED
    assert scene.causes == [cause]


def test_lost_races_are_no_damage_and_a_landing_ends_the_count_of_faults() -> None:
    scene = Scene()
    for _ in range(20):
        scene.settle(net_wei=-1)
        scene.settle(at_fault=True)
        scene.settle(included=True, net_wei=2)
    assert scene.breaker.standing.state is RUNNING


# --- the desk ----------------------------------------------------------------------------------


class Desk:
    """A desk on a scene."""

    def __init__(self, loss: int = 0, keeper: MemoryKeeper | None = None) -> None:
        self.clock = ManualClock(NOON)
        self.breaker = Breaker(keeper or MemoryKeeper(), self.clock)
        self.desk = RiskDesk(
            LIMITS,
            self.breaker,
            Day(self.clock, [Booked(NOON, -loss)]),
            TokenScreen([WETH, USDC]),
        )

    def gate(self, candidate: Candidate = CANDIDATE) -> str | None:
        refusal = self.desk.check(candidate, LIMITS)
        return None if refusal is None else refusal.gate


def position(worth: int, gas_wei: int = 0) -> Position:
    return Position(worth, frozenset({WETH}), frozenset({"uniswap_v2"}), gas_wei)


def test_a_candidate_that_nothing_speaks_against_passes() -> None:
    assert Desk().gate() is None


def test_each_thing_that_speaks_against_an_attempt() -> None:
    desk = Desk()
    desk.desk.hold([position(95 * ETHER)])
    assert desk.gate() == "max_exposure"
    desk.desk.hold([])
    assert desk.gate() is None
    for _ in range(2):
        desk.desk.attempted(position(ETHER), 0.01, 1000.0)
    assert desk.gate() == "rate_minute"
    desk.desk.block(Seen(block(101)), 2000.0)
    assert desk.gate() is None
    desk.desk.settled(Ended("sim-1", -ETHER))
    assert desk.gate() == "breaker"
    desk.breaker.reset("ada", desk.breaker.standing)
    assert desk.gate() == "breaker"
    for number in range(102, 102 + CALM_BLOCKS):
        desk.desk.block(Seen(block(number)), 2000.0)
    # The day's loss stays a limit, whatever an operator resets.
    assert desk.gate() == "daily_loss"


def test_what_attempts_in_flight_can_cost_belongs_to_the_days_loss() -> None:
    desk = Desk(loss=ETHER - 100)
    desk.desk.hold([position(ETHER, gas_wei=60)])
    assert desk.gate() is None
    desk.desk.attempted(position(ETHER, gas_wei=60), 0.01, 1000.0)
    assert desk.gate() == "daily_loss"
    # It is no loss yet: what ends without one gives the day back, and nothing was halted.
    desk.desk.hold([])
    assert desk.gate() is None
    assert desk.breaker.standing.state is RUNNING


def test_strange_tokens_and_pools_that_jumped() -> None:
    fake = Token("0x" + "99" * 20, "WETH", 18)
    screen = RiskDesk(LIMITS, Breaker(MemoryKeeper()), Day(ManualClock(NOON)), TokenScreen([fake]))
    refusal = screen.check(CANDIDATE, LIMITS)
    assert refusal is not None
    assert refusal.gate == "token_impersonates"
    desk = Desk()
    old, new = pool(1, 33_000_000, 10_000), pool(1, 33_000_000, 1_000)
    desk.desk.moved(100, {old.address: old}, {new.address: new}, [old.address])
    assert desk.gate() == "pool_jump"


def test_each_attempt_counts_for_the_next_one_of_the_same_scan() -> None:
    desk = Desk()
    desk.desk.attempted(position(91 * ETHER), 0.01, 1000.0)
    assert desk.gate() == "max_exposure"


def test_relays_that_refuse_pause_it() -> None:
    desk = Desk()
    for _ in range(REFUSALS):
        desk.desk.not_submitted("relays", "HTTP 503")
        desk.desk.not_submitted("stale", "is about this plan alone")
    desk.desk.block(Seen(block(101)), 0.0)
    assert desk.gate() == "breaker"
    assert "refused, the last one with: HTTP 503" in desk.desk.trouble


def test_a_gas_spike_restricts_and_says_so() -> None:
    desk = Desk()
    for number in range(40):
        desk.desk.block(Seen(Block(number=number, base_fee_wei=10 * GWEI)), 0.0)
    desk.desk.block(Seen(Block(number=40, base_fee_wei=17 * GWEI)), 0.0)
    assert desk.desk.is_restricted
    assert desk.desk.trouble == ""
    assert "robust deviations from the median" in desk.desk.caution
    assert desk.gate() is None


def test_a_pending_loss_halts_before_it_is_final() -> None:
    desk = Desk()
    desk.desk.pend(ETHER)
    assert desk.breaker.standing.state is HALTED
    desk.breaker.reset("ada", desk.breaker.standing)
    desk.desk.pend(ETHER)
    assert desk.breaker.standing.state is PAUSED


def test_a_defect_of_the_engine_halts() -> None:
    desk = Desk()
    desk.desk.fault("KeyError: 'x'")
    assert desk.breaker.history()[0].cause == "defect"
    assert desk.gate() == "breaker"


class Unreadable(MemoryKeeper):
    def latest(self) -> BreakerChange | None:
        raise LedgerError("the database is locked")

    def history(self, limit: int) -> tuple[BreakerChange, ...]:
        raise LedgerError("the database is locked")


def test_a_breaker_that_cannot_be_read_lets_nothing_through() -> None:
    desk = Desk(loss=2 * ETHER, keeper=Unreadable())
    desk.desk.open(NOON)
    assert desk.gate() == "breaker"
    assert "cannot be read or kept: the database is locked" in desk.desk.trouble


# --- restarts ----------------------------------------------------------------------------------


def test_a_loss_that_was_booked_and_never_tripped_halts_at_the_start() -> None:
    """An engine that died between the two leaves a book at its limit and a running breaker."""
    desk = Desk(loss=ETHER)
    desk.desk.open(NOON)
    assert desk.breaker.standing.state is HALTED
    # Control: one that an operator has reset today stays reset.
    desk.breaker.reset("ada", desk.breaker.standing)
    desk.desk.open(NOON)
    assert desk.breaker.standing.state is PAUSED


def test_a_book_below_its_limit_starts_running() -> None:
    desk = Desk(loss=ETHER - 1)
    desk.desk.open(NOON)
    assert desk.breaker.standing.state is RUNNING


# --- what is told ------------------------------------------------------------------------------


def test_used_and_headroom_are_told() -> None:
    desk = Desk(loss=ETHER // 4)
    desk.desk.attempted(position(10 * ETHER), 0.02, 1000.0)
    desk.desk.block(Seen(block(101)), 1000.0)
    found = told(desk.desk)
    assert found.breaker == "running"
    used = {each.field: (each.used, each.left) for each in found.limits}
    assert used["max_daily_loss_wei"] == ("0.25 ETH", "0.75 ETH")
    assert used["max_exposure_wei"] == ("10 ETH", "90 ETH")
    assert used["max_venue_exposure_wei"] == ("10 ETH", "90 ETH")
    assert used["max_attempts_per_minute"] == ("1 made", "1 more")
    assert {each.name for each in found.readings} == {
        "gas_price",
        "head_lag",
        "disagreement",
        "relays",
    }
    assert [(each.kind, each.name, each.worth_wei) for each in found.exposure] == [
        ("token", "WETH", 10 * ETHER),
        ("venue", "uniswap_v2", 10 * ETHER),
    ]
    assert (found.depths, found.depth_median, found.depth_worst) == (1, 0.02, 0.02)
