"""Rivals of the sandbox: auctions at the top of each block, and the chances that they leave."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from math import sqrt
from statistics import NormalDist, fmean, pstdev

import pytest

from aineon.errors import ConfigurationError
from aineon.execution.contests import needed_payment_wei
from aineon.feeds.sandbox import SandboxFeed, Simulation
from aineon.feeds.sandbox.dice import Dice
from aineon.feeds.sandbox.rivals import MIXES, Change, ChangeKind, RivalMix, mix_named
from aineon.feeds.sandbox.rivals.gaps import Direction
from aineon.feeds.sandbox.rivals.rival import Drift, Terms
from aineon.feeds.sandbox.universe import WETH
from aineon.market import Market
from aineon.runtime.sections.market import SandboxRivals
from tests.feeds.test_sandbox import digest

MIXED = MIXES["mixed"]
NOBODY = replace(MIXED, reach=(0.0, 0.0))
SHARES = (0.02, 0.3, 0.6, 0.8, 0.9, 0.96)
REDRAWS = 1500


def started(
    mix: RivalMix = MIXED, seed: int = 11, changes: Sequence[Change] = (), blocks: int = 0
) -> Simulation:
    """A run of the sandbox with rivals, so many blocks after its start."""
    simulation = SandboxFeed(seed=seed, rivals=mix, changes=changes).simulation()
    simulation.genesis()
    for _ in range(blocks):
        simulation.advance()
    return simulation


def ends_with_gaps(simulation: Simulation, at_least: int = 1) -> Iterator[Simulation]:
    """The ends of blocks that leave so many gaps."""
    while True:
        simulation.advance()
        if len(simulation.crowd.gaps) >= at_least:
            yield simulation


# --- the stream --------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_auctions_and_another_mix_others() -> None:
    digests = {
        digest(SandboxFeed(seed=11, warm_up=0, blocks=40, rivals=MIXES[name])) for name in MIXES
    }
    assert len(digests) == len(MIXES)
    assert digest(SandboxFeed(seed=11, warm_up=0, blocks=40, rivals=MIXED)) in digests


def test_the_auctions_are_the_same_on_every_machine() -> None:
    simulation = started()
    payments = [
        contest.best_payment_wei
        for _ in range(30)
        for contest in simulation.advance().contests or ()
    ]
    assert payments[:3] == [5451557469481018, 35358820254624428, 195172705536732]


def test_without_rivals_no_auction_is_told_of_and_nobody_can_ask_for_chances() -> None:
    feed = SandboxFeed(seed=11, warm_up=0, blocks=5)
    assert all(step.contests is None for step in feed.blocks())
    with pytest.raises(ConfigurationError, match="has no rivals"):
        feed.simulation().chances([], 1, SHARES)


def test_a_market_fed_by_the_events_equals_the_sandbox_with_rivals() -> None:
    simulation = SandboxFeed(seed=11, rivals=MIXED).simulation()
    market = Market()
    market.apply(simulation.genesis())
    for _ in range(60):
        market.apply(simulation.advance().update)
        assert dict(market.pools) == simulation.pools


def test_what_a_block_leaves_open_is_auctioned_at_the_top_of_the_next() -> None:
    simulation = started()
    taken = 0
    for _ in range(150):
        gaps = simulation.crowd.gaps
        step = simulation.advance()
        assert step.contests is not None
        assert [contest.pools for contest in step.contests] == [gap.directions for gap in gaps]
        won = [
            (gap, contest)
            for gap, contest in zip(gaps, step.contests, strict=True)
            if contest.best_payment_wei
        ]
        for (gap, contest), taking in zip(won, step.takings, strict=True):
            taken += 1
            assert taking.pools == tuple(pool for pool, _ in gap.directions)
            assert taking.builder_payment_wei == contest.best_payment_wei < gap.prize.net_wei
            # Another gap that was taken before may only have made it better.
            assert taking.profit >= gap.prize.cycle.profit
            assert taking.searcher.startswith("sandbox:rival-")
    assert taken > 20


def test_no_two_gaps_trade_in_one_pool_in_one_direction() -> None:
    for simulation in islice(ends_with_gaps(started(NOBODY), at_least=2), 20):
        used = [direction for gap in simulation.crowd.gaps for direction in gap.directions]
        assert len(used) == len(set(used))
        nets = [gap.prize.net_wei for gap in simulation.crowd.gaps]
        assert nets == sorted(nets, reverse=True)


def test_what_nobody_takes_stays_open_and_what_is_taken_does_not() -> None:
    """Nobody's bundles reach a builder in one of the two."""
    oldest = []
    for mix in (NOBODY, MIXED):
        simulation = started(mix)
        ages = []
        for _ in range(120):
            step = simulation.advance()
            ages += [gap.blocks_open for gap in simulation.crowd.gaps]
            assert mix is MIXED or not step.takings
        oldest.append(max(ages))
    assert oldest[0] > 40
    assert oldest[1] < 20


