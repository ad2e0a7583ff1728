"""Overview: is it alive, what has it earned, and why is nothing trading?"""

from __future__ import annotations

import streamlit as st

from aineon.ledger.records import Heartbeat
from aineon.ledger.views import Funnel, Scope
from app import format as fmt
from app.components import head, modes, money, runs, tables
from app.components.live import live, told_in_words
from app.state import client

REFRESH_SECONDS = 2
TRADES_SHOWN = 8


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


def why_words(funnel: Funnel) -> str:
    if not funnel.opportunities:
        return (
            f"No opportunity in {funnel.steps:,} blocks: no cycle of swaps would have paid "
            "at any size."
        )
    sent = funnel.counts.get("submitted", 0)
    words = (
        f"{funnel.opportunities:,} opportunities in {funnel.steps:,} steps of the market; "
        f"{sent:,} were attempted, {funnel.counts.get('landed', 0):,} landed."
    )
    if funnel.stopped:
        top = funnel.stopped[0]
        words += (
            f" Most were stopped by: {fmt.plain(fmt.gate_words(top.gate).lower())} ({top.count:,})."
        )
    return words


@live(REFRESH_SECONDS)
def body() -> None:
    condition = head.engine_line()
    modes.switch("overview")
    with told_in_words():
        scope = runs.chosen_scope()
        head.run_line()
        draw_profit(scope, condition.heartbeat)
        draw_market(scope, condition.heartbeat)
        funnel = client().funnel(scope)
        attempted = funnel.counts.get("submitted", 0)
        st.subheader(
            "What stopped the others" if attempted else "Why is nothing trading?", anchor=False
        )
        st.caption(why_words(funnel))
        tables.gates(funnel)
        tables.pending(client().pending(scope))
        st.subheader("Last trades", anchor=False)
        tables.last_trades(client().trades(scope, TRADES_SHOWN))
        others = client().takings_total(scope)
        st.caption(
            f"Other searchers took {fmt.ether(others.wei)} in {others.count:,} takings before "
            f"their gas, {others.provenance.value}"
            + (f"; the worth of {others.unknown:,} is not known." if others.unknown else ".")
        )
        if condition.heartbeat is not None and condition.heartbeat.not_replayable:
            named = condition.heartbeat.not_replayable.items()
            st.caption(
                "Not replayable, and left out: "
                + ", ".join(f"{fmt.plain(name)} {count:,}" for name, count in named)
            )


head.title("Overview", "What the engine does now, and what it came to.")
body()
