"""What the engine tells of its optimizer, as values; read from the heartbeat's plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from aineon.ledger.heartbeat import Heartbeat
from aineon.optimizer.telling import (
    AlarmTold,
    ArmTold,
    BandTold,
    BinTold,
    CaptureTold,
    OptimizerTold,
    WayTold,
)
from app import format as fmt

DECIDERS: Final[Mapping[str, str]] = {
    "rule": "the plain rule",
    "table": "the table of past outcomes",
    "rivals": "what is known of each rival",
    "ensemble": "the trained models",
    "mean": "models and what is known without them, averaged",
}
"""Who decides, as people call it."""

SHORT: Final[Mapping[str, str]] = {
    "rule": "Rule",
    "table": "Table",
    "rivals": "Rivals",
    "ensemble": "Models",
    "mean": "Mean",
}
"""The same in as few letters as a box has room for."""

POLICIES: Final[Mapping[str, str]] = {
    "chosen": "AINEON's own choice",
    "clairvoyant": "Clairvoyant: knows every outcome beforehand, out of reach",
    **{name: words[0].upper() + words[1:] for name, words in DECIDERS.items()},
}
"""Ways of deciding that are compared, as people call them."""

_PARTS: Final[Mapping[str, type]] = {
    "calibration": BinTold,
    "captured": CaptureTold,
    "arms": ArmTold,
    "ways": WayTold,
    "bands": BandTold,
    "alarms": AlarmTold,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What the engine tells.

    Attributes:
        role: what the optimizer may do: `observe` or `decide`.
        standing: how it stands.
        training: how the last training went, in words.
        champions: versions of the models that were put to use, the newest first.
    """

    role: str
    standing: OptimizerTold
    training: str
    champions: tuple[str, ...]


def told_in(heartbeat: Heartbeat | None) -> Told | None:
    """Return what a heartbeat tells; None where it tells nothing, or in a way not known here."""
    body = None if heartbeat is None else heartbeat.optimizer
    if body is None:
        return None
    try:
        parts = {name: _several(kind, body.get(name, ())) for name, kind in _PARTS.items()}
        standing = _one(OptimizerTold, {**body, **parts})
        training = _training_words(body.get("training"))
        champions = tuple(dict.fromkeys(str(each["version"]) for each in body.get("history", ())))
    except (AttributeError, LookupError, TypeError, ValueError):
        # An engine of another version.
        return None
    return Told(str(body.get("role", "")), standing, training, champions)


def decider(name: str | None) -> str:
    """Return who decides in words."""
    return "nobody" if name is None else DECIDERS.get(name, name)


def _training_words(told: Mapping[str, Any] | None) -> str:
    if told is None:
        return "No training has been told of yet."
    return (
        f"Last training: {fmt.time_utc(told['at'])}, on {told['rows']:,} opportunities, in "
        f"{told['seconds']:.0f} s: {fmt.plain(str(told['words']))}."
    )


def _several(kind: type, given: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    return tuple(_one(kind, each) for each in given)


def _one(kind: type, given: Mapping[str, Any]) -> Any:
    known = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in given.items() if name in known})