# --- the chances -------------------------------------------------------------------------------


def shares_that_landed(
    simulation: Simulation, directions: Sequence[Direction], net_wei: int
) -> list[float]:
    """How often each share of `net_wei` would land, by redrawing the next block's dice."""
    landed = [0] * len(SHARES)
    for contests in simulation.redraws(REDRAWS):
        needed = needed_payment_wei(directions, contests)
        for place, share in enumerate(SHARES):
            landed[place] += needed is not None and (not needed or share * net_wei > needed)
    return [count / REDRAWS for count in landed]


def agrees(chances: Sequence[float], landed: Sequence[float]) -> bool:
    """Whether frequencies lie within 4.5 deviations of what was foretold."""
    return all(
        abs(chance - share) <= 4.5 * sqrt(max(chance * (1 - chance), 1e-4) / REDRAWS)
        for chance, share in zip(chances, landed, strict=True)
    )


def test_chances_are_what_redrawn_dice_give() -> None:
    foretold, drawn = [], []
    for simulation in islice(ends_with_gaps(started(blocks=50)), 4):
        gap = simulation.crowd.gaps[0]
        net_wei = gap.prize.net_wei * 9 // 10
        chances = simulation.chances(gap.directions, net_wei, SHARES)
        assert chances == sorted(chances)
        assert 0.0 < chances[0] <= chances[-1] <= MIXED.own_reach
        landed = shares_that_landed(simulation, gap.directions, net_wei)
        assert agrees(chances, landed)
        foretold.append(chances)
        drawn.append(landed)
    # The control: what is foretold of one gap does not fit another.
    assert not all(
        agrees(chances, landed)
        for chances, landed in zip(foretold, drawn[1:] + drawn[:1], strict=True)
    )


def test_a_route_across_two_gaps_has_to_win_both() -> None:
    simulation = next(ends_with_gaps(started(replace(MIXED, level=-1.0)), at_least=2))
    first, second = simulation.crowd.gaps[:2]
    across = (first.directions[0], second.directions[-1])
    net_wei = second.prize.net_wei
    chances = simulation.chances(across, net_wei, SHARES)
    assert agrees(chances, shares_that_landed(simulation, across, net_wei))
    alone = simulation.chances(second.directions, net_wei, SHARES)
    assert all(both < one for both, one in zip(chances, alone, strict=True))


def test_redrawing_changes_nothing() -> None:
    asked, left_alone = started(blocks=20), started(blocks=20)
    assert len(list(asked.redraws(10))) == 10
    for _ in range(20):
        asked.chances([], 1, SHARES)
        assert asked.advance() == left_alone.advance()


def test_where_nobody_competes_only_the_builder_decides() -> None:
    simulation = next(ends_with_gaps(started()))
    nowhere = [("0x" + "9" * 40, WETH.address)]
    assert simulation.chances(nowhere, 10**15, (0.0, 0.5)) == [MIXED.own_reach] * 2
    assert started().chances(nowhere, 10**15, (0.5,)) == [1.0]


def test_the_closed_form_of_a_bid_is_that_of_its_dice() -> None:
    terms = Terms(chance=1.0, centre=0.4, noise=1.2)
    dice = Dice(1, "bids")
    bids = sorted(share for _ in range(20_000) if (share := terms.draw(dice)) is not None)
    assert len(bids) == 20_000
    for quantile in (0.02, 0.2, 0.5, 0.8, 0.98):
        bid = bids[int(len(bids) * quantile)]
        assert terms.beaten(bid) == pytest.approx(quantile, abs=0.012)
    # The sum of twelve even numbers is nearly normal.
    normal = NormalDist(0.4, 1.2)
    assert terms.beaten(0.8) == pytest.approx(normal.cdf(1.386294), abs=0.003)
    assert terms.beaten(1.0) == 1.0
    assert Terms(0.3, 0.4, 1.2).beaten(0.0) == 0.7


