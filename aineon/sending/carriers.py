"""Carrier: whoever takes signed bytes towards the chain, and what they answer."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from aineon.errors import InvalidIntent, SendingError
from aineon.sending.intent import IntentKind


class Verdict(StrEnum):
    """What an answer says. It never decides anything: nonce and hash on the chain do."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Parcel:
    """Signed bytes on their way out.

    Attributes:
        raw: the transactions, in their order; one, except where others belong to a bundle.
        hashes: of the same.
        blocks: the blocks they are meant for; the public mempool knows no such thing.
    """

    raw: tuple[bytes, ...]
    hashes: tuple[str, ...]
    blocks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a carrier said.

    Attributes:
        carrier: its name; never its address, which may hold a key.
        verdict: what that means.
        reason: a sentence; empty where it was accepted.
        block: the target block that it is about, where there is one.
    """

    carrier: str
    verdict: Verdict
    reason: str = ""
    block: int | None = None


class Carrier(Protocol):
    """Takes bytes towards the chain.

    Attributes:
        name: for messages and statistics.
        is_public: whether everybody may see what it is given before it is mined.
    """

    @property
    def name(self) -> str: ...
    @property
    def is_public(self) -> bool: ...

    async def carry(self, parcel: Parcel) -> Sequence[Answer]:
        """Hand the parcel over, once; never raises for what the other side does."""

    async def aclose(self) -> None:
        """Let go of the connections."""


class CarrierSet:
    """Who is handed what.

    Trades go to relays alone, where there are any. What lasts goes to the public mempool where
    the operator allows it, because nobody gains by seeing it; to the relays otherwise.

    Raises:
        SendingError: there is nobody at all.
    """

    def __init__(self, relays: Sequence[Carrier], public: Carrier | None) -> None:
        if not relays and public is None:
            raise SendingError(
                "there is nobody to hand transactions to: name relays, or allow the public mempool"
            )
        everybody = tuple(relays) if public is None else (*relays, public)
        self._all = everybody
        self._for_trades = tuple(relays) or everybody
        self._for_others = everybody if public is None else (public,)

    def of(self, kind: IntentKind) -> tuple[Carrier, ...]:
        """Return who carries transactions of this kind."""
        return self._for_trades if kind is IntentKind.TRADE else self._for_others

    def is_public(self, kind: IntentKind) -> bool:
        """Whether everybody may see transactions of this kind before they are mined."""
        return any(carrier.is_public for carrier in self.of(kind))

    def chosen(self, kind: IntentKind, through: Collection[str] | None) -> tuple[Carrier, ...]:
        """Return those who carry such transactions and are named in `through`; None names all.

        Raises:
            InvalidIntent: a name is none of theirs, or nobody is named.
        """
        everybody = self.of(kind)
        if through is None:
            return everybody
        names = [carrier.name for carrier in everybody]
        unknown = sorted(set(through).difference(names))
        if unknown or not through:
            raise InvalidIntent(
                f"a {kind} cannot go through {', '.join(unknown) or 'nobody'}; allowed are "
                f"{', '.join(names)}"
            )
        return tuple(carrier for carrier in everybody if carrier.name in through)

    async def carry(
        self, kind: IntentKind, parcel: Parcel, through: Collection[str] | None = None
    ) -> tuple[Answer, ...]:
        """Hand the parcel to all who are `chosen`, at once; never raises for what they do.

        Raises:
            InvalidIntent: as `chosen`; nobody was handed anything.
        """
        told = await asyncio.gather(*(_carry(each, parcel) for each in self.chosen(kind, through)))
        return tuple(answer for some in told for answer in some)

    async def aclose(self) -> None:
        """Let go of all connections."""
        for carrier in self._all:
            await carrier.aclose()


async def _carry(carrier: Carrier, parcel: Parcel) -> Sequence[Answer]:
    try:
        return await carrier.carry(parcel)
    except Exception as error:  # noqa: BLE001 - bytes may be out, so nothing may end the record
        reason = f"failed on our side ({type(error).__name__})"
        return [Answer(carrier.name, Verdict.UNCLEAR, reason)]


def summary(answers: Sequence[Answer]) -> Verdict:
    """Return what several answers say together: one who took it is enough."""
    verdicts = {answer.verdict for answer in answers}
    if Verdict.ACCEPTED in verdicts:
        return Verdict.ACCEPTED
    return Verdict.UNCLEAR if Verdict.UNCLEAR in verdicts or not verdicts else Verdict.REFUSED
