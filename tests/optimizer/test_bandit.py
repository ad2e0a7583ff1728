"""Learning which way of sending carries, within a budget."""

from __future__ import annotations

import json
import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aineon.errors import OptimizerError
from aineon.optimizer.arms import Channel
from aineon.optimizer.bandit import Bandit, Reach, Way
from aineon.optimizer.bandit.choosing import DAY
from aineon.optimizer.bandit.corrections import LEAST, MOST, Corrections
from aineon.optimizer.bandit.ways import (
    ALL_RELAYS,
    EACH_BLOCK,
    NEXT_BLOCK,
    prior_of,
    ways_of_bundles,
)
from aineon.primitives.units import ETHER

NEAR, FAR = (Way(relay, "at once", Channel.PRIVATE) for relay in ("near", "far"))
PUBLIC = Way("everybody", "any", Channel.PUBLIC)
NET = ETHER // 100


def run(bandit: Bandit, truth: dict[Way, float], rounds: int, seed: int = 1) -> list[Way]:
    """Send `rounds` bundles whose bid is the highest in half of all cases."""
    dice, taken = Random(seed), []
    for step in range(rounds):
        choice = bandit.choose(0.5, NET, 0, 3_000, step * 60.0)
        assert choice is not None
        bandit.spend(choice, step * 60.0)
        landed = dice.random() < 0.5 * truth[choice.way]
        bandit.learn(choice.way, landed, 0.5, step * 60.0)
        taken.append(choice.way)
    return taken


def test_it_finds_the_way_that_carries_though_paper_said_the_other():
    bandit = Bandit([NEAR, FAR], ETHER, seed=3, paper={NEAR: 0.8, FAR: 0.4})
    taken = run(bandit, {NEAR: 0.2, FAR: 0.9}, 600)
    assert taken[-200:].count(FAR) > 180
    assert bandit.reach[FAR].mean == pytest.approx(0.9, abs=0.15)


def test_without_a_budget_it_never_explores():
    bandit = Bandit([NEAR, FAR], 0, seed=3, paper={NEAR: 0.8, FAR: 0.4})
    for step in range(200):
        choice = bandit.choose(0.5, NET, 0, 3_000, step * 60.0)
        assert choice.way == NEAR
        assert choice.regret_wei == 0
        bandit.spend(choice, step * 60.0)
    assert bandit.regret_wei == 0
    assert not bandit.regrets


def test_exploring_costs_no_more_than_the_budget_of_the_day_and_is_logged():
    budget = NET // 20
    bandit = Bandit([NEAR, FAR], budget, seed=3, paper={NEAR: 0.55, FAR: 0.45})
    for day in range(3):
        spent = 0
        for step in range(150):
            at = day * DAY + step * 60.0
            choice = bandit.choose(0.5, NET, 0, 3_000, at)
            bandit.spend(choice, at)
            spent += choice.regret_wei
        assert 0 < spent <= budget
        assert bandit.left_wei(at) == budget - spent
    assert sum(each.wei for each in bandit.regrets) == bandit.regret_wei > budget
    assert bandit.left_wei(3 * DAY) == budget
    # A clock that goes backwards brings no new budget.
    assert bandit.left_wei(0.0) == budget - spent
    assert bandit.left_wei(3 * DAY, factor=2.0) == 2 * budget


def test_what_is_chosen_and_never_taken_costs_nothing():
    budget = NET // 20
    bandit = Bandit([NEAR, FAR], budget, seed=3, paper={NEAR: 0.55, FAR: 0.45})
    regrets = [bandit.choose(0.5, NET, 0, 3_000, 0.0).regret_wei for _ in range(50)]
    assert sum(regrets) > budget, "it would have been spent long ago"
    assert bandit.left_wei(0.0) == budget
    assert not bandit.regrets


def test_nothing_is_sent_where_every_way_costs_more_than_it_brings():
    bandit = Bandit([PUBLIC], ETHER, seed=1, paper={PUBLIC: 0.3})
    assert bandit.choose(0.1, NET, NET, 3_000, 0.0) is None
    assert bandit.choose(0.9, NET, 0, 3_000, 0.0).way == PUBLIC
    assert Bandit([], ETHER).choose(0.9, NET, 0, 3_000, 0.0) is None


