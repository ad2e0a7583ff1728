"""What `/metrics` tells: the control database and one book, as families of Prometheus.

Names follow Prometheus: base units in the name, counters end in `_total`, a state is one sample
per possible value of which one is 1. Every label has few values that we know beforehand, or names
that the operator's settings give (nodes). Every figure of money carries its book and provenance,
so that a simulated one never looks live. What is not known has no sample: it is not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import func, select

from aineon.chain.client.health import NodeState
from aineon.engine.events import EngineState
from aineon.engine.funnel import Stage
from aineon.ledger.figures import Drawdown, ProfitSummary
from aineon.ledger.heartbeat import Heartbeat, NodeTold
from aineon.ledger.profit import ProfitTracker
from aineon.ledger.reading import BookReader
from aineon.ledger.records import OUTCOMES, PROVENANCES_OF
from aineon.ledger.tables import table_of
from aineon.ledger.treasury_tables import WithdrawalRow
from aineon.ledger.views import Funnel, Scope
from aineon.primitives import Book, Money, Provenance
from aineon.safety.breaker import BreakerChange, BreakerState
from aineon.server.health import EngineHealth
from aineon.treasury.states import WithdrawalState

MOST_NAMES: Final = 40
"""How many nodes, and how many gates, have samples of their own; the rest is `other`."""

_WEI: Final = 10**18
_ENGINE_STATES: Final = (*map(str, EngineState), "down", "never started", "unknown")
_WITHDRAWALS: Final = table_of(WithdrawalRow)
_OF_BOOK: Final = ("book", "provenance")


# --- the engine ----------------------------------------------------------------------------


def engine_families(health: EngineHealth, heartbeat: Heartbeat | None) -> Iterator[Metric]:
    """Yield what the engine says of itself."""
    yield _states("aineon_engine_state", "What the engine is doing.", _ENGINE_STATES, health.state)
    if heartbeat is None:
        return
    yield _states(
        "aineon_mode", "The mode that the engine is in.", [*map(str, Book)], heartbeat.mode
    )
    age = health.heartbeat_age_seconds
    single: tuple[tuple[str, str, float | None], ...] = (
        ("heartbeat_age_seconds", "Age of the engine's latest heartbeat.", age),
        ("engine_start_time_seconds", "When its run began (Unix time).", heartbeat.started_at),
        ("head_block_number", "The newest block it has seen.", heartbeat.block_number),
        ("head_block_time_seconds", "That block's own time (Unix time).", heartbeat.block_time),
        ("base_fee_wei", "Base fee of that block, per gas.", heartbeat.base_fee_wei),
        ("pools", "Pools that are followed.", heartbeat.pools),
        ("attempts_in_flight", "Attempts that are not settled.", heartbeat.in_flight),
        ("scan_duration_seconds", "How long the latest scan took.", heartbeat.last_scan_seconds),
        ("engine_resident_memory_bytes", "Memory of the engine in RAM.", heartbeat.memory_bytes),
    )
    for name, words, value in single:
        if value is not None:
            yield GaugeMetricFamily(f"aineon_{name}", words, value=value)
    yield CounterMetricFamily(
        "aineon_scans_dropped", "Scans of this run dropped as stale.", value=heartbeat.scans_dropped
    )
    yield _nodes(heartbeat.nodes)


def _nodes(nodes: Iterable[NodeTold]) -> Metric:
    family = GaugeMetricFamily(
        "aineon_node_state", "How each node of the chain is doing.", labels=["node", "state"]
    )
    for told in list(nodes)[:MOST_NAMES]:
        for state in get_args(NodeState):
            family.add_metric([told.name, _word(state)], told.state == state)
    return family


# --- safety --------------------------------------------------------------------------------


def safety_families(latched: bool, book: Book, moved: BreakerChange | None) -> Iterator[Metric]:
    """Yield the emergency stop and the breaker of a book."""
    yield GaugeMetricFamily(
        "aineon_emergency_stop",
        "Whether the emergency stop is set where this console sees it.",
        value=latched,
    )
    state = BreakerState.RUNNING if moved is None else moved.new
    family = GaugeMetricFamily(
        "aineon_breaker_state", "How far attempts are let through.", labels=["book", "state"]
    )
    for each in BreakerState:
        family.add_metric([book.value, each.value], each is state)
    yield family


# --- the book ------------------------------------------------------------------------------


class BookFamilies:
    """The figures of a book, by provenance."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._counters: dict[str, CounterMetricFamily] = {}
        self._gauges: dict[str, GaugeMetricFamily] = {}

    def read(self, reader: BookReader, now: float) -> Iterator[Metric]:
        """Yield them all as the book has them at `now`."""
        for provenance in sorted(PROVENANCES_OF[self._book]):
            scope = Scope(provenance)
            funnel = reader.funnel(scope=scope)
            tracker = ProfitTracker(reader, scope)
            summary = tracker.summary("all", now)
            if funnel.steps or summary.attempts:
                self._add_funnel(funnel, provenance)
                self._add_profit(summary, tracker.drawdown(), provenance)
        yield from self._counters.values()
        yield from self._gauges.values()
        yield _withdrawals(reader, self._book)

    def _add_funnel(self, funnel: Funnel, provenance: Provenance) -> None:
        self._count("market_steps", "Steps of the market processed.", provenance, funnel.steps)
        self._count("opportunities", "Opportunities booked.", provenance, funnel.opportunities)
        for stage in Stage:
            self._count(
                "opportunities_passed",
                "Opportunities that passed each stage of the funnel.",
                provenance,
                funnel.counts.get(stage.value, 0),
                stage=stage.value,
            )
        for gate, count in _few({each.gate: each.count for each in funnel.stopped}):
            self._count(
                "opportunities_stopped",
                "Opportunities that each gate stopped.",
                provenance,
                count,
                gate=gate,
            )

    def _add_profit(self, told: ProfitSummary, fall: Drawdown, provenance: Provenance) -> None:
        for outcome in OUTCOMES:
            self._count(
                "attempts",
                "Settled attempts by outcome.",
                provenance,
                getattr(told, outcome),
                outcome=outcome,
            )
        self._count("attempts_net_unknown", "Settled, their net unknown.", provenance, told.unknown)
        spent = (
            ("gas_spent_ether", "Gas paid, in ether, as far as it is known.", told.gas),
            (
                "failed_gas_spent_ether",
                "The part of it that attempts paid which were not included.",
                told.failed_gas,
            ),
            ("builder_payments_ether", "Paid to builders, in ether.", told.builder_payments),
        )
        for name, words, money in spent:
            if money is not None:
                self._count(name, words, provenance, _ether(money))
        earned = (
            ("net_profit_ether", "Net of gas, fees and builder payments, in ether.", told.net),
            ("drawdown_ether", "How far the running total is below its peak now.", fall.current),
            ("deepest_drawdown_ether", "How far it ever was, in ether.", fall.deepest),
        )
        for name, words, money in earned:
            if money is not None:
                self._show(name, words, provenance, _ether(money))

    def _count(
        self, name: str, words: str, provenance: Provenance, value: float, **labels: str
    ) -> None:
        family = self._counters.setdefault(
            name, CounterMetricFamily(f"aineon_{name}", words, labels=[*_OF_BOOK, *labels])
        )
        family.add_metric([self._book.value, provenance.value, *map(_word, labels.values())], value)

    def _show(self, name: str, words: str, provenance: Provenance, value: float) -> None:
        family = self._gauges.setdefault(
            name, GaugeMetricFamily(f"aineon_{name}", words, labels=_OF_BOOK)
        )
        family.add_metric([self._book.value, provenance.value], value)


