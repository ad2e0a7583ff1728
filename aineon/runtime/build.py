"""The composition root: makes an engine from settings.

This is the one place that looks at the mode. What differs between modes is chosen here and
handed down; nothing above or below asks again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

from aineon.engine.admission import Admission
from aineon.engine.engine import Companion, Engine
from aineon.engine.hindsight import ChainHindsight, Hindsight, PaperHindsight
from aineon.engine.judging import Judging
from aineon.engine.watching import Watching
from aineon.engine.ways import WayChooser
from aineon.errors import ConfigurationError
from aineon.execution.executor import Executor, Preflight
from aineon.execution.paper import PaperConditions, PaperExecutor
from aineon.execution.planner import Planner, PlanRules
from aineon.feeds.base import Feed
from aineon.feeds.pacing import PacedFeed
from aineon.primitives import Book, Clock, LiveMoney, Provenance, RehearsalMoney, SystemClock
from aineon.rehearsal.chains import begins_once, is_rehearsal_chain
from aineon.risk import Limits, RiskGate
from aineon.runtime.books import Books, Nodes, open_books
from aineon.runtime.carrying import (
    on_chain,
    paper_preflight,
    rehearsal_stop_of,
    require_what_signs,
    sender_of,
    signer_of,
    stop_of,
)
from aineon.runtime.chain_link import ChainLink, connect, connect_patiently
from aineon.runtime.going_live import require_given, require_ready, require_real_money
from aineon.runtime.learning import Beside, channel_of, learning_beside
from aineon.runtime.risking import limits_of, risk_desk
from aineon.runtime.sections.market import SandboxRivals
from aineon.runtime.settings import FeedName, Settings, load_settings
from aineon.runtime.ways import ways_of_sending
from aineon.search import CostModel, Opportunity, Scanner
from aineon.search.lenders import Lender, standard_lenders

_MOST_SIZED = 100


def build_engine(
    settings: Settings,
    *,
    link: ChainLink | None = None,
    feed: Feed | None = None,
    book_url: str | None = None,
    control_url: str | None = None,
) -> Engine:
    """Compose an engine; nothing runs until its events are iterated.

    Args:
        settings: the checked configuration.
        link: the chain, where the settings' feed or mode needs one.
        feed: what to look at in place of the settings' feed.
        book_url: database of the mode's book; None keeps no book (a run for its report only).
        control_url: control database for the heartbeat; needed where `book_url` is given.

    Raises:
        ConfigurationError: the mode cannot be composed, or the feed lacks its recording.
        FeedError: the feed cannot deliver.
        LedgerError: a database cannot be opened.
    """
    if link is not None:
        _require_money_of_mode(settings, link)
    clock = SystemClock()
    feed = feed or build_feed(settings, link)
    costs = CostModel(
        lenders=_lenders(settings, link),
        priority_fee_wei=settings.priority_fee_wei,
        native_token=feed.native_token,
    )
    if settings.mode is not Book.SIMULATION:
        # Before a run is begun, which the book would keep.
        require_what_signs(settings, _chain_of(settings, link, book_url))
    books = None
    if book_url is not None and control_url is not None:
        books = open_books(settings, feed, clock, book_url, control_url)
    planner = Planner(_plan_rules(settings))
    try:
        # On paper nothing is sent, and a replay tells what every bid would have won.
        on_paper = settings.mode is Book.SIMULATION
        ways = None if on_paper else ways_of_sending(settings, books)
        last = _carrying_out(settings, feed, link, books, costs, planner, clock, ways)
        desk = risk_desk(settings, _limits(settings), feed, link, books, clock)
    except BaseException:
        if books is not None:
            books.close()
        raise
    health = tuple if link is None else link.reader.health
    watching = Watching(desk, last.executor, costs, health)
    taught = learning_beside(settings, feed, last.hindsight, costs, books, clock, ways)
    return Engine(
        feed=feed,
        scanner=Scanner(
            feed.base_tokens,
            settings.max_hops,
            costs,
            size_exactly=_only_what_is_combined,
            size_at_most=_MOST_SIZED,
            # Judging finds confidences, and of most when the best one has been handed over.
            judge=None,
        ),
        judging=Judging(
            gate=RiskGate(desk.limits, desk),
            admission=Admission(settings.max_concurrent, settings.pair_cooldown_seconds),
            planner=planner,
            executor=last.executor,
            preflight=last.preflight,
            costs=costs,
            watching=watching,
            adviser=taught.learning,
        ),
        executor=last.executor,
        journal=None if books is None else books.booking(costs, clock, _nodes(link)),
        scan_interval_seconds=settings.scan_interval_seconds,
        watching=watching,
        companion=Beside.of(last.treasury, taught.desk),
        learning=taught.learning,
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
    async with running(load_settings(**overrides)) as engine:
        yield engine


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    keep: bool = False,
    on_trouble: Callable[[str], None] | None = None,
) -> AsyncIterator[Engine]:
    """Yield an engine, connected to its chain where it has one, and let go of both afterwards.

    Args:
        settings: the checked configuration.
        keep: write the run into the book.
        on_trouble: told why the chain cannot be reached, each time before it is tried again;
            None fails instead.

    Raises:
        ConfigurationError: as `build_engine`; in live mode also where anything stands in the way,
            and the message names all of it.
        ChainError: the chain cannot be reached, or is another one, and `on_trouble` is None.
        FeedError: the feed cannot deliver.
        LedgerError: a database cannot be opened.
    """
    if settings.mode is Book.LIVE:
        # What can be told without a chain; nobody waits for one in vain.
        require_given(settings)
    async with AsyncExitStack() as stack:
        link = None
        if settings.feed is FeedName.CHAIN:
            reached = connect_patiently(settings, on_trouble) if on_trouble else connect(settings)
            link = await reached
            stack.push_async_callback(link.aclose)
            if settings.mode is Book.LIVE:
                await require_ready(settings, link)
        urls = (settings.book_url, settings.control_url) if keep else (None, None)
        engine = build_engine(settings, link=link, book_url=urls[0], control_url=urls[1])
        stack.push_async_callback(engine.aclose)
        yield engine


def build_feed(settings: Settings, link: ChainLink | None = None) -> Feed:
    """Make the feed that the settings name.

    Raises:
        ConfigurationError: a replay without a recording, or a chain without a link to it.
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
        if link is None:
            raise ConfigurationError("the chain's feed needs a link; see `aineon.runtime.running`")
        from aineon.feeds.chain import ChainFeed

        return ChainFeed(
            link.reader,
            link.addresses,
            link.tokens,
            cache_folder=settings.data_dir / "chain",
            provenance=_provenance_of(settings),
            terms=link.terms,
            witness=link.witness,
        )
    from aineon.feeds.sandbox import SandboxFeed
    from aineon.feeds.sandbox.rivals import mix_named

    rivals = settings.sandbox_rivals
    sandbox = SandboxFeed(
        seed=settings.seed,
        warm_up=settings.warm_up_blocks,
        blocks=settings.blocks,
        pools=settings.sandbox_pools,
        competitor_latency_ms=settings.competitor_latency_ms,
        rivals=None if rivals is SandboxRivals.NONE else mix_named(rivals),
    )
    return PacedFeed(sandbox, settings.pace_seconds) if settings.pace_seconds else sandbox


