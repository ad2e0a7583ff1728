"""What an engine learns with: the optimizer, and what prepares it beside the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from aineon.engine.advising import Heed, obeyed, observed
from aineon.engine.engine import Companion
from aineon.engine.hindsight import Hindsight
from aineon.engine.optimizing import Learning
from aineon.feeds.base import Feed
from aineon.optimizer.arms import Channel
from aineon.primitives import Clock
from aineon.runtime.books import Books
from aineon.runtime.sections.optimizer import OptimizerRole
from aineon.runtime.settings import Settings
from aineon.search import CostModel

if TYPE_CHECKING:
    from aineon.engine.ways import WayChooser
    from aineon.market import Market
    from aineon.optimizer import Optimizer
    from aineon.optimizer.bandit import Bandit

_HEED: Final[dict[OptimizerRole, Heed]] = {
    OptimizerRole.OBSERVE: observed,
    OptimizerRole.DECIDE: obeyed,
}


class Taught(NamedTuple):
    """What learns in an engine, and what prepares it; None of either where there is none."""

    learning: Learning | None
    desk: Companion | None


def learning_beside(
    settings: Settings,
    feed: Feed,
    hindsight: Hindsight,
    costs: CostModel,
    books: Books | None,
    clock: Clock,
    ways: WayChooser | None = None,
) -> Taught:
    """Return what learns from `feed`, as the settings want it.

    Args:
        settings: what the optimizer may do.
        feed: what it looks at.
        hindsight: tells what became of opportunities.
        costs: tells what takings are worth.
        books: where samples are; None keeps none.
        clock: seconds since the epoch.
        ways: chooses how attempts are sent, where there is a choice.
    """
    heed = _HEED.get(settings.optimizer)
    if heed is None:
        return Taught(None, None)
    from aineon.optimizer.features.builder import FeatureBuilder

    make = maker_of(settings, None if ways is None else ways.bandit)
    learning = Learning(
        make(),
        FeatureBuilder(costs),
        hindsight,
        heed,
        settings.optimizer.value,
        costs,
        0 if books is None else books.run.run_id,
        feed.provenance,
        ways,
    )
    if books is None:
        return Taught(learning, None)
    from aineon.runtime.model_desk import ModelDesk

    return Taught(learning, ModelDesk(settings, learning, make, books, clock, ways))


def maker_of(settings: Settings, bandit: Bandit | None = None) -> Callable[[], Optimizer]:
    """Return what makes an optimizer that knows nothing yet; the bandit is the same one in all."""
    from aineon.optimizer import Optimizer
    from aineon.optimizer.features.catalogue import NAMES

    channel = channel_of(settings)
    rule, seed = settings.builder_tip_bps, settings.seed
    return lambda: Optimizer(rule, NAMES, channel, seed, bandit=bandit)


def channel_of(settings: Settings) -> Channel:
    """How trades travel: in public only where that is allowed and no relay carries them.

    So it is with `aineon.sending`; where relays do, the public mempool gets what lasts alone.
    """
    public = settings.public_mempool and not settings.relay_urls
    return Channel.PUBLIC if public else Channel.PRIVATE


class Beside:
    """Companions that work at the same time; each fails on its own."""

    def __init__(self, companions: tuple[Companion, ...]) -> None:
        self._companions = companions

    @classmethod
    def of(cls, *companions: Companion | None) -> Companion | None:
        """Return those that there are as one; None where there is none."""
        there = tuple(each for each in companions if each is not None)
        return (there[0] if len(there) == 1 else cls(there)) if there else None

    async def run(self, market: Market) -> None:
        """Work until it is cancelled."""
        tasks = [asyncio.create_task(each.run(market)) for each in self._companions]
        try:
            await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