def test_a_loss_at_a_hopeless_bid_says_little_about_the_way():
    hopeless, likely = Reach(0.7, 10), Reach(0.7, 10)
    for _ in range(10):
        hopeless.learn(False, 0.02, 0.0)
        likely.learn(False, 0.95, 0.0)
    assert hopeless.mean == pytest.approx(0.7, abs=0.02)
    assert likely.mean < 0.5


def test_what_is_old_fades_towards_the_prior():
    reach = Reach(0.6, 5)
    for _ in range(50):
        reach.learn(True, 0.5, 0.0)
    sure = reach.mean
    reach.learn(True, 0.5, 30 * DAY)
    assert 0.6 < reach.mean < sure
    assert reach.tried == 51
    low, high = reach.band()
    assert 0 <= low < reach.mean < high <= 1


def test_an_unknown_way_is_no_arm():
    bandit = Bandit([NEAR], ETHER)
    bandit.learn(FAR, True, 0.5, 0.0)
    assert list(bandit.reach) == [NEAR]
    assert [each.relay for each in bandit.told()] == ["near"]


def test_the_same_seed_takes_the_same_ways():
    truth = {NEAR: 0.5, FAR: 0.6}
    first = run(Bandit([NEAR, FAR], ETHER, seed=9), truth, 60)
    assert first == run(Bandit([FAR, NEAR], ETHER, seed=9), truth, 60)


def test_corrections_take_the_winners_curse_out():
    corrections, dice = Corrections(), Random(2)
    for step in range(2_000):
        corrections.learn("USDC/WETH", 0.01, dice.random() < 0.3, 0.4, step * 12.0)
    assert 0.4 * corrections.factor("USDC/WETH", 0.01) == pytest.approx(0.3, abs=0.03)
    # Another pair leans on what is known of all.
    assert 0.7 < corrections.factor("DAI/WETH", 0.01) < 0.85


def test_corrections_are_small_and_none_without_outcomes():
    corrections = Corrections()
    assert corrections.factor("USDC/WETH", 0.01) == 1.0
    for step in range(2_000):
        corrections.learn("a", 0.01, False, 0.9, float(step))
        corrections.learn("b", 0.01, True, 0.1, float(step))
    assert corrections.factor("a", 0.01) == LEAST
    assert corrections.factor("b", 0.01) <= MOST


# --- ways ----------------------------------------------------------------------------------


def test_there_is_a_choice_where_there_are_several_relays_or_blocks():
    assert len(ways_of_bundles(["relay-1"], 1)) == 1
    assert [each.when for each in ways_of_bundles(["relay-1"], 2)] == [EACH_BLOCK, NEXT_BLOCK]
    several = ways_of_bundles(["relay-1", "relay-2"], 3)
    assert len(set(several)) == 6
    assert {each.relay for each in several} == {ALL_RELAYS, "relay-1", "relay-2"}


@given(share=st.floats(0.05, 0.95), relays=st.integers(2, 5), blocks=st.integers(2, 5))
def test_all_relays_and_all_blocks_are_what_others_have_to_beat(share, relays, blocks):
    names = [f"relay-{number}" for number in range(relays)]
    prior = {way: prior_of(way, share, relays, blocks) for way in ways_of_bundles(names, blocks)}
    usual = Way(ALL_RELAYS, EACH_BLOCK, Channel.PRIVATE)
    assert prior[usual] == pytest.approx(1)
    assert all(0 < each < 1 for way, each in prior.items() if way != usual)
    # As many tries that are as good each as one relay's one block come to the whole.
    one = prior[Way("relay-0", NEXT_BLOCK, Channel.PRIVATE)]
    assert 1 - (1 - one * share) ** (relays * blocks) == pytest.approx(share)
    # Without a budget nothing else is ever taken.
    bandit = Bandit(prior, 0, paper=prior)
    assert bandit.choose(0.5, NET, 0, 3_000, 0.0).way == usual


