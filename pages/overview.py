"""Overview: is it alive, what has it earned, what needs me, and why is nothing trading?"""

from __future__ import annotations

import streamlit as st

from aineon.errors import AineonError
from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.views import Scope
from app import format as fmt
from app.components import attention, funnel, head, modes, money, runs, tables, takings
from app.components.live import live, told_in_words
from app.condition import Condition
from app.state import client

REFRESH_SECONDS = 2
TRADES_SHOWN = 8


def draw_needs(condition: Condition) -> None:
    st.header("What needs you", anchor=False)
    try:
        scope = runs.chosen_scope()
    except AineonError:
        # What follows on the page says why there is no book to look into.
        scope = None
    attention.draw(attention.needs_of(client(), condition, scope))


def draw_profit(scope: Scope, heartbeat: Heartbeat | None) -> None:
    whole, today = client().summary(scope, "all"), client().today(scope)
    columns = money.row("profit")
    with columns[0]:
        money.profit("Net of the run", whole.net, whole.provenance)
    with columns[1]:
        money.profit("Net today (UTC)", today.net, today.provenance)
    with columns[2]:
        money.figure(
            "Success rate",
            fmt.percent(whole.success_rate),
            "Included attempts among those whose outcome is known.",
            money.outcomes_note(whole),
        )
    with columns[3]:
        in_flight = None if heartbeat is None else heartbeat.in_flight
        limit = None if heartbeat is None else heartbeat.limits.get("Attempts in flight")
        money.figure(
            "Attempts in flight",
            fmt.count(in_flight),
            "Submitted, and waiting for the next block.",
            f"at most {limit}" if limit else "limit not known",
        )


def draw_market(scope: Scope, heartbeat: Heartbeat | None) -> None:
    steps = client().steps(scope, 1)
    step = steps[0].record if steps else None
    columns = money.row("market")
    with columns[0]:
        seen = "not seen yet" if step is None else f"{fmt.age(client().clock.now() - step.at)} ago"
        own = None if step is None else step.block_time
        money.figure(
            "Head block",
            fmt.count(step.block_number if step else None),
            f"The block's own time: {fmt.time_utc(own)}.",
            f"processed {seen}" if step else seen,
        )
    with columns[1]:
        fee = step.base_fee_wei if step else None
        note = "not known" if fee is None else "of the head block"
        money.figure("Base fee", fmt.gwei(fee), "EIP-1559 base fee per gas.", note)
    with columns[2]:
        money.figure(
            "Pools watched", fmt.count(heartbeat.pools if heartbeat else None), "", "at the head"
        )
    with columns[3]:
        scan = heartbeat.last_scan_seconds if heartbeat else None
        dropped = heartbeat.scans_dropped if heartbeat else None
        money.figure(
            "Last scan",
            fmt.UNKNOWN if scan is None else f"{scan * 1000:,.0f} ms",
            "How long the newest search for opportunities took. A scan is dropped where a newer "
            "block was waiting already.",
            f"{fmt.count(dropped)} dropped as stale",
        )


@live(REFRESH_SECONDS)
def body() -> None:
    condition = head.engine_line()
    with st.container():
        modes.switch("overview")
    draw_needs(condition)
    with told_in_words():
        scope = runs.chosen_scope()
        head.run_line()
        draw_profit(scope, condition.heartbeat)
        draw_market(scope, condition.heartbeat)
        st.header("In flight", anchor=False)
        newest = client().trades(scope, attention.TRADES_LOOKED_AT)
        in_flight = [each for each in newest if each.settlement is None]
        tables.in_flight(in_flight, client().clock.now())
        with st.container():
            tables.pending(client().pending(scope))
        counted = client().funnel(scope)
        attempted = counted.counts.get("submitted", 0)
        st.header(
            "What stopped the others" if attempted else "Why is nothing trading?", anchor=False
        )
        st.caption(funnel.why_words(counted))
        funnel.gates(counted)
        st.header("Last trades", anchor=False)
        tables.last_trades(newest[:TRADES_SHOWN])
        st.caption(takings.words(client().takings_total(scope)))
        if condition.heartbeat is not None and condition.heartbeat.not_replayable:
            named = condition.heartbeat.not_replayable.items()
            st.caption(
                "Not replayable, and left out: "
                + ", ".join(f"{fmt.plain(name)} {count:,}" for name, count in named)
            )


head.title("Overview", "What the engine does now, what it came to, and what needs you.")
body()