# --- what drifts -------------------------------------------------------------------------------


def test_a_drift_keeps_its_deviation_and_forgets_in_its_time() -> None:
    drift = Drift(Dice(1, "drift"), deviation=0.5, hours=0.1)
    values = []
    for _ in range(30_000):
        drift.advance()
        values.append(drift.value)
    assert fmean(values) == pytest.approx(0.0, abs=0.05)
    assert pstdev(values) == pytest.approx(0.5, abs=0.04)
    later = fmean(a * b for a, b in zip(values, values[30:], strict=False)) / 0.25
    assert later == pytest.approx(0.368, abs=0.1)


def test_a_change_begins_with_the_auctions_of_its_block() -> None:
    change = Change(40, ChangeKind.REACH_HALVES)
    as_it_was, changed = started(blocks=30), started(changes=[change], blocks=30)
    compared = 0
    for number in range(31, 60):
        assert as_it_was.advance().update == changed.advance().update
        for gap in as_it_was.crowd.gaps:
            pair = [
                s.chances(gap.directions, gap.prize.net_wei, (0.7,))[0]
                for s in (as_it_was, changed)
            ]
            assert pair[1] == pytest.approx(pair[0] / (2 if number + 1 >= 40 else 1))
            compared += 1
    assert compared > 10


def test_three_times_as_many_rivals_are_two_more_for_each() -> None:
    simulation = started(changes=[Change(3, ChangeKind.THREE_TIMES_AS_MANY)], blocks=1)
    assert simulation.crowd.size == MIXED.rivals + 1
    simulation.advance()
    assert simulation.crowd.size == 3 * MIXED.rivals + 1


def test_on_pairs_that_begin_to_fail_next_to_nothing_lands() -> None:
    """Half of the six pairs that 24 pools have; the control is the other half."""
    simulation = started(changes=[Change(1, ChangeKind.PAIRS_BEGIN_TO_FAIL)])
    assert simulation.crowd.size == started().crowd.size + 1
    greedy = simulation.crowd._rivals[-1]
    assert len(greedy._likes) == 3
    chances: dict[bool, list[float]] = {True: [], False: []}
    for _ in islice(ends_with_gaps(simulation), 120):
        for gap in simulation.crowd.gaps:
            fails = all(pair in greedy._likes for pair in gap.pairs)
            chances[fails] += simulation.chances(gap.directions, gap.prize.net_wei, (0.8,))
    assert fmean(chances[True]) < fmean(chances[False]) / 3


# --- the mixes ---------------------------------------------------------------------------------


def test_a_usual_bid_lands_now_and_then_and_the_dearest_nearly_as_often_as_it_arrives() -> None:
    half, dearest = [], []
    for simulation in islice(ends_with_gaps(started()), 200):
        gap = simulation.crowd.gaps[0]
        chances = simulation.chances(gap.directions, gap.prize.net_wei, (0.5, 0.99))
        half.append(chances[0])
        dearest.append(chances[1])
    assert 1 / 9 < fmean(half) < 1 / 3
    assert fmean(dearest) > 0.85


def test_mixes_are_found_by_name_and_the_setting_knows_them_all() -> None:
    assert all(mix_named(name).name == name for name in MIXES)
    assert [*MIXES] == [name for name in SandboxRivals if name is not SandboxRivals.NONE]
    with pytest.raises(ConfigurationError, match="rivals is 'wild'; allowed are steady, mixed"):
        mix_named("wild")


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"rivals": "mixed"}, "mix of rivals is 'mixed'"),
        ({"rivals": MIXED, "changes": ["reach_halves"]}, "changes are"),
        ({"changes": [Change(5, ChangeKind.REACH_HALVES)]}, "nothing to change"),
    ],
)
def test_bad_parameters_are_refused_in_one_sentence(
    parameters: dict[str, object], named: str
) -> None:
    with pytest.raises(ConfigurationError, match="the sandbox's") as refusal:
        SandboxFeed(**parameters)  # type: ignore[arg-type]
    assert named in str(refusal.value)


def test_a_change_says_when_and_what() -> None:
    with pytest.raises(ConfigurationError, match="block of a change is 0"):
        Change(0, ChangeKind.REACH_HALVES)
    with pytest.raises(ConfigurationError, match="kind of a change is 'rain'"):
        Change(1, "rain")  # type: ignore[arg-type]
