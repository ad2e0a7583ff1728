"""Standing: what became of an intent, told from all that was signed for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from aineon.sending.carriers import Answer
from aineon.sending.slots import Version
from aineon.sending.states import TransactionState

_S = TransactionState


class Standing(StrEnum):
    """How an intent stands."""

    IN_FLIGHT = "in flight"
    """It may be mined."""
    MINED = "mined"
    """It is in a block that a reorganisation can still take back."""
    FINAL = "final"
    """It is in a finalised block; whether it succeeded is in the version's landing."""
    MISSED = "missed"
    """A trade whose blocks passed. Until its nonce is spent for good it may still be mined, and
    then the contract's deadline reverts it."""
    CANCELLED = "cancelled"
    """A cancel was mined for good in its place."""
    DISPLACED = "displaced"
    """Its nonce was spent for good by something else; sending it again signs a new nonce."""


@dataclass(frozen=True, slots=True)
class SentIntent:
    """An intent and how it stands.

    Attributes:
        version: the one that was mined; the newest where none was.
        answers: of the carriers, where it was handed over just now.
    """

    intent_id: str
    standing: Standing
    version: Version
    answers: tuple[Answer, ...] = ()


def sent_intent(
    versions: Sequence[Version], answers: Sequence[Answer] = (), *, cancelled: bool = False
) -> SentIntent:
    """Return how an intent stands, from its versions, of which there is at least one."""
    landed = [version for version in versions if version.state in {_S.MINED, _S.FINALISED}]
    decisive = landed[-1] if landed else versions[-1]
    standing = _standing(versions, decisive, cancelled)
    return SentIntent(decisive.intent_id, standing, decisive, tuple(answers))


def _standing(versions: Sequence[Version], decisive: Version, cancelled: bool) -> Standing:
    if decisive.state is _S.FINALISED:
        return Standing.FINAL
    if decisive.state is _S.MINED:
        return Standing.MINED
    states = {version.state for version in versions}
    if decisive.is_perishable:
        over = {_S.MISSED, _S.SUPERSEDED, _S.REPLACED}
        return Standing.MISSED if states <= over else Standing.IN_FLIGHT
    if states != {_S.REPLACED}:
        return Standing.IN_FLIGHT
    return Standing.CANCELLED if cancelled else Standing.DISPLACED
