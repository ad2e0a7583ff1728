"""What is left for anybody but the competitors: little, and nothing where they are fast."""

from __future__ import annotations

from aineon.feeds.sandbox import SandboxFeed
from aineon.market import Market
from aineon.primitives.units import ETHER
from aineon.search import Scanner
from tests.feeds.sandbox_tally import tally

LEAST_PROFIT = ETHER // 100


def paying_blocks(feed: SandboxFeed) -> int:
    """How many blocks leave something that AINEON's own scanner would earn on after gas."""
    scanner = Scanner(feed.base_tokens, max_hops=3, near_count=0)
    market, paying = Market(), 0
    for step in feed.blocks():
        market.apply(step.update)
        found = scanner.scan(market, limit=1).opportunities
        paying += bool(found and found[0].net_profit is not None and found[0].net_profit > 0)
    return paying


def test_the_scanner_finds_nothing_behind_competitors_without_latency() -> None:
    assert paying_blocks(SandboxFeed(warm_up=0, blocks=60, competitor_latency_ms=0)) == 0


def test_the_scanner_finds_plenty_where_nobody_competes() -> None:
    """The control of the test above: it is the competitors who leave nothing."""
    assert paying_blocks(SandboxFeed(warm_up=0, blocks=30, competitors=0)) > 5


def test_without_latency_competitors_leave_nothing_in_a_long_run_either() -> None:
    result = tally(SandboxFeed(competitor_latency_ms=0), blocks=800, least_profit=1)
    assert result.attempts == 0
    assert result.captured == 0
    assert result.taken_by_others > ETHER


def test_by_default_profit_is_rare_small_and_mostly_lost() -> None:
    result = tally(SandboxFeed(), blocks=1500, least_profit=LEAST_PROFIT)
    assert result.blocks // 100 < result.attempts < result.blocks // 10
    assert 0 < result.landed < result.attempts // 2
    assert 0 < result.captured < result.taken_by_others * 15 // 100
