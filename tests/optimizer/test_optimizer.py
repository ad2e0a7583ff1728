"""The optimizer decides with what may be trusted, says why, and never raises."""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from aineon.ledger.samples import Sample
from aineon.optimizer.arms import ARMS, Channel
from aineon.optimizer.bandit import Bandit
from aineon.optimizer.bandit.ways import ways_of_bundles
from aineon.optimizer.decision import DecidedBy
from aineon.optimizer.leading import Terms
from aineon.optimizer.models.live import Live
from aineon.optimizer.optimizer import Optimizer, feature_set
from aineon.optimizer.tape import TapeRow
from aineon.primitives import Block, Provenance
from aineon.primitives.units import ETHER
from aineon.search import Opportunity
from tests.optimizer.synthetic import NAMES, synthetic_tape

TAPE = synthetic_tape(21, 700, None)
ENOUGH = Terms(table_labels=50, model_labels=300)
NET = ETHER // 100
GAS = ETHER // 500
PAIR = TAPE.pair_names[0]


class Oracle:
    """Models that know a row's true chances by its vector."""

    names = NAMES
    trained_at = float(TAPE.known_at[400])

    def __init__(self, answer=None):
        self.live = Live()
        self._answer = answer
        self._known = {
            row.tobytes(): each for row, each in zip(TAPE.features, TAPE.chances, strict=True)
        }

    def chances(self, vector, pair, net, gas, told=None):
        if self._answer is not None:
            return self._answer(told)
        return self._known.get(vector.tobytes(), told)


def row(number: int) -> TapeRow:
    return TapeRow(
        vector=TAPE.features[number],
        pair=TAPE.pair_names[TAPE.pairs[number]],
        block=int(TAPE.blocks[number]),
        time=float(TAPE.times[number]),
        net=float(TAPE.net[number]),
        gas=float(TAPE.gas[number]),
        needed=float(TAPE.needed[number]),
        known_at=float(TAPE.known_at[number]),
    )


@cache
def _taught(rows: int, channel: Channel) -> Optimizer:
    optimizer = Optimizer(3_000, NAMES, channel, terms=ENOUGH)
    for number in range(rows):
        optimizer.learn_row(row(number))
    return optimizer


def taught(rows: int, channel: Channel = Channel.PRIVATE) -> Optimizer:
    """One that has learned the first rows; each test has its own."""
    return deepcopy(_taught(rows, channel))


@pytest.fixture(scope="module")
def _knowing():
    optimizer = taught(400)
    optimizer.adopt(Oracle(), "v1")
    for number in range(400, 600):
        optimizer.learn_row(row(number))
    return optimizer


@pytest.fixture
def knowing(_knowing):
    """An optimizer that knows enough for models to decide; tests do not teach it."""
    return _knowing


def asked(number: int = 600, **changes):
    return {
        "opportunity": None,
        "net_wei": round(float(TAPE.net[number]) * ETHER),
        "gas_wei": round(float(TAPE.gas[number]) * ETHER),
        "pair": TAPE.pair_names[TAPE.pairs[number]],
        "vector": TAPE.features[number],
        "at": float(TAPE.times[number]),
        **changes,
    }


def test_without_any_outcome_the_rule_attempts_everything_and_says_why():
    decision = Optimizer(3_000, NAMES).decide(**asked())
    assert decision.attempt
    assert (decision.bid_bps, decision.decided_by) == (3_000, DecidedBy.RULE)
    assert decision.words == ("no outcome is known yet, so the rule decides until there are 50")
    assert decision.lands is decision.expected_net_wei is decision.band_wei is None
    assert decision.vector == tuple(TAPE.features[600])


def test_with_some_outcomes_the_table_decides():
    decision = taught(100).decide(**asked())
    assert decision.decided_by is DecidedBy.TABLE
    assert 0 < decision.lands < 1
    assert decision.words == "no models are trained yet, so the table decides"


def test_with_enough_outcomes_the_models_decide(knowing):
    decision = knowing.decide(**asked())
    assert decision.decided_by in {DecidedBy.ENSEMBLE, DecidedBy.MEAN}
    assert decision.words == ""
    assert decision.model_version == "v1"
    low, high = decision.band_wei
    assert low <= decision.expected_net_wei <= high


def test_it_attempts_only_what_is_worth_it_where_a_miss_costs_gas():
    optimizer = taught(400, Channel.PUBLIC)
    poor = optimizer.decide(**asked(gas_wei=ETHER))
    assert not poor.attempt
    assert poor.expected_net_wei < 0
    assert poor.words.endswith("its misses would cost more than it wins")
    rich = optimizer.decide(**asked(net_wei=ETHER, gas_wei=1))
    assert rich.attempt
    assert rich.expected_net_wei > 0


def test_a_bundle_that_costs_nothing_is_always_attempted():
    optimizer = taught(400)
    assert all(optimizer.decide(**asked(number)).attempt for number in range(400, 460))


