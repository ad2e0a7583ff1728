from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from aineon.errors import OptimizerError
from aineon.optimizer.models.curves import SHARES, SLOPE, Floats, from_log_odds
from aineon.optimizer.models.ensemble import MEMBERS
from aineon.optimizer.models.labels import landed
from aineon.optimizer.tape import Tape
from aineon.optimizer.training import LEAST_ROWS, MOST_ROWS, fit
from aineon.optimizer.training.lines import fit_line
from aineon.optimizer.training.material import Material, outcomes, told_along
from aineon.optimizer.training.stacking import bend, log_loss, plain_stack, weigh
from tests.optimizer.synthetic import synthetic_tape
from tests.optimizer.trained import ROWS, ensemble, quick_fit, tape


def end_of(some: Tape) -> float:
    return float(some.known_at[-1])


def test_it_knows_more_than_the_mean_outcome() -> None:
    newer = synthetic_tape(7, ROWS + 200).rows(slice(ROWS, None))
    assert newer.chances is not None
    told = np.stack(
        [
            ensemble().chances(newer.features[row], newer.pair_names[newer.pairs[row]],
                               float(newer.net[row]), float(newer.gas[row]))
            for row in range(len(newer))
        ]
    )  # fmt: skip
    usual = landed(tape().needed, tape().censored, tape().offered).mean(axis=0)
    assert ((told - newer.chances) ** 2).mean() < 0.6 * ((usual - newer.chances) ** 2).mean()


def test_what_was_measured_is_told() -> None:
    metrics = ensemble().metrics
    assert {f"log_loss_{name}" for name in (*MEMBERS, "ensemble")} <= set(metrics)
    assert metrics["judged_rows"] == ROWS * 3 / 5
    assert all(np.isfinite(value) for value in metrics.values())
    assert ensemble().rows == ROWS


def test_the_same_tape_gives_the_same_ensemble() -> None:
    again = quick_fit(tape(), end_of(tape()))
    for name, array in ensemble().arrays().items():
        assert (array == again.arrays()[name]).all(), name


def test_what_was_not_known_yet_is_not_used() -> None:
    """Rows after `now` may hold anything."""
    some = synthetic_tape(9, 300)
    now = float(some.times[230])
    wrong = replace(some, needed=np.where(some.known_at > now, 0.0, some.needed))
    one, other = quick_fit(some, now), quick_fit(wrong, now)
    assert one.rows == int((some.known_at <= now).sum())
    assert all((array == other.arrays()[name]).all() for name, array in one.arrays().items())


@pytest.mark.parametrize("rows", [0, 1, 3, LEAST_ROWS - 1])
def test_too_few_opportunities_are_refused(rows: int) -> None:
    few = tape().rows(slice(0, rows))
    with pytest.raises(OptimizerError, match="too few"):
        fit(few, 1e12)


@pytest.mark.parametrize("needed", [0.0, np.inf])
def test_outcomes_of_one_kind_are_refused(needed: float) -> None:
    with pytest.raises(OptimizerError, match="needed"):
        fit(replace(tape(), needed=np.full(len(tape()), needed)), end_of(tape()))


def test_outcomes_that_nobody_knows_are_left_out() -> None:
    with pytest.raises(OptimizerError, match="0 opportunities"):
        fit(replace(tape(), needed=np.full(len(tape()), np.nan)), end_of(tape()))


def test_features_that_say_nothing_do_no_harm() -> None:
    """All unknown, all the same, all infinite: pair, net and the table are left."""
    features = np.full_like(tape().features, np.nan)
    features[:, 0] = 1.0
    features[:, 1] = np.inf
    model = quick_fit(replace(tape(), features=features), end_of(tape()))
    assert len(model.inputs.kept) == 0
    assert np.isfinite(model.chances(features[0], "USDC/WETH", 0.01, 0.001)).all()
    assert model.importance.sum() == 0


def test_live_outcomes_that_hide_the_second_bid_can_be_trained_on() -> None:
    dice = np.random.default_rng(1)
    offered = dice.choice(SHARES, len(tape()))
    won = tape().needed <= offered
    bound = np.where(won, offered, np.nextafter(offered, 2.0))
    hidden = replace(tape(), needed=bound, censored=np.ones(len(tape()), bool), offered=offered)
    model = quick_fit(hidden, end_of(tape()))
    told = np.stack([model.live.chances(name, 0.005) for name in tape().pair_names])
    assert np.isfinite(told).all()


def test_at_most_the_newest_rows_are_used() -> None:
    assert MOST_ROWS * len(SHARES) == 80_000


# --- material ------------------------------------------------------------------------------


def test_what_the_table_told_never_knows_its_own_outcome() -> None:
    """Turning the outcome of one row and of all later ones changes nothing up to that row."""
    some = tape().rows(slice(0, 150))
    turned = some.needed.copy()
    turned[100:] = np.where(turned[100:] > 0.5, 0.0, np.inf)
    told, _ = told_along(some)
    other, _ = told_along(replace(some, needed=turned))
    assert (told[:101] == other[:101]).all()
    assert (told[101:] != other[101:]).any()


