"""Changing saved settings, having them applied, and asking the nodes how they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from aineon.access import permissions
from aineon.access.permissions import Action
from aineon.errors import SettingRefused
from aineon.ledger.control import ControlStore
from aineon.ledger.requests import RequestKind
from aineon.ledger.saved_settings import require_unmoved
from aineon.runtime.auditing import audit_of
from aineon.runtime.saving import Proposal, Wish, propose, save
from aineon.runtime.settings import PARAMETERS
from app.asking import Asked, Result
from app.effects.auditing import PATIENCE_SECONDS, refused
from app.effects.mode import is_supervised

WHAT: Final = "what"
LIVE: Final = "live"
"""Body of `look_at_nodes`: the whole checklist of live mode, of which the nodes are a part."""
_VALUE: Final = "value."
_VERSION: Final = "version."
_NOTHING_DIFFERS: Final = "Nothing differs: it is saved so already."
_NEXT_START: Final = "It is in force from the next start of AINEON on."


def body_of(wishes: Iterable[Wish]) -> dict[str, str]:
    """Return the body of a change."""
    body = {}
    for wish in wishes:
        body[f"{_VALUE}{wish.field}"] = wish.text
        body[f"{_VERSION}{wish.field}"] = str(wish.version)
    return body


def wishes_in(body: Mapping[str, str]) -> tuple[Wish, ...]:
    """Return what a body asks for.

    Raises:
        SettingRefused: it is none of `body_of`.
    """
    wishes = []
    for key, text in body.items():
        if key.startswith(_VALUE):
            field = key.removeprefix(_VALUE)
            version = body.get(f"{_VERSION}{field}", "")
            if not version.isdecimal() or len(version) > 9:
                raise SettingRefused("the form does not say what it was drawn from; load it anew")
            wishes.append(Wish(field, text, int(version)))
    if not wishes:
        raise SettingRefused("no setting was named")
    return tuple(wishes)


def look_at_change(asked: Asked) -> Result | None:
    """Refuse what is not allowed as a setting, not to this visitor, or was changed meanwhile."""
    try:
        with ControlStore.open_reader(
            asked.settings.control_url, busy_timeout=PATIENCE_SECONDS
        ) as control:
            saved = control.saved_settings.all()
        proposal = propose(asked.settings, saved, wishes_in(asked.body))
        for each in proposal.changes:
            require_unmoved(saved.get(each.name), each)
    except SettingRefused as error:
        return Result(False, str(error))
    if not proposal.differences:
        return Result(True, _NOTHING_DIFFERS)
    words = why_not(asked, proposal)
    return refused(asked, words) if words else None


def change(asked: Asked) -> Result:
    """Save settings, and have the engine started anew with them.

    Whatever the form showed, what the change takes is worked out here, from the values.
    """
    try:
        wishes = wishes_in(asked.body)
        url = asked.settings.control_url
        with ControlStore.open(url, busy_timeout=PATIENCE_SECONDS) as control:
            proposal = propose(asked.settings, control.saved_settings.all(), wishes)
            if not proposal.differences:
                return Result(True, _NOTHING_DIFFERS)
            if words := why_not(asked, proposal):
                return refused(asked, words)
            save(asked.settings, control, proposal, asked.visitor.name, asked.clock)
            return Result(True, f"Saved and audited. {_apply(asked, control)}")
    except SettingRefused as error:
        return Result(False, str(error))


def why_not(asked: Asked, proposal: Proposal) -> str:
    """Return why this visitor may not make a change; nothing where he may."""
    for action in sorted(proposal.takes):
        if asked.visitor.role is None or not permissions.may(asked.visitor.role, action):
            named = _names(proposal, action)
            return f"{asked.visitor.name} may not {action} ({named}): that takes another role."
    if Action.RAISE_LIMIT in proposal.takes and asked.action is not Action.RAISE_LIMIT:
        named = _names(proposal, Action.RAISE_LIMIT)
        return f"This lets more through than before ({named}), so it takes a one-time code."
    return ""


def look_at_nodes(asked: Asked) -> Result:
    """Ask the supervisor to ask every node, or to look at the checklist of live mode.

    It alone knows addresses and keys.
    """
    if asked.body.get(WHAT) == LIVE:
        words = "The checklist is being looked at."
        return _ask(asked, RequestKind.LIVE, "live.request", words)
    return _ask(asked, RequestKind.NODES, "node.request", "The nodes are being asked.")


def _apply(asked: Asked, control: ControlStore) -> str:
    if not is_supervised():
        return _NEXT_START
    mode, who, at = asked.settings.mode.value, asked.visitor.name, asked.clock.now()
    control.requests.ask(mode, who, at, RequestKind.SETTINGS)
    return "The engine is started anew with it, in the same mode."


def _ask(asked: Asked, kind: RequestKind, noted: str, words: str) -> Result:
    if not is_supervised():
        return Result(
            False, "Nobody is there to do it: this console was not started by `aineon up`."
        )
    settings, who, at = asked.settings, asked.visitor.name, asked.clock.now()
    with ControlStore.open(settings.control_url, busy_timeout=PATIENCE_SECONDS) as control:
        latest = control.requests.latest(kind)
        if latest is not None and latest.is_open:
            return Result(False, "It has been asked for already, and is being seen to.")
        mode = settings.mode.value
        audit_of(settings, control).append(who=who, action=noted, subject=mode, detail={}, at=at)
        control.requests.ask(mode, who, at, kind)
    return Result(True, words)


def _names(proposal: Proposal, action: Action) -> str:
    return ", ".join(
        PARAMETERS[each.field].label for each in proposal.differences if each.takes is action
    )
