"""Strategy runs: attempts that were submitted as one count as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.ledger.profit import ProfitTracker
from aineon.ledger.records import SettlementRecord
from aineon.ledger.store import BookStore
from aineon.primitives import Provenance, SimulatedMoney
from tests.ledger.booked import (
    NOON,
    attempt,
    included,
    reader_of,
    reverted,
    run,
    scratch_book,
    unresolved,
)

ETHER = 10**18


@pytest.fixture
def store() -> Iterator[BookStore]:
    with scratch_book() as opened:
        yield opened


def tracker(store: BookStore) -> ProfitTracker:
    return ProfitTracker(reader_of(store))


def earned(name: str, wei: int) -> SettlementRecord:
    return replace(reverted(name, gas=0), outcome="included", net=SimulatedMoney(wei))


def test_a_sandwich_of_two_transactions_is_one_success(store: BookStore) -> None:
    """As in mainnet's block 13,404,932: one lost 0.2814 WETH, and the other made 0.3467."""
    run_id = store.begin_run(run())
    both = [attempt(run_id, name, strategy_run="sandwich") for name in ("sim-1", "sim-2")]
    lost, made = -2_814 * ETHER // 10_000, 3_467 * ETHER // 10_000
    store.write(attempts=both, settlements=[earned("sim-1", lost)])
    half = tracker(store).strategy_runs()
    # What is not over is neither a loss nor a success.
    assert (half.runs, half.known, half.profitable) == (1, 0, 0)
    assert half.success_rate is half.best_net is half.worst_net is half.average_net is None
    assert half.net == SimulatedMoney(0)
    store.write(settlements=[earned("sim-2", made)])
    whole = tracker(store).strategy_runs()
    won = SimulatedMoney(653 * ETHER // 10_000)
    assert (whole.runs, whole.known, whole.profitable, whole.success_rate) == (1, 1, 1, 1.0)
    assert whole.net == whole.average_net == whole.best_net == whole.worst_net == won
    # One by one they are what they are.
    singly = tracker(store).summary("all", NOON + 99)
    assert (singly.best_net, singly.worst_net) == (SimulatedMoney(made), SimulatedMoney(lost))
    (figures,) = tracker(store).recent_strategy_runs()
    assert (figures.strategy_run, figures.net, figures.submitted) == ("sandwich", won, 2)
    assert (figures.best_net, figures.worst_net) == (SimulatedMoney(made), SimulatedMoney(lost))


def test_what_one_step_submits_is_one_run_unless_it_is_said_otherwise(store: BookStore) -> None:
    run_id = store.begin_run(run())
    together = [attempt(run_id, "sim-1"), attempt(run_id, "sim-2")]
    assert {each.strategy_run for each in together} == {f"{run_id}:1:0"}
    later = attempt(run_id, "sim-3", strategy_run="", submitted_block=2)
    assert later.strategy_run == f"{run_id}:2:0"
    store.write(attempts=[*together, later])
    assert tracker(store).strategy_runs().runs == 2
    (trade, *_) = reader_of(store).recent_trades()
    assert trade.attempt == later


def test_an_unknown_part_leaves_the_whole_unknown(store: BookStore) -> None:
    run_id = store.begin_run(run())
    store.write(
        attempts=[attempt(run_id, "sim-1"), attempt(run_id, "sim-2")],
        settlements=[included("sim-1"), unresolved("sim-2")],
    )
    (figures,) = tracker(store).recent_strategy_runs()
    assert (figures.settled, figures.net) == (2, None)
    assert tracker(store).strategy_runs().known == 0


made_attempts = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 1),
        st.none() | st.integers(-(10**20), 10**20),
        st.booleans(),
    ),
    max_size=20,
)


@settings(max_examples=12)
@given(made_attempts)
def test_strategy_runs_equal_recomputation(
    made: list[tuple[int, int, int | None, bool]],
) -> None:
    with scratch_book() as store:
        ids = [store.begin_run(run()), store.begin_run(run())]
        nets: dict[tuple[int, int], list[int | None]] = {}
        for number, (which, run_number, wei, is_settled) in enumerate(made):
            name, key = f"sim-{number}", f"{run_number}-{which}"
            nets.setdefault((run_number, which), []).append(wei if is_settled else None)
            store.write(attempts=[attempt(ids[run_number], name, strategy_run=key)])
            if is_settled:
                store.write(settlements=[unresolved(name) if wei is None else earned(name, wei)])
        reader = reader_of(store)
        for run_number, scope in (
            (0, reader.scope(ids[0])),
            (1, reader.scope(ids[1])),
            (None, reader.scope(provenance=Provenance.SIMULATED)),
        ):
            mine = [v for (number, _), v in nets.items() if run_number in (None, number)]
            known = [sum(v) for v in mine if None not in v]  # type: ignore[arg-type]
            found = ProfitTracker(reader, scope).strategy_runs()
            assert (found.runs, found.known) == (len(mine), len(known))
            assert found.profitable == sum(net > 0 for net in known)
            assert found.net.wei == sum(known)
            if known:
                assert (found.best_net, found.worst_net) == (
                    SimulatedMoney(max(known)),
                    SimulatedMoney(min(known)),
                )
                assert found.average_net == SimulatedMoney(sum(known) // len(known))
