"""The audit as the settings place it: its anchor, and the secrets that must not get into it."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from aineon.errors import AuditUnwritable, LedgerError
from aineon.ledger.audit import AuditEntry, AuditLog, AuditTrail, JsonValue, note
from aineon.ledger.audit.anchor import Anchor, SharedAnchor
from aineon.ledger.audit.entry import LONGEST_SUBJECT
from aineon.ledger.connect import BUSY_TIMEOUT_SECONDS
from aineon.ledger.control import ControlStore
from aineon.primitives import Clock, SystemClock
from aineon.runtime.redaction import Redactor, secrets_of
from aineon.runtime.sections.processes import SEVERAL
from aineon.runtime.settings import PARAMETERS, Settings
from aineon.safety import StopKeeper, StopReason

CHANGE: Final = "settings.change"
STOP_SUBJECT: Final = "emergency stop"
_LONGEST_REASON: Final = 1000


def audit_of(settings: Settings, control: ControlStore) -> AuditLog:
    """Return the audit in the control database that is open."""
    return control.audit(anchor_of(settings), Redactor(secrets_of(settings)).text)


def anchor_of(settings: Settings) -> Anchor:
    """Return the audit's anchor of this machine."""
    kind = SharedAnchor if settings.audit_machines == SEVERAL else Anchor
    return kind(settings.anchor_path)


@contextmanager
def open_audit(
    settings: Settings, busy_timeout: float = BUSY_TIMEOUT_SECONDS
) -> Iterator[AuditLog]:
    """Open the control database for the sake of its audit.

    Raises:
        AuditUnwritable: it cannot be opened.
    """
    try:
        control = ControlStore.open(settings.control_url, busy_timeout=busy_timeout)
    except LedgerError as error:
        raise AuditUnwritable(f"the audit cannot be written: {error}") from error
    with control:
        yield audit_of(settings, control)


class NotedStop:
    """A place of the emergency stop whose every latch is in the audit too.

    The latch comes first, and holds whether or not it can be written down; then that is said.
    Clearing passes through: whoever clears writes that down before.
    """

    def __init__(self, keeper: StopKeeper, audit: AuditTrail, say: Callable[[str], None]) -> None:
        self._keeper = keeper
        self._audit = audit
        self._say = say

    @property
    def name(self) -> str:
        """What the place is called."""
        return self._keeper.name

    def look(self) -> Sequence[StopReason]:
        """Return the reasons that hold there."""
        return self._keeper.look()

    def latch(self, reason: StopReason) -> None:
        """Keep `reason`, durably, and write it down."""
        self._keeper.latch(reason)
        note(
            self._audit,
            self._say,
            who=reason.who,
            action="stop.latch",
            subject=STOP_SUBJECT,
            detail={"reason": reason.reason[:_LONGEST_REASON], "place": self.name},
            at=reason.at or SystemClock().now(),
        )

    def clear(self, who: str, at: float, seen: Sequence[StopReason]) -> None:
        """Forget all that is latched there."""
        self._keeper.clear(who, at, seen)


def noted(keeper: StopKeeper, settings: Settings, control: ControlStore) -> StopKeeper:
    """Return `keeper` with its latches written down; what cannot be is logged."""
    log = logging.getLogger(__name__)
    return NotedStop(keeper, audit_of(settings, control), log.warning)


def note_settings(
    settings: Settings, say: Callable[[str], None], clock: Clock | None = None
) -> None:
    """Write down what differs between these settings and those of the last start.

    A secret is written as set or not set. `say` is told where nothing can be written: a start
    spends nothing, and whatever does is refused by itself.
    """
    at = (clock or SystemClock()).now()
    try:
        with open_audit(settings) as audit:
            change = _change(audit.latest(CHANGE), settings)
            if change is None:
                return
            subject = ", ".join(change["changed"])[:LONGEST_SUBJECT] or "first start"
            audit.append(who=whoever_starts(), action=CHANGE, subject=subject, detail=change, at=at)
    except LedgerError as error:
        say(f"the settings of this start are not in the audit: {error}")


def whoever_starts() -> str:
    """Return the name of the user that this process runs as."""
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return "an operator"


def _change(last: AuditEntry | None, settings: Settings) -> dict[str, dict[str, JsonValue]] | None:
    """Return what the audit is to keep of the settings; None where nothing differs."""
    now = {parameter.env: shown(settings, field) for field, parameter in PARAMETERS.items()}
    known = {} if last is None else last.details.get("values", {})
    assert isinstance(known, Mapping)
    if not known:
        return {"changed": {}, "values": dict(now)}
    # A setting that the last start did not know yet was changed by nobody.
    changed: dict[str, JsonValue] = {
        name: {"old": known[name], "new": value}
        for name, value in now.items()
        if name in known and known[name] != value
    }
    return {"changed": changed, "values": dict(now)} if changed else None


def shown(settings: Settings, field: str) -> str:
    """Return a setting's value as the audit keeps it: of a secret, whether it is set."""
    parameter, value = PARAMETERS[field], getattr(settings, field)
    text = parameter.show_with_unit(value)
    return "set" if parameter.secret and value not in (None, ()) else text
