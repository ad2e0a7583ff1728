"""What stands between an opportunity and an attempt, made from settings, book and chain."""

from __future__ import annotations

from aineon.feeds.base import Feed
from aineon.primitives import Clock, parse_address
from aineon.risk import Limits
from aineon.risk.day import Day
from aineon.risk.desk import RiskDesk
from aineon.risk.faults import faults_booked
from aineon.risk.screening import TokenScreen
from aineon.runtime.books import Books
from aineon.runtime.chain_link import ChainLink
from aineon.runtime.settings import Settings
from aineon.safety import Breaker, BreakerKeeper, MemoryKeeper


def limits_of(settings: Settings) -> Limits:
    """Return the limits that the settings give."""
    return Limits(
        min_profit_wei=settings.min_profit_wei,
        max_gas_price_wei=settings.max_gas_price_wei,
        min_confidence=settings.confidence_threshold,
        max_position_wei=settings.max_position_wei,
        max_slippage_bps=settings.max_price_impact_bps,
        max_daily_loss_wei=settings.max_daily_loss_wei,
        max_exposure_wei=settings.max_exposure_wei,
        max_token_exposure_wei=settings.max_token_exposure_wei,
        max_venue_exposure_wei=settings.max_venue_exposure_wei,
        max_attempts_per_minute=settings.max_attempts_per_minute,
        max_attempts_per_hour=settings.max_attempts_per_hour,
        venues_allowed=frozenset(settings.allowed_venues),
        venues_denied=frozenset(settings.denied_venues),
    )


def risk_desk(
    settings: Settings,
    limits: Limits,
    feed: Feed,
    link: ChainLink | None,
    books: Books | None,
    clock: Clock,
) -> RiskDesk:
    """Return the desk of an engine: with what its book knows of the day, where it keeps one.

    Raises:
        LedgerError: the book cannot be read.
    """
    keeper: BreakerKeeper = MemoryKeeper()
    day = Day(clock)
    faults = 0
    if books is not None:
        from aineon.ledger.reading import BookReader

        keeper = books.control.breaker(books.book.book)
        reader = BookReader.of(books.book)
        try:
            day = Day.booked(reader, books.run.provenance, clock)
            faults = faults_booked(reader, books.run.provenance, Breaker(keeper, clock))
        finally:
            reader.close()
    desk = RiskDesk(limits, Breaker(keeper, clock), day, _screen(settings, feed, link))
    desk.open(clock.now(), faults)
    return desk


def _screen(settings: Settings, feed: Feed, link: ChainLink | None) -> TokenScreen:
    known = [*feed.base_tokens]
    if link is not None:
        known += [*link.tokens, *link.addresses.tokens.values()]
    return TokenScreen(
        known,
        allowed=[parse_address(each) for each in settings.allowed_tokens],
        denied=[parse_address(each) for each in settings.denied_tokens],
    )