class _LastStep(NamedTuple):
    """What carries out and tells what it came to; and what keeps the treasury beside it.

    There is no treasury where no book is kept.
    """

    preflight: Preflight
    executor: Executor
    treasury: Companion | None
    hindsight: Hindsight


def _carrying_out(
    settings: Settings,
    feed: Feed,
    link: ChainLink | None,
    books: Books | None,
    costs: CostModel,
    planner: Planner,
    clock: Clock,
    ways: WayChooser | None,
) -> _LastStep:
    """The last step, in which the modes differ."""
    if settings.mode is Book.SIMULATION:
        prefix, treasury = "sim", None
        if books is not None:
            from aineon.engine.booking import settle_left_over
            from aineon.runtime.treasury import PLAY_MONEY, NoTreasury

            settle_left_over(books.book, clock)
            prefix = f"sim-{books.run.run_id:04d}"
            treasury = NoTreasury(books.control.commands, PLAY_MONEY, clock)
        conditions = _paper_conditions(settings, feed)
        paper = PaperExecutor(conditions, costs, clock, prefix)
        hindsight = PaperHindsight(conditions, planner)
        return _LastStep(paper_preflight(link), paper, treasury, hindsight)
    from aineon.execution.live.dispatching import to_everybody
    from aineon.execution.live.ended_chains import settle_ended_chains
    from aineon.runtime.treasury import ChainTreasury

    link = _chain_of(settings, link, books)
    assert books is not None  # or the line above had refused
    real = settings.mode is Book.LIVE
    has_ended = _never if real else _has_ended_beside(link)
    if not real:
        settle_ended_chains(books.book, has_ended, clock)
    # What a rehearsal latches stops rehearsals alone.
    stop = (stop_of if real else rehearsal_stop_of)(settings, books.control, clock)
    money = LiveMoney if real else RehearsalMoney
    signer = signer_of(settings)
    sender = sender_of(settings, link, books, signer, stop, clock)
    dispatch = to_everybody if ways is None else ways.dispatch
    carrying = on_chain(settings, link, books, costs, clock, stop, money, signer, sender, dispatch)
    keeping = ChainTreasury(
        settings, link, books, costs, stop, sender, signer.address, has_ended, clock
    )
    return _LastStep(*carrying, keeping, ChainHindsight())


