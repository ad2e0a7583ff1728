"""Roll-ups equal what adding up every single row gives."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.ledger.profit import ProfitTracker
from aineon.ledger.records import OUTCOMES, BookEntry, SettlementRecord
from aineon.ledger.rollups import HOUR, Activity, Curve, Tally, figures_of, hour_of
from aineon.primitives import Provenance, SimulatedMoney
from tests.ledger.booked import (
    NOON,
    USDC,
    WETH,
    attempt,
    opportunity,
    reader_of,
    reverted,
    run,
    scratch_book,
    step,
    taking,
)

optional_wei = st.none() | st.integers(-(10**24), 10**24)
moments = st.floats(NOON - 3 * HOUR, NOON + 3 * HOUR)


@st.composite
def settlements(draw: Any) -> SettlementRecord:
    gas, builder = draw(optional_wei), draw(optional_wei)
    net = None if gas is None or builder is None else draw(optional_wei)
    money = [None if wei is None else SimulatedMoney(wei) for wei in (gas, builder, net)]
    return replace(
        reverted(),
        outcome=draw(st.sampled_from(OUTCOMES)),
        settled_at=draw(moments),
        gross_profit=draw(st.none() | st.integers(-(10**30), 10**30)),
        flash_fee=draw(st.integers(0, 10**9)),
        gas_cost=money[0],
        builder_payment=money[1],
        net=money[2],
    )


def tally_of(records: list[SettlementRecord]) -> Tally:
    tally = Tally()
    for record in records:
        tally.add(*figures_of(record))
    return tally


@given(st.lists(settlements()), st.lists(settlements()))
def test_merging_tallies_is_adding_up_all_of_them(
    some: list[SettlementRecord], more: list[SettlementRecord]
) -> None:
    assert Tally.of([tally_of(some), tally_of(more)]) == tally_of(some + more)


def test_a_tally_in_figures() -> None:
    tally = Tally()
    tally.add("included", 90, 7, 2)
    tally.add("reverted", -7, 7, 0)
    tally.add("unresolved", None, None, None)
    assert tally == Tally(
        included=1,
        reverted=1,
        unresolved=1,
        profitable=1,
        known=2,
        net=83,
        gross=99,
        gas=14,
        gas_unknown=1,
        builder=2,
        builder_unknown=1,
        failed_gas=7,
        best=90,
        worst=-7,
    )


def test_a_curve_that_begins_with_a_loss_has_fallen() -> None:
    curve = Curve()
    for at, total in enumerate([-5, 10, 4, 12, 3, 11]):
        curve.follow(total, float(at))
    assert (curve.peak, curve.deepest_fall, curve.deepest_fall_at) == (12, 9, 4.0)


def test_the_hour_of_a_moment() -> None:
    assert hour_of(NOON) == hour_of(NOON + 3599.9) == NOON
    assert hour_of(NOON - 0.1) == NOON - HOUR


def test_merged_activities_keep_the_newest_reason() -> None:
    early, late = Activity(), Activity()
    early.add_gate("cooldown", 2, "old")
    late.add_gate("cooldown", 1, "new")
    early.merge(late)
    assert early.gates == {"cooldown": [3, "new"]}


runs = st.integers(0, 2)


@settings(max_examples=12)
@given(
    st.lists(st.tuples(runs, settlements()), max_size=25),
    st.floats(NOON - 4 * HOUR, NOON + 4 * HOUR),
    st.integers(1, 6),
)
def test_booked_figures_equal_recomputation(
    made: list[tuple[int, SettlementRecord]], now: float, portion: int
) -> None:
    provenances = [Provenance.SIMULATED, Provenance.SIMULATED, Provenance.REPLAYED]
    with scratch_book() as store:
        ids = [store.begin_run(run(provenance=provenance)) for provenance in provenances]
        records = [
            (which, replace(record, attempt_id=f"sim-{number}"))
            for number, (which, record) in enumerate(made)
        ]
        entries = [
            BookEntry(
                attempts=(attempt(ids[which], record.attempt_id, base_token=token),),
                settlements=(record,),
            )
            for (which, record), token in zip(records, [WETH, USDC] * 13, strict=False)
        ]
        for start in range(0, len(entries), portion):
            store.write_all(entries[start : start + portion])
        reader = reader_of(store)
        for which, run_id in enumerate(ids):
            mine = [record for number, record in records if number == which]
            check(ProfitTracker(reader, reader.scope(run_id)), mine, now)
        both = [record for number, record in records if number < 2]
        check(ProfitTracker(reader, reader.scope(provenance=Provenance.SIMULATED)), both, now)


def check(tracker: ProfitTracker, mine: list[SettlementRecord], now: float) -> None:
    for period, seconds in (("hour", HOUR), ("day", 24 * HOUR), ("all", 10**9)):
        found = tracker.summary(period, now)  # type: ignore[arg-type]
        expected = tally_of([one for one in mine if now - seconds <= one.settled_at <= now])
        assert found.attempts == expected.attempts
        counts = (found.included, found.reverted, found.missed, found.unresolved)
        assert counts == tuple(getattr(expected, outcome) for outcome in OUTCOMES)
        assert found.known == expected.known
        assert found.unknown == expected.attempts - expected.known
        for name, value in (("best_net", expected.best), ("worst_net", expected.worst)):
            money = getattr(found, name)
            assert (None if money is None else money.wei) == value
        if expected.known or not expected.attempts:
            assert found.net == SimulatedMoney(expected.net)
            assert found.gross == SimulatedMoney(expected.gross)
        else:
            assert found.net is found.gross is None
    whole = tally_of(mine)
    for bucket in ("hour", "day", "week"):
        buckets = tracker.series(bucket)  # type: ignore[arg-type]
        assert sum(one.attempts for one in buckets) == whole.attempts
        assert sum(one.net.wei for one in buckets if one.net is not None) == whole.net
    totals, total = [], 0
    for one in mine:
        total += 0 if one.net is None else one.net.wei
        totals.append(total)
    curve = tracker.equity_curve()
    assert [point.net_total.wei for point in curve.points] == totals
    assert tracker.drawdown().peak.wei == max([0, *totals])
    falls = [max([0, *totals[: index + 1]]) - now for index, now in enumerate(totals)]
    assert tracker.drawdown().deepest.wei == max([0, *falls])


@settings(max_examples=8)
@given(
    st.lists(
        st.tuples(
            st.integers(-2 * HOUR, 2 * HOUR),
            st.sampled_from([None, "min_profit", "cooldown"]),
            st.none() | st.integers(0, 10**20),
        ),
        max_size=20,
    ),
    st.none() | st.integers(-3 * HOUR, 3 * HOUR),
)
def test_the_funnel_equals_recomputation(
    made: list[tuple[int, str | None, int | None]], start: int | None
) -> None:
    made = sorted(made, key=lambda item: item[0])
    with scratch_book() as store:
        run_id = store.begin_run(run())
        for number, (offset, gate, worth) in enumerate(made):
            at = NOON + offset
            store.write(
                step(run_id, number, at=at, counts={"detected": 1, "sized": number}),
                [opportunity(run_id, number, at=at, gate=gate, reason=f"reason {number}")],
                takings=[taking(run_id, profit_wei=worth)],
            )
        reader = reader_of(store)
        since = None if start is None else NOON + start
        funnel, takings = reader.funnel(since), reader.takings_total(since)
    expected = [
        (number, item) for number, item in enumerate(made) if start is None or item[0] >= start
    ]
    assert funnel.steps == funnel.opportunities == takings.count == len(expected)
    assert funnel.counts.get("sized", 0) == sum(number for number, _ in expected)
    gates = Counter(gate for _, (_, gate, _) in expected if gate is not None)
    assert {stop.gate: stop.count for stop in funnel.stopped} == gates
    newest = {gate: f"reason {number}" for number, (_, gate, _) in expected if gate is not None}
    assert {stop.gate: stop.reason for stop in funnel.stopped} == newest
    assert takings.wei == SimulatedMoney(sum(worth or 0 for _, (_, _, worth) in expected))
    assert takings.unknown == sum(worth is None for _, (_, _, worth) in expected)