def _withdrawals(reader: BookReader, book: Book) -> Metric:
    family = GaugeMetricFamily(
        "aineon_withdrawals", "Withdrawals in each state.", labels=["book", "state"]
    )
    with reader.session() as connection:
        query = select(_WITHDRAWALS.c.state, func.count()).group_by(_WITHDRAWALS.c.state)
        counts = {state: int(count) for state, count in connection.execute(query)}
    for state in WithdrawalState:
        family.add_metric([book.value, state.value], counts.get(state.value, 0))
    return family


# --- helpers -------------------------------------------------------------------------------


def _states(name: str, words: str, allowed: Iterable[str], state: str) -> Metric:
    family = GaugeMetricFamily(name, words, labels=["state" if "state" in name else "mode"])
    for each in allowed:
        family.add_metric([_word(each)], each == state)
    return family


def _few(counts: dict[str, int]) -> Iterator[tuple[str, int]]:
    """Yield the first names by the alphabet, so that they stay the same; then all the others."""
    names = sorted(counts)
    yield from ((name, counts[name]) for name in names[:MOST_NAMES])
    if names[MOST_NAMES:]:
        yield "other", sum(counts[name] for name in names[MOST_NAMES:])


def _word(text: str) -> str:
    return text.replace(" ", "_")


def _ether(money: Money) -> float:
    """Return it as Prometheus counts: for charts and alerts, exact to 15 digits."""
    return money.wei / _WEI
