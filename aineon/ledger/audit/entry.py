"""AuditEntry: one decision, and the hash that chains it to all before it."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from aineon.errors import AuditUnwritable

JsonValue: TypeAlias = (
    "str | int | float | bool | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
Details: TypeAlias = Mapping[str, JsonValue]

GENESIS: Final = "0" * 64
"""What the first entry has in place of a previous hash."""

LONGEST_NAME: Final = 200
LONGEST_SUBJECT: Final = 500
LONGEST_DETAIL: Final = 65_536

_FORM: Final = "aineon audit 1"
# Made once: `json.dumps` makes one for each call, which takes longer than the hash.
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))
_ACTION: Final = re.compile(r"[a-z_]+(\.[a-z_]+)+")
# Beyond it other readers of JSON round; amounts are decimal strings.
_LARGEST_INT: Final = 2**53


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decided: an entry that has no place in the chain yet.

    Attributes:
        at: seconds since the Unix epoch.
        who: an operator's name, or the part of AINEON.
        action: a dotted word such as `withdrawal.request`.
        subject: what it is about: a withdrawal's id, a setting's name.
        detail: canonical JSON of an object.
    """

    at: float
    who: str
    action: str
    subject: str
    detail: str

    @classmethod
    def of(cls, who: str, action: str, subject: str, detail: Details, at: float) -> Decision:
        """Return the decision that these values make.

        Raises:
            AuditUnwritable: one of them cannot be kept exactly as it is.
        """
        if not _ACTION.fullmatch(action):
            raise AuditUnwritable(f"audit action {action!r} is not dotted words such as stop.latch")
        if not (math.isfinite(at) and at >= 0):
            raise AuditUnwritable(f"the time {at!r} of an audit entry is not seconds since 1970")
        return cls(
            at=float(at),
            who=_text("name", who, LONGEST_NAME, least=1),
            action=_text("action", action, LONGEST_NAME),
            subject=_text("subject", subject, LONGEST_SUBJECT),
            detail=_text("detail", canonical(detail), LONGEST_DETAIL),
        )


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry of the chain; `number` counts from 1 on without a gap."""

    number: int
    decision: Decision
    previous: str
    hash: str

    @classmethod
    def after(cls, number: int, previous: str, decision: Decision) -> AuditEntry:
        """Return `decision` as the entry that follows entry `number` with hash `previous`."""
        return cls(number + 1, decision, previous, hash_of(number + 1, previous, decision))

    @property
    def details(self) -> dict[str, JsonValue]:
        """The detail as values."""
        read: dict[str, JsonValue] = json.loads(self.decision.detail)
        return read


def hash_of(number: int, previous: str, decision: Decision) -> str:
    """Return the SHA-256 of an entry, in hex.

    It is taken over a JSON array, in which no two different entries look alike: form, number,
    previous hash, time, who, action, subject, detail. The time is the shortest text that reads
    back as the same double.
    """
    parts = [
        _FORM,
        number,
        previous,
        repr(decision.at),
        decision.who,
        decision.action,
        decision.subject,
        decision.detail,
    ]
    return hashlib.sha256(_ENCODER.encode(parts).encode("ascii")).hexdigest()


def canonical(detail: Details) -> str:
    """Return `detail` as JSON that has one form only: sorted names, no spaces, ASCII.

    Raises:
        AuditUnwritable: it holds something that JSON does not, or that readers would round.
    """
    _check("detail", detail)
    return json.dumps(_plain(detail), sort_keys=True, separators=(",", ":"), allow_nan=False)


def _check(name: str, value: object) -> None:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if not isinstance(key, str):
                raise AuditUnwritable(f"{name} of an audit entry has the name {key!r}, not a text")
            _check(f"{name}.{key}", part)
    elif isinstance(value, list | tuple):
        for part in value:
            _check(name, part)
    elif isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > _LARGEST_INT:
            raise AuditUnwritable(
                f"{name} of an audit entry is {value}; amounts are written as decimal strings"
            )
    elif isinstance(value, float) and not math.isfinite(value):
        raise AuditUnwritable(f"{name} of an audit entry is {value}, which is no figure")
    elif value is not None and not isinstance(value, str | int | float):
        raise AuditUnwritable(f"{name} of an audit entry is a {type(value).__name__}, not JSON")


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _text(name: str, text: str, longest: int, least: int = 0) -> str:
    if not least <= len(text) <= longest:
        raise AuditUnwritable(
            f"{name} of an audit entry has {len(text)} characters; allowed are {least} to {longest}"
        )
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise AuditUnwritable(f"{name} of an audit entry holds a character that is no text")
    return text
