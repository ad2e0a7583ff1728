from __future__ import annotations

import asyncio
from dataclasses import replace

from aineon.engine.events import EngineState, MarketRewound, StateChanged
from aineon.engine.funnel import Stage
from aineon.engine.report import RunReport
from aineon.execution.settlement import Outcome
from aineon.primitives import Provenance, SimulatedMoney, Token
from aineon.runtime.build import build_engine
from aineon.runtime.settings import load_settings
from tests.engine.reporting import (
    BACK,
    ROUTE,
    attempt,
    entry,
    opportunity,
    processed,
    settled,
    submitted,
    taking,
)
from tests.scripted import ETHER
from tests.shared_data import path_of

ODD = Token("0x" + "dd" * 20)


def report() -> RunReport:
    return RunReport("replay", Provenance.REPLAYED, "blocks.json")


def test_run_without_events_is_all_zero_and_knows_no_block() -> None:
    totals = report().totals
    assert (totals.blocks, totals.first_block, totals.last_block) == (0, None, None)
    assert totals.net == SimulatedMoney(0)
    assert not report().opportunities


def test_line_holds_the_opportunity_figures() -> None:
    found = replace(opportunity(), confidence=0.75)
    (line,) = report().add_all([processed(entry(found, step=3, net_wei=9), step=3)]).opportunities
    assert (line.block, line.step, line.states) == (100, 3, 1)
    assert line.route_key == ROUTE.key
    assert line.route == str(ROUTE)
    assert (line.amount_in, line.gross_profit) == (10 * ETHER, ETHER)
    assert line.net_profit == ETHER - 5 * 10**15 - ETHER // 10
    assert (line.gate, line.reason) == ("min_profit", "stopped by [min_profit]")
    assert (line.net_wei, line.confidence) == (9, 0.75)


def test_cycle_without_gross_profit_is_no_line() -> None:
    assert not report().add_all([processed(entry(opportunity(gross=0)))]).opportunities


def test_cycle_seen_in_many_states_of_a_block_is_one_line_with_its_best_state() -> None:
    events = [
        processed(entry(opportunity(gross), step=step), step=step)
        for step, gross in enumerate([3 * ETHER, 5 * ETHER, 4 * ETHER])
    ]
    (line,) = report().add_all(events).opportunities
    assert (line.states, line.step, line.gross_profit) == (3, 1, 5 * ETHER)


def test_state_that_came_further_stands_before_one_that_paid_more() -> None:
    far = entry(opportunity(ETHER), Stage.SUBMITTED, None, attempt_id="sim-1")
    events = [processed(far), processed(entry(opportunity(9 * ETHER), step=1), step=1)]
    for order in (events, events[::-1]):
        (line,) = report().add_all(order).opportunities
        assert (line.stage, line.attempt_id, line.states) == (Stage.SUBMITTED, "sim-1", 2)


def test_state_inside_a_transaction_is_shown_only_where_there_is_no_other() -> None:
    inside = processed(entry(opportunity(9 * ETHER), gate="mid_transaction"))
    (line,) = report().add_all([inside]).opportunities
    assert (line.mid_transaction, line.states, line.mid_transaction_states) == (True, 1, 1)
    open_to_all = processed(entry(opportunity(ETHER), step=1), step=1)
    (line,) = report().add_all([inside, open_to_all]).opportunities
    assert (line.mid_transaction, line.states, line.mid_transaction_states) == (False, 2, 1)
    assert line.gross_profit == ETHER


def test_lines_are_kept_apart_by_route_and_block() -> None:
    events = [
        processed(entry(opportunity()), entry(opportunity(2 * ETHER, route=BACK))),
        processed(entry(opportunity(), block=101), block=101),
    ]
    lines = report().add_all(events).opportunities
    assert [(line.block, line.route_key) for line in lines] == [
        (100, BACK.key),
        (100, ROUTE.key),
        (101, ROUTE.key),
    ]


def test_unknown_gas_is_counted_and_never_zero() -> None:
    run = report().add_all(
        [processed(entry(opportunity(gas_cost=None)), entry(opportunity(route=BACK)))]
    )
    assert run.totals.opportunities_gas_unknown == 1
    unknown = [line for line in run.opportunities if line.gas_cost is None]
    assert [line.net_profit for line in unknown] == [None]


def test_a_run_without_an_end_lets_go_of_its_oldest_lines_and_counts_them() -> None:
    run = RunReport("sandbox", Provenance.SIMULATED, most_lines=2)
    for number in range(100, 105):
        run.add(
            processed(
                entry(opportunity(gas_cost=None), block=number, gate="gas_unknown"), block=number
            )
        )
    assert [line.block for line in run.opportunities] == [103, 104]
    totals = run.totals
    assert (totals.opportunities, totals.opportunities_not_listed) == (5, 3)
    assert totals.opportunities_gas_unknown == 5
    assert run.gates == {"gas_unknown": 5}


def test_net_is_summed_over_what_is_known_and_the_rest_is_counted() -> None:
    run = report().add_all(
        [
            settled("sim-1", Outcome.INCLUDED, "filled", net=SimulatedMoney(5)),
            settled("sim-2", Outcome.REVERTED, "failed", net=SimulatedMoney(-2)),
            settled("sim-3", Outcome.INCLUDED, "filled", net=None),
            settled("sim-4", Outcome.UNRESOLVED, "no next state", settled_block=None),
            submitted("sim-5"),
        ]
    )
    totals = run.totals
    assert totals.net == SimulatedMoney(3)
    assert totals.settlements_net_unknown == 2
    assert (totals.attempts, totals.attempts_in_flight) == (5, 1)


