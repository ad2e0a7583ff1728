"""What needs the operator, each with the page where it can be looked into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

import streamlit as st

from aineon.errors import AineonError, LedgerNotFound
from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.views import Scope
from aineon.primitives import Book
from aineon.safety.breaker import BreakerState
from app.condition import Condition
from app.format import age, plain
from app.state import Client

Urgency = Literal["now", "soon"]

_BADGES: Final[dict[Urgency, tuple[str, Literal["red", "orange"], str]]] = {
    "now": ("Now", "red", ":material/priority_high:"),
    "soon": ("Look into it", "orange", ":material/visibility:"),
}
_MONEY_IS_MISSING: Final = "shortfall"
_HEALTHY: Final = "healthy"
_FINE: Final = "running"
_WITHDRAWALS_LOOKED_AT: Final = 50
TRADES_LOOKED_AT: Final = 50
"""How many of the newest attempts are looked through."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs somebody.

    Attributes:
        words: what it is, one sentence.
        page: the name of the page where it is shown in full.
    """

    urgency: Urgency
    words: str
    page: str


def needs_of(client: Client, condition: Condition, scope: Scope | None) -> tuple[Need, ...]:
    """Return what needs the operator, what is urgent first.

    What cannot be read is a need of its own, because it may hide one. Without a `scope` the book
    is left alone: whoever could not find one has waited for it already.
    """
    heartbeat = condition.heartbeat
    looks: list[tuple[str, Callable[[], Iterator[Need]]]] = [
        ("The engine", lambda: _engine(condition)),
        ("The emergency stop", lambda: _stops(client)),
        ("The breaker", lambda: _breaker(client)),
        ("What was asked for", lambda: _requests(client)),
        ("Nodes and weather", lambda: _surroundings(heartbeat)),
    ]
    if scope is not None:
        looks += [
            ("The treasury", lambda: _withdrawals(client)),
            ("The accounts", lambda: _accounts(client)),
            ("The trades", lambda: _trades(client, scope)),
        ]
    found: list[Need] = []
    for what, look in looks:
        try:
            found += look()
        except LedgerNotFound:
            continue
        except AineonError as error:
            found.append(Need("now", f"{what} cannot be read: {error}.", "risk"))
    return tuple(sorted(found, key=lambda need: need.urgency != "now"))


def draw(needs: tuple[Need, ...]) -> None:
    """Draw the list, or say that nothing needs anybody."""
    with st.container():
        if not needs:
            st.caption(":material/check_circle: Nothing needs you now.")
        for need in needs:
            _draw_need(need)


def _draw_need(need: Need) -> None:
    word, colour, icon = _BADGES[need.urgency]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(word, color=colour, icon=icon)
        st.markdown(plain(need.words), width="content")
        st.page_link(f"../pages/{need.page}.py", label=f"Open {need.page.capitalize()}")


def _engine(condition: Condition) -> Iterator[Need]:
    if condition.severity in ("warning", "error"):
        urgency: Urgency = "now" if condition.severity == "error" else "soon"
        yield Need(urgency, f"Engine {condition.word.lower()}: {condition.sentence}", "risk")


def _stops(client: Client) -> Iterator[Need]:
    # One wish is kept in several places; it is told once.
    for reason, who in dict.fromkeys((each.reason, each.who) for each in client.stops()):
        yield Need("now", f"The emergency stop is set: {reason} (by {who}).", "risk")


def _breaker(client: Client) -> Iterator[Need]:
    moves = client.breaker_moves(1)
    if moves and moves[0].new is not BreakerState.RUNNING:
        state = moves[0].new
        urgency: Urgency = "now" if state is BreakerState.HALTED else "soon"
        yield Need(urgency, f"The breaker is {state.value}: {moves[0].reason}.", "risk")


def _requests(client: Client) -> Iterator[Need]:
    request = client.latest_request()
    if request is not None and request.is_open:
        old = age(client.clock.now() - request.at)
        wanted = "live mode" if request.mode == Book.LIVE else f"the {request.mode}"
        words = f"{request.who} asked for {wanted} {old} ago; it is not carried out yet."
        yield Need("soon", words, "settings")


def _surroundings(heartbeat: Heartbeat | None) -> Iterator[Need]:
    if heartbeat is None:
        return
    for node in heartbeat.nodes:
        if node.state != _HEALTHY:
            detail = f": {node.detail}" if node.detail else ""
            yield Need("soon", f"Node {node.name} is {node.state}{detail}.", "risk")
    for reading in () if heartbeat.risk is None else heartbeat.risk.readings:
        if reading.level != _FINE:
            name = reading.name.replace("_", " ")
            yield Need("soon", f"Anomaly of {name}: {reading.words}.", "risk")


def _withdrawals(client: Client) -> Iterator[Need]:
    if client.settings.mode is Book.SIMULATION:
        return
    treasury = client.treasury(_WITHDRAWALS_LOOKED_AT)
    if waiting := len(treasury.pending):
        what = "withdrawal waits" if waiting == 1 else "withdrawals wait"
        yield Need("now", f"{waiting} {what} for approval.", "withdrawals")


def _accounts(client: Client) -> Iterator[Need]:
    found = client.reconciliation()
    if found is not None and found.verdict == _MONEY_IS_MISSING:
        yield Need("now", f"Books and chain do not agree: {found.words}.", "performance")
    elif found is not None and found.verdict == "unread":
        yield Need("soon", f"Books and chain were not compared: {found.words}.", "performance")


def _trades(client: Client, scope: Scope) -> Iterator[Need]:
    unresolved = client.summary(scope, "all").unresolved
    if unresolved:
        what = "attempt is" if unresolved == 1 else "attempts are"
        words = f"{unresolved:,} {what} unresolved: how it ended is not known."
        yield Need("soon", words, "performance")
    settled = [trade.settlement for trade in client.trades(scope, TRADES_LOOKED_AT)]
    differs = sum(each is not None and each.verification == "differs" for each in settled)
    if differs:
        words = f"An independent source says otherwise of {differs:,} of the newest attempts."
        yield Need("now", words, "performance")