@pytest.mark.parametrize(
    ("changes", "by", "words"),
    [
        ({"net_wei": None}, "rule", "it is not known to leave anything"),
        ({"net_wei": 0}, "rule", "it is not known to leave anything"),
        ({"at": float(TAPE.times[100])}, "rule", "the clock went back by"),
        ({"at": math.nan}, "rule", "the time is not known"),
        ({"vector": np.full(len(NAMES), np.nan)}, "table", "no feature is known"),
        ({"vector": TAPE.features[600][:-2]}, "table", "12 features came where there are 14"),
        ({"vector": ()}, "table", "0 features came where there are 14"),
        ({"vector": ["high"] * 14}, "table", "the features are no row of numbers"),
        ({"vector": TAPE.features[600] + 1e5}, "table", "14 of 14 features lie outside"),
        ({"vector": np.full(len(NAMES), np.inf)}, "table", "no feature is known"),
        ({"at": float(TAPE.times[600]) + 25 * 3_600}, "table", "the models are"),
    ],
)
def test_what_cannot_be_trusted_steps_back_with_the_reason(knowing, changes, by, words):
    decision = knowing.decide(**asked(**changes))
    assert decision.decided_by == by
    assert decision.words.startswith(words)
    assert decision.words.endswith(f"so the {by} decides")


def test_control_without_such_a_fault_the_models_decide(knowing):
    for number in range(600, 640):
        assert knowing.decide(**asked(number)).decided_by not in {"rule", "table"}


def test_what_a_public_miss_costs_must_be_known():
    decision = taught(100, Channel.PUBLIC).decide(**asked(gas_wei=None))
    assert decision.words == "what a miss would cost is not known, so the rule decides"
    assert taught(100).decide(**asked(gas_wei=None)).decided_by is DecidedBy.TABLE


def fails(_):
    raise ValueError("a model fails")


@pytest.mark.parametrize("answer", [lambda told: told * np.nan, lambda told: told[:3], fails])
def test_models_that_answer_with_nonsense_step_back(answer):
    optimizer = taught(400)
    optimizer.adopt(Oracle(answer), "broken")
    decision = optimizer.decide(**asked(410))
    assert decision.decided_by is DecidedBy.TABLE
    assert decision.words.startswith("the models answered with no chances")
    optimizer.learn_row(row(400))  # and learning goes on
    assert optimizer.standing().labels == 401


def test_models_of_other_features_step_back():
    optimizer = taught(400)
    foreign = Oracle()
    foreign.names = (*NAMES[:-1], "something_else")
    optimizer.adopt(foreign)
    decision = optimizer.decide(**asked(410))
    assert decision.decided_by is DecidedBy.TABLE
    assert decision.words.startswith("the models were trained on another set of features")


def test_models_need_outcomes_before_they_lead():
    optimizer = taught(100)
    optimizer.adopt(Oracle())
    assert optimizer.decide(**asked(110)).words == (
        "100 outcomes are known and models need 300, so the table decides"
    )


def test_models_that_won_again_do_not_expire():
    optimizer = taught(400)
    optimizer.adopt(Oracle())
    late = float(TAPE.times[410]) + 30 * 3_600
    assert optimizer.decide(**asked(410, at=late)).decided_by is DecidedBy.TABLE
    optimizer.confirm(late - 3_600)
    assert optimizer.decide(**asked(410, at=late)).decided_by is not DecidedBy.TABLE


def test_models_that_are_handed_in_again_keep_what_was_learned_about_them():
    optimizer, other = taught(400), taught(400)
    for each in (optimizer, other):
        each.adopt(Oracle(), "v1")
        for number in range(400, 440):
            each.learn_row(row(number))
    optimizer.adopt(Oracle(), "v1")
    assert optimizer.decide(**asked(450)) == other.decide(**asked(450))
    optimizer.adopt(Oracle(), "v2")
    assert optimizer.decide(**asked(450)) != other.decide(**asked(450))


def test_a_fresh_process_goes_on_where_the_trainings_table_was():
    models = Oracle()
    for label in _labels(400):
        models.live.learn(label)
    fresh = Optimizer(3_000, NAMES, terms=ENOUGH)
    fresh.adopt(models)
    assert fresh.standing().labels == 400
    assert fresh.decide(**asked(410)).decided_by is not DecidedBy.RULE


def _labels(count: int):
    from aineon.optimizer.models.labels import labels

    return list(labels(TAPE.rows(slice(0, count))))


def test_the_market_time_is_the_blocks():
    optimizer = taught(100)
    early = Opportunity(route=None, amounts=(1, 2), block=Block(1, timestamp=12))
    decision = optimizer.decide(**asked(opportunity=early, at=None))
    assert decision.words.startswith("the clock went back by")
    assert optimizer.decide(**asked(at=None)).decided_by is DecidedBy.TABLE


def test_what_is_expected_is_what_comes_on_average():
    optimizer = taught(0)
    expected = came = 0.0
    for number in range(350):
        decision = optimizer.decide(**asked(number))
        if decision.expected_net_wei is not None:
            expected += decision.expected_net_wei / ETHER
            bid = decision.bid_bps / 10_000
            came += (1 - bid) * TAPE.net[number] * (TAPE.needed[number] <= bid)
        optimizer.learn_row(row(number))
    assert expected == pytest.approx(came, rel=0.25)


