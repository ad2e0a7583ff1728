"""A sandbox with auctions becomes a tape that knows nothing of what comes after each block."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from aineon.amm import Pool
from aineon.engine.taping import Recorder, scanner_of, tape_of
from aineon.errors import FeedError
from aineon.feeds.base import FeedStep
from aineon.feeds.sandbox import SandboxFeed
from aineon.feeds.sandbox.rivals import MIXES
from aineon.feeds.sandbox.universe import universe_named
from aineon.market import Market
from aineon.optimizer import ARMS, Tape
from aineon.optimizer.features.builder import FeatureBuilder
from aineon.optimizer.features.catalogue import NAMES
from aineon.optimizer.features.seeing import TakingSeen
from aineon.optimizer.honesty import differences, leaks
from aineon.primitives import Address, Block
from aineon.search import CostModel
from aineon.search.lenders import standard_lenders

BLOCKS, SHORT = 240, 70
FEED = SandboxFeed(seed=11, warm_up=0, rivals=MIXES["mixed"])
COSTS = CostModel(lenders=standard_lenders(), native_token=FEED.native_token)


@pytest.fixture(scope="module")
def steps() -> list[FeedStep]:
    simulation = FEED.simulation()
    genesis = FeedStep(simulation.genesis())
    return [genesis, *(simulation.advance() for _ in range(BLOCKS))]


@pytest.fixture(scope="module")
def tape() -> Tape:
    return tape_of(FEED, BLOCKS)


def recorded(steps: Sequence[FeedStep], builder: FeatureBuilder | None = None) -> Recorder:
    recorder = Recorder(scanner_of(FEED, COSTS), COSTS, builder)
    for number, step in enumerate(steps):
        recorder.watch(step)
        if number:
            recorder.record()
    return recorder


def everything(recorder: Recorder) -> Tape:
    """The rows whose end is known, and what stands open."""
    ended, standing = recorder.tape(), recorder.standing()
    return replace(
        ended,
        features=np.vstack([ended.features, standing.features]),
        pairs=np.append(ended.pairs, np.zeros(len(standing), dtype=np.int64)),
        **{
            name: np.append(getattr(ended, name), getattr(standing, name))
            for name in (
                "blocks", "times", "net", "gas", "needed", "known_at", "censored", "offered",
            )
        },
    )  # fmt: skip


class AheadBuilder(FeatureBuilder):
    """A control whose clock is one block ahead: it hears now what others take next."""

    def __init__(self, steps: Sequence[FeedStep]) -> None:
        super().__init__(COSTS)
        self._to_come = {
            step.update.block.number - 1: [
                TakingSeen(each.pools, 10**16, each.builder_payment_wei, each.searcher)
                for each in step.takings
            ]
            for step in steps
        }

    def observe(
        self,
        block: Block,
        before: Mapping[Address, Pool],
        market: Market,
        changed: Collection[Address],
        takings: Sequence[TakingSeen] = (),
    ) -> None:
        coming = self._to_come.get(block.number, [])
        super().observe(block, before, market, changed, coming)


def test_a_tape_of_a_sandbox_has_what_a_tape_needs(tape: Tape) -> None:
    assert tape.names == NAMES
    assert len(tape) > 30
    assert leaks(tape) == ()
    assert (tape.net > 0).all()
    assert (tape.gas > 0).all()
    assert not np.isnan(tape.needed).any()
    assert set(tape.known_at - tape.times) == {12.0}
    assert tape.chances is not None
    assert (np.diff(tape.chances, axis=1) >= 0).all(), "a dearer bid lands at least as often"
    keys = list(zip(tape.blocks, tape.pairs, tape.net, strict=True))
    assert len(set(keys)) == len(keys)


def test_outcomes_agree_with_the_chances(tape: Tape) -> None:
    assert tape.chances is not None
    landed = tape.needed[:, None] <= np.array(ARMS)
    spread = np.sqrt((tape.chances * (1 - tape.chances)).sum(axis=0))
    assert (np.abs(landed.sum(axis=0) - tape.chances.sum(axis=0)) < 4 * spread).all()


def test_the_wide_universe_has_several_opportunities_a_block_and_a_cut_tells_no_more() -> None:
    feed = SandboxFeed(
        seed=206, warm_up=0, rivals=MIXES["mixed"], universe=universe_named("wide", 206)
    )
    whole, cut = tape_of(feed, 40), tape_of(feed, 25)
    assert len(whole) > 1.5 * 40
    assert len(whole.pair_names) >= 12
    swaps_once = list(zip(whole.blocks, whole.pairs, whole.net, strict=True))
    assert len(set(swaps_once)) == len(swaps_once)
    assert whole.chances is not None
    assert cut.chances is not None
    same = slice(len(cut))
    assert differences(whole, cut) == ()
    assert np.array_equal(cut.chances, whole.chances[same])
    assert np.array_equal(cut.needed, whole.needed[same])


def test_a_tape_cut_at_a_block_is_the_whole_one_up_to_there(
    tape: Tape, steps: list[FeedStep]
) -> None:
    last = int(tape.blocks[len(tape) // 2])
    cut = recorded(steps[: last + 1])
    assert len(cut.standing()), "the check is about what stands open where the tape is cut"
    assert differences(tape, everything(cut)) == ()
    ended = cut.tape()
    assert np.array_equal(ended.needed, tape.needed[: len(ended)])
    assert ended.chances is None, "only a generator knows the chances"


def test_a_clock_that_is_a_block_ahead_is_caught_by_the_cut(
    tape: Tape, steps: list[FeedStep]
) -> None:
    fought_over = (tape.needed > 0) & np.isfinite(tape.needed)
    last = int(tape.blocks[fought_over & (tape.blocks > SHORT)][0])
    whole, cut = steps[: last + 2], steps[: last + 1]
    found = differences(
        everything(recorded(whole, AheadBuilder(whole))),
        everything(recorded(cut, AheadBuilder(cut))),
    )
    assert "since_contested" in found


def test_clocks_that_differ_change_nothing_but_the_time_of_day(steps: list[FeedStep]) -> None:
    def later(seconds: int) -> list[FeedStep]:
        return [
            replace(
                step,
                update=replace(
                    step.update,
                    block=replace(
                        step.update.block, timestamp=(step.update.block.timestamp or 0) + seconds
                    ),
                ),
            )
            for step in steps[:SHORT]
        ]

    now = recorded(later(0)).tape()
    assert differences(now, recorded(later(86_400)).tape()) == ()
    assert differences(now, recorded(later(5_000)).tape()) == ("day_sin", "day_cos")


def test_what_is_only_watched_makes_no_rows(tape: Tape) -> None:
    assert tape_of(FEED, 60, warm_up=60).blocks.min() > 60
    assert tape.blocks.min() <= 60


def test_a_sandbox_without_rivals_makes_no_tape() -> None:
    with pytest.raises(FeedError, match="no rivals"):
        tape_of(SandboxFeed(seed=1), 3)