def test_hidden_arms_are_as_likely_as_the_table_had_them_given_what_is_known() -> None:
    told = np.linspace(0.1, 0.85, 16)[None, :]
    some = tape().rows(slice(0, 1))
    won = replace(some, needed=np.array([0.5]), censored=np.array([True]), offered=np.array([0.5]))
    filled = outcomes(won, told)[0]
    offered = int(np.argmax(SHARES >= 0.5))
    assert (filled[offered:] == 1).all()
    assert filled[:offered] == pytest.approx(told[0, :offered] / told[0, offered])
    lost = replace(
        some, needed=np.array([0.501]), censored=np.array([True]), offered=np.array([0.5])
    )
    filled = outcomes(lost, told)[0]
    at = told[0, offered]
    assert (filled[: offered + 1] == 0).all()
    assert filled[offered + 1 :] == pytest.approx((told[0, offered + 1 :] - at) / (1 - at))


# --- stacking ------------------------------------------------------------------------------


SIZES = np.zeros(800)


@pytest.fixture(scope="module")
def judged() -> tuple[Floats, Floats]:
    """Members of different worth: the second is right, the third is noise, three are bold."""
    dice = np.random.default_rng(3)
    true = np.sort(dice.normal(0, 1.5, size=(800, 16)), axis=1)
    noise = dice.normal(0, 1, size=(3, 800, 16))
    members = np.stack([2 * true + noise[0], true, noise[1], 2 * true + 2 * noise[2], 3 * true])
    return members, (dice.random((800, 1)) < from_log_odds(true)).astype(np.float64)


def test_weights_find_the_members_that_are_right(judged: tuple[Floats, Floats]) -> None:
    members, outcome = judged
    stack = weigh(members, SIZES, outcome)
    assert (stack.weights >= 0).all()
    assert stack.weights.argmax() in {1, 4}
    weighed, plain = (each.curve(members, SIZES) for each in (stack, plain_stack()))
    assert log_loss(weighed, outcome) < log_loss(plain, outcome)


def test_a_member_that_is_wrong_gets_no_weight_and_none_below_it(
    judged: tuple[Floats, Floats],
) -> None:
    members, outcome = judged
    against = np.stack([members[1], -3 * members[1], -members[1], members[2], members[2]])
    stack = weigh(against, SIZES, outcome)
    assert stack.weights[0] > 0.5
    assert stack.weights[1] == stack.weights[2] == 0


def test_weights_find_what_size_does(judged: tuple[Floats, Floats]) -> None:
    members, _ = judged
    dice = np.random.default_rng(4)
    size = dice.uniform(-2, 2, 800)
    true = from_log_odds(members[1] - size[:, None])
    outcome = (dice.random((800, 1)) < true).astype(np.float64)
    assert weigh(members, size, outcome).size_level < -0.4
    assert abs(weigh(members, size, judged[1]).size_level) < 0.2


def test_a_bend_is_kept_only_where_it_helps_on_newer_rows(judged: tuple[Floats, Floats]) -> None:
    members, outcome = judged
    bold = plain_stack()._replace(weights=np.array([0.0, 3.0, 0.0, 0.0, 0.0]))
    bent = bend(bold, members, SIZES, outcome)
    assert len(bent.knots) > 2
    bent_loss, bold_loss = (log_loss(each.curve(members, SIZES), outcome) for each in (bent, bold))
    assert bent_loss < bold_loss - 0.05
    assert len(bend(bold, members[:, :100], SIZES[:100], outcome[:100]).knots) == 2


# --- line ----------------------------------------------------------------------------------


def test_a_line_finds_what_lifts_and_what_tilts() -> None:
    dice = np.random.default_rng(5)
    rows = dice.normal(size=(900, 3))
    told = np.repeat(np.linspace(-2, 2, 16)[None, :], 900, axis=0)
    true = from_log_odds(told + 0.6 * rows[:, :1] + 0.5 * rows[:, 1:2] * SLOPE)
    landed_ = (dice.random((900, 1)) < true).astype(np.float64)
    line = fit_line(Material(rows, told, landed_))
    lift, tilt, _ = line.weights
    assert lift[1] > 0.2
    assert lift[1] > 5 * np.abs(lift[2:]).max()
    assert tilt[2] > 0.1
    assert tilt[2] > 5 * abs(tilt[3])
    before = np.abs(from_log_odds(told) - true).mean()
    assert np.abs(from_log_odds(line.log_odds(rows, told)) - true).mean() < 0.5 * before


def test_shuffled_outcomes_teach_nothing() -> None:
    """What is told of newer rows ranks their outcomes no better than dice."""
    from sklearn.metrics import roc_auc_score

    some = synthetic_tape(13, 640)
    order = np.random.default_rng(2).permutation(len(some))
    shuffled = replace(some, needed=some.needed[order])
    model = quick_fit(shuffled, float(some.times[400]))
    newer = shuffled.rows(slice(400, None))
    arm = 9
    told = [
        model.chances(newer.features[row], newer.pair_names[newer.pairs[row]],
                      float(newer.net[row]), float(newer.gas[row]))[arm]
        for row in range(len(newer))
    ]  # fmt: skip
    came = newer.needed <= SHARES[arm]
    assert abs(roc_auc_score(came, told) - 0.5) < 0.12


def test_what_is_loaded_without_pandas_leaves_it_to_others() -> None:
    code = (
        "import sys\n"
        "from aineon.optimizer.training.libraries import load_sklearn\n"
        "load_sklearn()\n"
        "assert 'sklearn.ensemble' in sys.modules and 'pandas' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