def sample(**changes) -> Sample:
    plain = Sample(
        run_id=1,
        block_number=9,
        at=100.0,
        known_at=112.0,
        pair=PAIR,
        vector=TAPE.features[0].astype("<f8").tobytes(),
        feature_set=feature_set(NAMES),
        net_wei=NET,
        gas_wei=GAS,
        needed_payment_wei=NET // 2,
        reachable=True,
        won=None,
        offered_bps=None,
        censored=False,
        decided_by="rule",
        lands=None,
        provenance=Provenance.SIMULATED,
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("changes", "learned"),
    [
        ({}, 1),
        ({"needed_payment_wei": None, "reachable": False}, 1),
        ({"needed_payment_wei": None, "reachable": None}, 0),
        ({"needed_payment_wei": None, "won": True, "offered_bps": 3_000, "censored": True}, 1),
        ({"needed_payment_wei": None, "won": False, "offered_bps": 3_000, "censored": True}, 1),
        ({"feature_set": "another"}, 1),
        ({"gas_wei": None}, 1),
        ({"net_wei": 0}, 0),
        ({"known_at": math.nan}, 0),
    ],
)
def test_samples_of_any_kind_are_learned_or_left(changes, learned):
    optimizer = Optimizer(3_000, NAMES)
    optimizer.learn(sample(**changes))
    assert optimizer.standing().labels == learned


def test_wins_and_losses_of_live_attempts_move_the_table_the_right_way():
    """A win hides the second bid: it says nothing about cheaper ones, and nothing false."""
    won, lost = Optimizer(3_000, NAMES), Optimizer(3_000, NAMES)
    for step in range(60):
        bound = {"needed_payment_wei": None, "offered_bps": 3_000, "censored": True}
        won.learn(sample(**bound, won=True, known_at=112.0 + step))
        lost.learn(sample(**bound, won=False, known_at=112.0 + step))
    chances = [each.chances(PAIR, NET, GAS, TAPE.features[0]) for each in (won, lost)]
    assert chances[0][4] > 0.9
    assert chances[1][4] < 0.3
    assert (np.diff(chances[0]) >= 0).all()


def test_standing_tells_what_happened(knowing):
    knowing.decide(**asked())
    told = knowing.standing()
    assert told.leading in {"ensemble", "mean", "table"}
    assert told.labels == 600
    assert sum(told.decisions.values()) >= told.attempted > 0
    assert told.model_version == "v1"
    assert sum(each.count for each in told.calibration) > 500
    assert 0 <= told.calibration_error < 0.2
    by_policy = {each.policy: each for each in told.captured}
    assert {"rule", "table", "chosen", "clairvoyant"} <= set(by_policy)
    assert by_policy["clairvoyant"].share == 1.0
    assert by_policy["chosen"].net_wei > by_policy["rule"].net_wei
    assert len(told.arms) == len(ARMS)
    assert sum(each.chosen for each in told.arms) == 600
    assert [each.seconds for each in told.bands] == [900, 3_600]
    assert told.ways == ()


def test_standing_of_nothing_known_is_told_too():
    told = Optimizer(3_000, NAMES).standing()
    assert told.leading == "rule"
    assert told.calibration == told.captured == told.arms == told.alarms == ()
    assert told.calibration_error is None
    assert {each.expected_wei for each in told.bands} == {None}


def test_ways_of_sending_are_told_where_there_are_some():
    bandit = Bandit(ways_of_bundles(["one", "two"], 1), NET)
    told = Optimizer(3_000, NAMES, bandit=bandit).standing()
    assert [each.relay for each in told.ways] == ["all relays", "one", "two"]
    assert told.exploring_left_wei == NET


def test_the_same_outcomes_give_the_same_decisions():
    first, second = taught(100), _taught.__wrapped__(100, Channel.PRIVATE)
    for number in range(600, 620):
        assert first.decide(**asked(number)) == second.decide(**asked(number))


def test_reasons_are_given_where_they_are_asked_for():
    optimizer = taught(100)
    decision = optimizer.decide(**asked())
    assert decision.reasons == ()
    explained = optimizer.explained(decision)
    assert {each.feature for each in explained.reasons} <= {"pair", "net"}
    assert replace(explained, reasons=()) == decision
    ruled = Optimizer(3_000, NAMES).decide(**asked())
    assert optimizer.explained(ruled) == ruled


@pytest.mark.parametrize(("channel", "judged"), [(Channel.PUBLIC, False), (Channel.PRIVATE, True)])
def test_where_gas_is_unknown_no_public_decision_is_judged_by_the_outcome(channel, judged):
    """It would count as free there, and public misses are not."""
    optimizer = Optimizer(2_000, NAMES, channel)
    for number in range(100):
        optimizer.learn_row(row(number)._replace(gas=math.nan))
    told = optimizer.standing()
    assert told.labels == 100
    assert bool(told.captured) is judged