def test_net_is_unknown_where_it_is_known_of_no_settled_attempt() -> None:
    """An attempt in flight leaves it at zero: nothing has come in and nothing has gone out."""
    run = report().add_all([submitted("sim-1")])
    assert run.totals.net == SimulatedMoney(0)
    run.add(settled("sim-1", Outcome.UNRESOLVED, "no next state", settled_block=None))
    assert run.totals.net is None
    assert run.totals.settlements_net_unknown == 1


def test_attempt_that_settles_stays_one_line() -> None:
    run = report().add_all(
        [
            submitted("sim-1"),
            settled(
                "sim-1",
                Outcome.INCLUDED,
                "filled",
                gross_profit=7,
                gas_cost=SimulatedMoney(2),
                builder_payment=SimulatedMoney(1),
                net=SimulatedMoney(4),
            ),
        ]
    )
    (line,) = run.attempts
    assert line.outcome is Outcome.INCLUDED
    assert (line.gross_profit, line.gas_cost_wei, line.builder_payment_wei) == (7, 2, 1)
    assert line.net == SimulatedMoney(4)
    assert line.route == str(ROUTE)
    assert line.expected_profit == attempt("sim-1").plan.expected_profit


def test_outcomes_are_counted_with_their_reasons() -> None:
    run = report().add_all(
        [
            settled("a", Outcome.MISSED, "late"),
            settled("b", Outcome.MISSED, "late"),
            settled("c", Outcome.MISSED, "dropped"),
        ]
    )
    assert run.outcomes[Outcome.MISSED] == {"late": 2, "dropped": 1}
    assert run.outcomes[Outcome.INCLUDED] == {}


def test_takings_stand_beside_the_block_in_which_they_were_made() -> None:
    run = report().add_all(
        [
            processed(takings=(taking("a", 5, 10), taking("b", 9))),
            processed(step=1, takings=(taking("c", 2, profit_token=ODD),)),
            processed(block=101, takings=(taking("d", 1),)),
        ]
    )
    first, second = run.takings
    assert (first.block, len(first.takings), first.gas_unknown) == (100, 3, 2)
    assert [(each.count, each.profit, each.best) for each in first.by_token] == [
        (2, 14, 9),
        (1, 2, 2),
    ]
    assert run.taken_in(101) == second
    assert run.taken_in(102).takings == ()
    assert run.totals.takings == 4


def test_steps_scans_and_names_are_counted() -> None:
    run = report().add_all(
        [
            processed(warm_up=(1, 1), not_replayable={"curve swap": 1}),
            processed(step=1, scan_seconds=None, scans_dropped=1),
            processed(block=101, scans_dropped=1, not_replayable={"curve swap": 2, "0x swap": 1}),
        ]
    )
    totals = run.totals
    assert (totals.blocks, totals.first_block, totals.last_block) == (2, 100, 101)
    assert (totals.steps, totals.warm_up_steps) == (3, 1)
    assert (totals.scans, totals.scans_dropped) == (2, 1)
    assert run.not_replayable == {"0x swap": 1, "curve swap": 3}


def test_funnel_and_gates_are_counted() -> None:
    run = report().add_all(
        [
            processed(entry(opportunity(), Stage.SUBMITTED, None), entry(opportunity(route=BACK))),
            processed(entry(opportunity(route=BACK), step=1), step=1),
        ]
    )
    assert run.funnel[Stage.SCORED] == 3
    assert run.funnel[Stage.SUBMITTED] == 1
    assert run.funnel[Stage.LANDED] == 0
    assert run.gates == {"min_profit": 1}


def test_block_that_comes_again_after_a_reorganisation_is_another_block() -> None:
    run = report().add_all(
        [processed(entry(opportunity())), MarketRewound(99), processed(entry(opportunity()))]
    )
    assert [line.states for line in run.opportunities] == [1, 1]
    assert run.totals.rewinds == 1


def test_state_of_the_engine_is_the_last_one_told() -> None:
    run = report().add_all(
        [StateChanged(EngineState.RUNNING), StateChanged(EngineState.FAILED, "disk full")]
    )
    assert (run.state, run.detail) == (EngineState.FAILED, "disk full")


def test_report_of_an_engine_over_recorded_blocks() -> None:
    path = path_of("mainnet_blocks_swaps.json")
    engine = build_engine(load_settings(feed="replay", replay_file=str(path)))

    async def collect() -> RunReport:
        run = RunReport(engine.feed.name, engine.feed.provenance)
        async for event in engine.events():
            run.add(event)
        return run

    run = asyncio.run(collect())
    assert run.state is EngineState.FINISHED
    assert run.totals.blocks == 13
    assert run.totals.takings == 15
    assert run.totals.scans_dropped == 0
    taken = {one.pools for block in run.takings for one in block.takings}
    seen = {tuple(part for part in line.route_key.split(">")[1::2]) for line in run.opportunities}
    assert len(taken & seen) == 3
