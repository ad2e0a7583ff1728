"""What attempts came to by venue, pair, shape and hour equals adding up every single one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.ledger.breakdown import Breakdown, GroupFigures
from aineon.ledger.groups import Way, day_of
from aineon.ledger.profit import ProfitTracker
from aineon.primitives import SimulatedMoney
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

WAYS = (
    Way(("uniswap_v2", "sushiswap"), "WETH/USDC", "w>p>u>q>w"),
    Way(("uniswap_v2", "uniswap_v2"), "WETH/USDC", "w>p>u>r>w"),
    Way(("uniswap_v3", "curve", "sushiswap"), "WETH/USDC/DAI", "w>p>u>q+r>d>s>w"),
)
made = st.lists(
    st.tuples(
        st.sampled_from(WAYS),
        st.sampled_from(("included", "reverted", "unresolved")),
        st.integers(-(10**30), 10**30),
        st.integers(-3 * 86_400, 3 * 86_400),
        st.integers(0, 1),
    ),
    max_size=12,
)


def shapes_of(found: Breakdown) -> dict[str, int]:
    return {each.name: each.attempts for each in found.shapes}


@settings(max_examples=12)
@given(made, st.none() | st.integers(-3 * 86_400, 3 * 86_400))
def test_groups_equal_recomputation(
    trades: list[tuple[Way, str, int, int, int]], since: int | None
) -> None:
    with scratch_book() as store:
        ids = [store.begin_run(run()), store.begin_run(run())]
        wanted: dict[str, list[int]] = defaultdict(list)
        for number, (way, outcome, wei, later, which) in enumerate(trades):
            name = f"sim-{number}"
            kind = {"included": included, "reverted": reverted, "unresolved": unresolved}[outcome]
            settled: Any = replace(kind(name), settled_at=NOON + later)
            if outcome != "unresolved":
                settled = replace(settled, net=SimulatedMoney(wei))
            store.write(
                attempts=[
                    attempt(
                        ids[which],
                        name,
                        venues=way.venues,
                        pair=way.pair,
                        route_key=way.route_key,
                    )
                ],
                settlements=[settled],
            )
            if since is not None and later < since:
                continue
            hour = f"{int((NOON + later) // 3600) % 24:02d}:00"
            for group in (*set(way.venues), way.pair, way.shape, hour):
                wanted[group].append(0 if settled.net is None else wei)
        reader = reader_of(store)
        start = None if since is None else NOON + since
        found = ProfitTracker(reader).breakdown(start)
        everything: list[GroupFigures] = [
            *found.venues,
            *found.pairs,
            *found.shapes,
            *found.hours,
        ]
        assert {each.name: each.attempts for each in everything} == {
            name: len(nets) for name, nets in wanted.items()
        }
        for each in everything:
            assert (each.net.wei if each.net else 0) == sum(wanted[each.name])


def test_a_group_of_unknown_nets_has_no_net() -> None:
    with scratch_book() as store:
        run_id = store.begin_run(run())
        store.write(attempts=[attempt(run_id, "sim-1")], settlements=[unresolved("sim-1")])
        (figures,) = ProfitTracker(reader_of(store)).breakdown().pairs
    assert (figures.net, figures.average_net, figures.gas) == (None, None, None)
    assert (figures.attempts, figures.known, figures.success_rate) == (1, 0, None)


def test_shapes_are_named_by_hops_and_division() -> None:
    assert [way.shape for way in WAYS] == ["2 hops", "2 hops", "3 hops, divided"]


def test_days_begin_at_midnight_utc() -> None:
    assert day_of(86_399.9) == 0
    assert day_of(-0.5) == -86_400


def test_a_curve_can_begin_later() -> None:
    with scratch_book() as store:
        run_id = store.begin_run(run())
        for number in range(5):
            name = f"sim-{number}"
            store.write(
                attempts=[attempt(run_id, name)],
                settlements=[included(name, gross=110, settled_at=NOON + number)],
            )
        tracker = ProfitTracker(reader_of(store))
        late = tracker.equity_curve(since=NOON + 3)
        assert [(point.ordinal, point.net_total.wei) for point in late.points] == [
            (4, 400),
            (5, 500),
        ]
        assert late.trades == 2
        assert tracker.equity_curve(since=NOON + 9).points == ()
        assert tracker.equity_curve(since=NOON - 9) == tracker.equity_curve()