def _chain_of(settings: Settings, link: ChainLink | None, book: object | None) -> ChainLink:
    """Return the chain that plans are carried out on.

    Raises:
        ConfigurationError: there is none, or nothing to keep in what is signed.
    """
    if link is None or book is None:
        raise ConfigurationError(
            f"AINEON_MODE is '{settings.mode}'; plans are carried out on a chain only where there "
            "is one, and with a book, because what is signed is kept there first"
        )
    return link


def _has_ended_beside(link: ChainLink) -> Callable[[int], bool]:
    """Tells of a rehearsal's chain that it has ended: this one is there, and one is at a time."""
    return lambda chain_id: chain_id != link.reader.chain_id and begins_once(chain_id)


def _never(_: int) -> bool:
    """Tells of a chain with real money that it has ended: what is open there stays open."""
    return False


def _provenance_of(settings: Settings) -> Provenance:
    """Where figures of the chain's market come from, as the mode's book may hold them."""
    return Provenance.LIVE if settings.mode is Book.LIVE else Provenance.SIMULATED


def _require_money_of_mode(settings: Settings, link: ChainLink) -> None:
    """Check that the chain's money is the mode's.

    Raises:
        ConfigurationError: it is not, or nobody has confirmed that real money is meant.
    """
    if settings.mode is Book.REHEARSAL:
        _require_play_money(link)
    elif settings.mode is Book.LIVE:
        require_real_money(settings, link)


def _require_play_money(link: ChainLink) -> None:
    """Keep what is called a rehearsal from spending real money.

    Whatever nodes, key and contract were given, it is the chain's id that a signature is for.

    Raises:
        ConfigurationError: the chain is not one for rehearsals.
    """
    chain_id = link.reader.chain_id
    if not is_rehearsal_chain(chain_id):
        raise ConfigurationError(
            f"AINEON_MODE is 'rehearsal' and the nodes' chain id is {chain_id}; allowed is only "
            "the chain that a rehearsal builds for itself (`aineon rehearse`)"
        )


def _nodes(link: ChainLink | None) -> Nodes:
    return tuple if link is None else link.nodes


def _lenders(settings: Settings, link: ChainLink | None) -> tuple[Lender, ...]:
    if link is not None:
        return link.lenders(settings)
    standard = standard_lenders(settings.flash_loan_fee_bps)
    return tuple(lender for lender in standard if lender.name in settings.flash_lenders)


def _limits(settings: Settings) -> Limits:
    return limits_of(settings)


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
        channel=channel_of(settings),
    )
