"""Speed of scoring and of training on one core: `python dev.py bench`."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from aineon.optimizer.models.curves import log_odds
from aineon.optimizer.models.ensemble import Ensemble, bid_rows
from aineon.optimizer.models.inputs import Inputs
from aineon.optimizer.models.live import Live
from aineon.optimizer.tape import Tape
from aineon.optimizer.training import MOST_ROWS, fit
from aineon.optimizer.training.material import History, outcomes, told_along
from aineon.optimizer.training.members import boost
from tests.optimizer.synthetic import synthetic_tape

FEATURES = 70
PAIR = "USDC/WETH"
SLOWEST = 1e-3
"""Seconds that scoring one opportunity over all arms may take, at the 99th percentile."""

LONGEST = 60.0
"""Seconds that training on 80,000 rows, which are 5,000 opportunities of 16 bids, may take."""
MOST_MEMORY = 300 * 2**20


@cache
def wide_tape(rows: int) -> Tape:
    """A tape with as many features as the engine has; most of them are noise."""
    tape = synthetic_tape(6, rows)
    noise = np.random.default_rng(0).normal(size=(rows, FEATURES - len(tape.names)))
    names = (*tape.names, *(f"noise_{number}" for number in range(noise.shape[1])))
    return replace(tape, names=names, features=np.concatenate([tape.features, noise], axis=1))


@cache
def trained(rows: int = 1200) -> tuple[Ensemble, Live]:
    tape = wide_tape(rows)
    model = fit(tape, float(tape.known_at[-1]))
    return model, model.live


def percentile(act: Callable[[], object], rounds: int, share: float) -> float:
    """Processor seconds that `act` stays below in `share` of `rounds` rounds."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        act()
        taken.append(time.process_time() - began)
    return float(np.quantile(taken, share))


def test_scoring_one_opportunity_over_all_arms(benchmark: BenchmarkFixture) -> None:
    """Table, inputs, all members, stack; beside it scikit-learn's boosting alone on the bids."""
    if benchmark.disabled:
        pytest.skip("trains a model of full size first")
    tape = wide_tape(1200)
    model, live = trained()

    def score() -> np.ndarray:
        told = live.chances(PAIR, 0.01)
        return model.chances(tape.features[7], PAIR, 0.01, 0.002, told)

    assert benchmark(score).shape == (16,)
    told, _ = told_along(tape)
    history = History(tape, log_odds(told), outcomes(tape, told))
    inputs = Inputs.of(tape)
    peer = boost(history.material(inputs))
    bids = bid_rows(inputs.rows(tape)[:1], history.told[:1])
    ours = percentile(score, 1000, 0.99)
    theirs = percentile(lambda: peer.predict_proba(bids), 50, 0.99)
    benchmark.extra_info["p99"] = ours
    benchmark.extra_info["share of the limit"] = round(ours / SLOWEST, 2)
    benchmark.extra_info["times faster than scikit-learn"] = round(theirs / ours, 1)
    assert ours < SLOWEST
    assert ours < theirs


@pytest.mark.skipif(sys.platform == "win32", reason="resource is not there")
def test_training_on_80000_rows(benchmark: BenchmarkFixture) -> None:
    if benchmark.disabled:
        pytest.skip("takes most of a minute")
    trained()  # scikit-learn is imported, as in a trainer that has run before
    tape = wide_tape(MOST_ROWS)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    model = benchmark.pedantic(fit, args=(tape, float(tape.known_at[-1])), rounds=1, iterations=1)
    used = time.process_time() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    benchmark.extra_info["processor seconds"] = round(used, 1)
    benchmark.extra_info["bytes"] = grown
    assert model.rows == MOST_ROWS
    assert used < LONGEST
    assert grown < MOST_MEMORY
