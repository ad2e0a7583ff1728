"""Many reads of contracts at one block in few requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from aineon.chain.client.aggregate import (
    MOST_CALLS,
    Answer,
    answers_in,
    can_join,
    creation_code,
    portions,
)
from aineon.chain.client.together import together
from aineon.chain.reader import BlockRef, Call
from aineon.errors import CallReverted, NodeRefused

_FEWER = 8
"""How many times fewer calls share a request when they are asked again."""


class Calls:
    """Joins calls into requests, and asks again what company may have spoiled."""

    def __init__(
        self,
        call: Callable[[Call, BlockRef], Awaitable[bytes]],
        revert_of: Callable[[bytes, BlockRef], Awaitable[bytes]],
        at_once: int,
    ) -> None:
        self._call = call
        self._revert_of = revert_of
        self._at_once = min(at_once, MOST_CALLS)

    async def read(self, calls: Sequence[Call], block: BlockRef) -> list[bytes | None]:
        """Return the answers in the order of the calls; None for each that reverted.

        Raises:
            ChainError: no node answers.
        """
        answers: dict[int, bytes | None] = {}
        company = [place for place, call in enumerate(calls) if can_join(call)]
        single = [place for place, call in enumerate(calls) if not can_join(call)]
        at_once = self._at_once
        while company and at_once > 1 and len(company) > 1:
            company = await self._round(calls, company, at_once, block, answers)
            at_once //= _FEWER
        single += company
        found = await together(self._one(calls[place], block) for place in single)
        answers.update(zip(single, found, strict=True))
        return [answers[place] for place in range(len(calls))]

    async def _round(
        self,
        calls: Sequence[Call],
        places: Sequence[int],
        at_once: int,
        block: BlockRef,
        answers: dict[int, bytes | None],
    ) -> list[int]:
        """Ask for all `places` in company; return those that must be asked again."""
        sizes = [len(call.data) for call in calls]
        joined = list(portions(places, sizes, at_once))
        found = await together(
            self._together([calls[place] for place in portion], block) for portion in joined
        )
        again = []
        for portion, results in zip(joined, found, strict=True):
            for place, answer in zip(portion, results, strict=True):
                if answer.final:
                    answers[place] = answer.output
                else:
                    again.append(place)
        return again

    async def _together(self, calls: Sequence[Call], block: BlockRef) -> list[Answer]:
        """Return what one request answers; nothing final where the node cannot do it."""
        try:
            return answers_in(await self._revert_of(creation_code(calls), block), len(calls))
        except (NodeRefused, ValueError):
            # Too much gas, too many bytes: fewer at once may do. Some nodes keep to themselves
            # what a revert says: then each call has to be made alone.
            return [Answer(None, final=False)] * len(calls)

    async def _one(self, call: Call, block: BlockRef) -> bytes | None:
        try:
            return await self._call(call, block)
        except CallReverted:
            return None
