"""Changing who is told of what, and trying it out."""

from __future__ import annotations

from typing import Final

from aineon.errors import SettingRefused
from aineon.ledger.control import ControlStore
from aineon.runtime.auditing import audit_of
from aineon.runtime.notices.addresses import require_known, targets_from
from aineon.runtime.notices.kinds import NoticeKind
from aineon.runtime.notices.wording import line
from aineon.runtime.parameter import NotAllowed
from aineon.runtime.settings import PARAMETERS
from app.asking import Asked, Result
from app.effects import settings
from app.effects.auditing import PATIENCE_SECONDS
from app.effects.mode import is_supervised

_URLS: Final = "notify_urls"


def change(asked: Asked) -> Result:
    """Save targets, kinds and the least amount; targets are sealed before they are kept."""
    try:
        for wish in settings.wishes_in(asked.body):
            if wish.field == _URLS and wish.text.strip():
                _require_targets(wish.text)
    except SettingRefused as error:
        return Result(False, str(error))
    return settings.change(asked)


def test(asked: Asked) -> Result:
    """Leave a notice that every target gets, whatever kinds are switched off."""
    if not is_supervised():
        return Result(
            False, "Nobody is there to send it: this console was not started by `aineon up`."
        )
    who, at, mode = asked.visitor.name, asked.clock.now(), asked.settings.mode.value
    url = asked.settings.control_url
    with ControlStore.open(url, busy_timeout=PATIENCE_SECONDS) as control:
        audit_of(asked.settings, control).append(
            who=who, action="notification.test", subject=mode, detail={}, at=at
        )
        words = f"A test that {line(who)} asked for: notices get here."
        control.notices.leave(NoticeKind.TEST.value, mode, words, at)
    return Result(True, "A test is on its way; what becomes of it is shown below.")


def _require_targets(text: str) -> None:
    parameter = PARAMETERS[_URLS]
    try:
        urls = parameter.read(text)
    except NotAllowed as error:
        raise SettingRefused(parameter.refusal(text, "", error.reason)) from error
    require_known(targets_from([url.get_secret_value() for url in urls]))
