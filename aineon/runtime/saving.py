"""Changing saved settings: what would differ, what that takes, and keeping it.

What a change takes is found by building the settings before and after it and comparing all of
them, because a default may depend on what is changed: whoever raises the attempts in flight
raises the exposure with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from aineon.access.permissions import Action
from aineon.errors import AineonError, SettingRefused
from aineon.ledger.audit import AuditTrail, JsonValue
from aineon.ledger.audit.entry import LONGEST_SUBJECT
from aineon.ledger.control import ControlStore
from aineon.ledger.saved_settings import SavedSetting, SettingChange, require_unmoved
from aineon.primitives import Clock
from aineon.runtime.auditing import CHANGE, audit_of, shown
from aineon.runtime.chain_link import addresses_of, tokens_of
from aineon.runtime.parameter import NotAllowed
from aineon.runtime.saved import Saved, is_overridden, to_save, with_saved
from aineon.runtime.settings import PARAMETERS, Settings

NOTIFICATIONS: Final = "Notifications"
"""The group of parameters that whoever may change notifications may save."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One setting as it is to be.

    Attributes:
        field: of the settings.
        text: as the environment would give it; empty chooses the default again.
        version: of what was saved when the wish was thought of; 0 where nothing ever was.
    """

    field: str
    text: str
    version: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One setting that a change makes differ: texts as people read them, and what it takes."""

    field: str
    old: str
    new: str
    takes: Action


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that is allowed: what it writes, and what differs by it.

    Attributes:
        changes: for the table; secrets in them are sealed.
        differences: of the settings as they will be, derived defaults included.
    """

    changes: tuple[SettingChange, ...]
    differences: tuple[Difference, ...]

    @property
    def takes(self) -> frozenset[Action]:
        """Everything that a person must be allowed to do."""
        return frozenset(difference.takes for difference in self.differences)


def propose(settings: Settings, saved: Saved, wishes: Iterable[Wish]) -> Proposal:
    """Return what the wishes come to, and keep nothing.

    Args:
        settings: in force.
        saved: what is in the table now.
        wishes: what is to be; a wish for what is so already counts as well.

    Raises:
        SettingRefused: a wish is not allowed; the message has a line for each problem.
    """
    wishes = tuple(wishes)
    problems = [words for wish in wishes if (words := _not_to_be_saved(settings, wish))]
    if problems:
        raise SettingRefused("\n".join(problems))
    changes = tuple(_change(settings, wish) for wish in wishes)
    before = with_saved(settings, saved)
    after = with_saved(settings, _changed(saved, changes))
    ignored = [words for words in after.ignored if words not in before.ignored]
    if ignored:
        raise SettingRefused("\n".join(words.replace(" It is ignored.", "") for words in ignored))
    _require_known_tokens(before, after)
    return Proposal(changes, _differences(before, after))


def save(
    settings: Settings, control: ControlStore, proposal: Proposal, who: str, clock: Clock
) -> None:
    """Keep a proposal: it is written down first, and then saved, all of it or nothing.

    Raises:
        SettingMoved: somebody else changed one of the settings since.
        AuditUnwritable: it cannot be written down; nothing is saved then.
        LedgerError: it cannot be saved.
    """
    table = control.saved_settings
    saved = table.all()
    for change in proposal.changes:
        require_unmoved(saved.get(change.name), change)
    audit = audit_of(settings, control)
    changed: dict[str, JsonValue] = {
        PARAMETERS[each.field].env: {"old": each.old, "new": each.new}
        for each in proposal.differences
    }
    new = {PARAMETERS[each.field].env: each.new for each in proposal.differences}
    last = audit.latest(CHANGE)
    known = {} if last is None else last.details.get("values", {})
    assert isinstance(known, Mapping)
    _append(audit, who, clock.now(), {"changed": changed, "values": {**known, **new}})
    table.change(proposal.changes, who, clock.now())


def takes(field: str, old: object, new: object) -> Action:
    """Return what one must be allowed to do for this change of one setting."""
    parameter = PARAMETERS[field]
    if parameter.group == NOTIFICATIONS:
        return Action.CHANGE_NOTIFICATIONS
    if parameter.lets_more is None:
        return Action.CHANGE_SETTING
    return Action.RAISE_LIMIT if parameter.lets_more(old, new) else Action.LOWER_LIMIT


def _append(audit: AuditTrail, who: str, at: float, detail: Mapping[str, JsonValue]) -> None:
    changed = detail["changed"]
    assert isinstance(changed, Mapping)
    subject = ", ".join(changed)[:LONGEST_SUBJECT] or "as it was"
    audit.append(who=who, action=CHANGE, subject=subject, detail=detail, at=at)


def _not_to_be_saved(settings: Settings, wish: Wish) -> str:
    parameter = PARAMETERS.get(wish.field)
    if parameter is None:
        return f"{wish.field!r:.60} is not a setting."
    if not parameter.savable:
        return f"{parameter.env} is not changed here; set it in the environment or in `.env`."
    if is_overridden(settings, wish.field):
        return (
            f"{parameter.env} is given by {settings.origin(wish.field)}, which goes before what is "
            "saved; change it there."
        )
    try:
        if wish.text.strip():
            parameter.read(wish.text)
    except NotAllowed as error:
        return parameter.refusal(wish.text, "", error.reason)
    return ""


def _change(settings: Settings, wish: Wish) -> SettingChange:
    parameter = PARAMETERS[wish.field]
    text = wish.text.strip()
    try:
        value = to_save(settings, parameter, text) if text else None
    except AineonError as error:
        raise SettingRefused(f"{parameter.env} cannot be kept secret: {error}") from error
    return SettingChange(parameter.env, value, wish.version)


def _changed(saved: Saved, changes: tuple[SettingChange, ...]) -> Saved:
    new = {
        each.name: SavedSetting(each.name, each.value, each.version, "", 0.0) for each in changes
    }
    return {**saved, **new}


def _require_known_tokens(before: Settings, after: Settings) -> None:
    """A token that the chain does not know would keep the engine from starting."""
    if before.tokens == after.tokens:
        return
    try:
        tokens_of(after, addresses_of(after))
    except AineonError as error:
        raise SettingRefused(str(error)) from error


def _differences(before: Settings, after: Settings) -> tuple[Difference, ...]:
    found = []
    for field in PARAMETERS:
        old, new = getattr(before, field), getattr(after, field)
        if old != new:
            texts = shown(before, field), shown(after, field)
            found.append(Difference(field, *texts, takes(field, old, new)))
    return tuple(_told_apart(each) for each in found)


def _told_apart(difference: Difference) -> Difference:
    """A secret reads the same before and after."""
    if difference.old != difference.new:
        return difference
    return replace(difference, new=f"{difference.new} to another value")