def test_a_relay_that_spoils_what_it_is_given_is_left_out_in_the_end():
    ways = ways_of_bundles(["near", "far"], 1)
    prior = {way: prior_of(way, 0.6, 2, 1) for way in ways}
    bandit = Bandit(ways, ETHER, seed=5, paper=prior)
    # One of the two hands bundles on to rivals, so nothing lands that it was told of.
    truth = {way: 0.8 if way.relay == "far" else 0.05 for way in ways}
    assert {way.relay for way in run(bandit, truth, 800)[-100:]} == {"far"}


def test_what_was_learned_and_spent_is_kept_over_a_restart():
    prior = {NEAR: 0.55, FAR: 0.45}
    bandit = Bandit(prior, NET // 20, seed=3, paper=prior)
    run(bandit, {NEAR: 0.3, FAR: 0.7}, 100)
    again = Bandit([*prior, PUBLIC], NET // 20, seed=3, paper=prior)
    again.restore(json.loads(json.dumps(bandit.state())))
    at = 99 * 60.0
    assert again.left_wei(at) == bandit.left_wei(at) < NET // 20
    assert again.regret_wei == bandit.regret_wei
    for way in prior:
        assert again.reach[way].mean == bandit.reach[way].mean
        assert again.reach[way].tried == bandit.reach[way].tried > 0
    gone = Bandit([FAR], NET, paper=prior)
    gone.restore(bandit.state())
    assert gone.reach[FAR].tried == bandit.reach[FAR].tried


@pytest.mark.parametrize(
    "changes",
    [
        {"spent_wei": "much"},
        {"spent_wei": -1},
        {"day": math.nan},
        {"day": math.inf},
        {"ways": [["near", "at once", "by pigeon", [0, 0, 0, 0]]]},
        {"ways": [["near", "at once", "private", [math.inf, 0, 0, 0]]]},
        {"ways": [["near", "at once", "private", [1.0]]]},
        {"ways": None},
    ],
)
def test_a_damaged_memory_changes_nothing(changes):
    bandit = Bandit([NEAR], NET)
    before = bandit.state()
    with pytest.raises(OptimizerError, match="ways of sending"):
        bandit.restore({**before, "spent_wei": 5, **changes})
    assert bandit.state() == before
    with pytest.raises(OptimizerError):
        bandit.restore({})


def test_without_a_budget_losses_of_the_usual_way_make_no_other_one_better():
    ways = ways_of_bundles(["near", "far"], 2)
    prior = {way: prior_of(way, 0.6, 2, 2) for way in ways}
    usual = Way(ALL_RELAYS, EACH_BLOCK, Channel.PRIVATE)
    for share in (prior, dict.fromkeys(ways, 0.5)):
        bandit = Bandit(ways, 0, paper=share)
        for step in range(500):
            assert bandit.choose(0.5, NET, 0, 3_000, step * 60.0).way == usual
            bandit.learn(usual, False, 0.5, step * 60.0)
        assert bandit.reach[usual].mean < 0.1
        assert bandit.regret_wei == 0


def test_an_untried_way_costs_what_it_reaches_less_than_the_usual_one_does_now():
    prior = {NEAR: 0.8, FAR: 0.4}
    bandit = Bandit(prior, ETHER, seed=3, paper=prior)
    for step in range(100):
        bandit.learn(NEAR, False, 1.0, float(step))
    choice = bandit.choose(0.5, NET, 0, 3_000, 100.0)
    assert choice.way == FAR
    assert bandit.reach[FAR].mean > bandit.reach[NEAR].mean
    near = bandit.reach[NEAR].mean * 0.5 * 0.7 * NET
    assert choice.regret_wei == pytest.approx(near / 2, rel=0.01)


def test_the_usual_way_reaches_what_its_chance_says():
    usual = Way(ALL_RELAYS, EACH_BLOCK, Channel.PRIVATE)
    alone = Way("relay-1", EACH_BLOCK, Channel.PRIVATE)
    prior = {way: prior_of(way, 0.3, 2, 1) for way in (usual, alone)}
    assert prior[usual] == pytest.approx(1)
    # A chance that includes what all relays carry is not multiplied by that once more.
    assert prior[alone] == pytest.approx((1 - 0.7**0.5) / 0.3)
    assert prior_of(alone, 0.0, 2, 1) == 0.5
    assert Bandit([usual], 0, paper=prior).choose(0.3, NET, 0, 0, 0.0).expected_wei > 0.29 * NET
