"""The composition root: makes an engine from settings.

This is the one place that looks at the mode. What differs between modes is chosen here and
handed down; nothing above or below asks again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aineon.engine.admission import Admission
from aineon.engine.engine import Engine
from aineon.engine.judging import Judging
from aineon.errors import ConfigurationError
from aineon.execution.paper import PaperConditions, PaperExecutor
from aineon.execution.planner import Planner, PlanRules
from aineon.execution.preflight import LocalPreflight
from aineon.feeds.base import Feed
from aineon.feeds.pacing import PacedFeed
from aineon.primitives import Book, Clock, SystemClock
from aineon.risk import Limits, RiskGate
from aineon.runtime.settings import FeedName, Settings, load_settings
from aineon.search import CostModel, Opportunity, Scanner
from aineon.search.lenders import standard_lenders

if TYPE_CHECKING:
    from aineon.engine.booking import Booking

_MOST_SIZED = 100


def build_engine(
    settings: Settings, *, book_url: str | None = None, control_url: str | None = None
) -> Engine:
    """Compose an engine; nothing runs until its events are iterated.

    Args:
        settings: the checked configuration.
        book_url: database of the mode's book; None keeps no book (a run for its report only).
        control_url: control database for the heartbeat; needed where `book_url` is given.

    Raises:
        ConfigurationError: the mode cannot be composed, or the feed lacks its recording.
        FeedError: the feed cannot deliver.
        LedgerError: a database cannot be opened.
    """
    if settings.mode is not Book.SIMULATION:
        raise ConfigurationError(
            f"AINEON_MODE is '{settings.mode}'; this version carries plans out on paper only, "
            "so the one allowed value is 'simulation'"
        )
    clock = SystemClock()
    feed = build_feed(settings)
    costs = CostModel(
        lenders=standard_lenders(settings.flash_loan_fee_bps),
        priority_fee_wei=settings.priority_fee_wei,
        native_token=feed.native_token,
    )
    booking = None
    id_prefix = "sim"
    if book_url is not None and control_url is not None:
        booking = _open_books(settings, feed, costs, clock, book_url, control_url)
        id_prefix = f"sim-{booking.run.run_id:04d}"
    executor = PaperExecutor(_paper_conditions(settings, feed), costs, clock, id_prefix)
    return Engine(
        feed=feed,
        scanner=Scanner(
            feed.base_tokens,
            settings.max_hops,
            costs,
            size_exactly=_only_what_is_combined,
            size_at_most=_MOST_SIZED,
        ),
        judging=Judging(
            gate=RiskGate(_limits(settings)),
            admission=Admission(settings.max_concurrent, settings.pair_cooldown_seconds),
            planner=Planner(_plan_rules(settings)),
            executor=executor,
            preflight=LocalPreflight(),
            costs=costs,
        ),
        executor=executor,
        journal=booking,
        scan_interval_seconds=settings.scan_interval_seconds,
    )


@asynccontextmanager
async def open_engine(**overrides: Any) -> AsyncIterator[Engine]:
    """Yield the whole engine, composed from settings as `aineon run` composes it.

    Settings come from the environment and `.env`; `overrides` name fields of
    `aineon.runtime.settings.Settings`, e.g. `open_engine(mode="simulation", feed="sandbox",
    seed=7)`. The engine runs while its `events()` are iterated and keeps no book.

    Raises:
        ConfigurationError: a setting is not allowed.
        FeedError: the feed cannot deliver.
    """
    engine = build_engine(load_settings(**overrides))
    try:
        yield engine
    finally:
        await engine.aclose()


def build_feed(settings: Settings) -> Feed:
    """Make the feed that the settings name.

    Raises:
        ConfigurationError: a replay without a recording.
        InvalidRecording: the recording cannot be played.
    """
    if settings.feed is FeedName.REPLAY:
        from aineon.feeds.replay import ReplayFeed

        if settings.replay_file is None:
            raise ConfigurationError(
                "AINEON_REPLAY_FILE is not set; the replay feed needs the path of a recording "
                "(--data FILE)"
            )
        return ReplayFeed(settings.replay_file)
    if settings.feed is FeedName.CHAIN:
        raise ConfigurationError(
            "AINEON_FEED is 'chain' and no node is given; allowed is chain only with "
            "ALCHEMY_API_KEY, INFURA_API_KEY or AINEON_RPC_URLS."
        )
    from aineon.feeds.sandbox import SandboxFeed

    sandbox = SandboxFeed(
        seed=settings.seed,
        warm_up=settings.warm_up_blocks,
        blocks=settings.blocks,
        pools=settings.sandbox_pools,
        competitor_latency_ms=settings.competitor_latency_ms,
    )
    return PacedFeed(sandbox, settings.pace_seconds) if settings.pace_seconds else sandbox


def _limits(settings: Settings) -> Limits:
    return Limits(
        min_profit_wei=settings.min_profit_wei,
        max_gas_price_wei=settings.max_gas_price_wei,
        min_confidence=settings.confidence_threshold,
        max_position_wei=settings.max_position_wei,
    )


def _plan_rules(settings: Settings) -> PlanRules:
    return PlanRules(
        max_slippage_bps=settings.max_slippage_bps,
        builder_payment_bps=settings.builder_tip_bps,
        deadline_blocks=max(settings.target_blocks - 1, settings.paper_latency_blocks),
        max_gas_price_wei=settings.max_gas_price_wei,
    )


def _only_what_is_combined(_: Opportunity) -> bool:
    """Leave exact sizes to the combination: it sizes what is about to be attempted, and only that.

    A scan ranks by sizes that miss a millionth of the profit, for a tenth of the time.
    """
    return False


def _paper_conditions(settings: Settings, feed: Feed) -> PaperConditions:
    return PaperConditions(
        latency_blocks=settings.paper_latency_blocks,
        inclusion_rate=settings.paper_inclusion_rate,
        revert_rate=settings.paper_revert_rate,
        whole_blocks=feed.complete,
        seed=settings.seed,
    )


def _open_books(
    settings: Settings,
    feed: Feed,
    costs: CostModel,
    clock: Clock,
    book_url: str,
    control_url: str,
) -> Booking:
    from aineon.engine.booking import Booking, RunInfo, settle_left_over
    from aineon.ledger.control import ControlStore
    from aineon.ledger.records import RunRecord
    from aineon.ledger.store import BookStore

    control = ControlStore.open(control_url)
    book = BookStore.open(book_url, settings.mode)
    settle_left_over(book, clock)
    started_at = clock.now()
    recording = feed.name == FeedName.REPLAY and settings.replay_file is not None
    run_id = book.begin_run(
        RunRecord(
            feed=feed.name,
            provenance=feed.provenance,
            seed=None if recording else settings.seed,
            detail=settings.replay_file.name if recording and settings.replay_file else "",
            started_at=started_at,
            native_token=feed.native_token,
        )
    )
    run = RunInfo(
        run_id=run_id,
        mode=str(settings.mode),
        feed=feed.name,
        provenance=feed.provenance,
        started_at=started_at,
        limits=settings.limits_in_force(),
    )
    return Booking(book, control, run, costs, clock)
