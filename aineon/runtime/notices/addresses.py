"""Where notices are sent: addresses in apprise's form, every one of them a secret."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from aineon.errors import SettingRefused
from aineon.runtime.redaction import Redactor
from aineon.runtime.settings import Settings

if TYPE_CHECKING:
    import apprise

_PARTS: Final = re.compile(r"[/:@?&=#,\s]+")
_SHORTEST: Final = 4


@dataclass(frozen=True)
class Target:
    """One place that notices go to.

    Attributes:
        name: its place in the list and its kind, e.g. `1 telegram`; all that may be shown of it.
        url: the address, with whatever key is in it.
        inside: it may lie inside the machine's own network.
    """

    name: str
    url: str = field(repr=False)
    inside: bool = False

    @cached_property
    def redactor(self) -> Redactor:
        """Masks the address, and whatever part of it could be a key."""
        return Redactor(_secret_parts(self.url))

    def service(self) -> apprise.NotifyBase | None:
        """Return what sends there; None where apprise does not know such an address."""
        found: apprise.NotifyBase | None = _apprise().Apprise.instantiate(self.url)
        return found


def targets_of(settings: Settings) -> tuple[Target, ...]:
    """Return the targets of the settings, in their order."""
    urls = [url.get_secret_value() for url in settings.notify_urls]
    return targets_from(urls, inside=settings.notify_inside)


def targets_from(urls: Sequence[str], *, inside: bool = False) -> tuple[Target, ...]:
    """Return targets with names that tell nothing of their addresses.

    `inside`: they may lie inside the machine's own network.
    """
    return tuple(
        Target(f"{place} {url.partition(':')[0].lower()}", url, inside)
        for place, url in enumerate(urls, 1)
    )


def require_known(targets: Sequence[Target]) -> None:
    """Check that apprise knows every address; nothing is sent.

    Raises:
        SettingRefused: it does not know one; the message does not repeat it.
    """
    unknown = [target.name for target in targets if target.service() is None]
    if unknown:
        raise SettingRefused(
            f"target {', '.join(unknown)} is not an address that apprise knows, or a part of it "
            "is missing; docs/notifications.md has one of each kind."
        )


def _apprise() -> ModuleType:
    # It takes a second to import, which only those who send need to spend.
    import apprise

    # Its lines name addresses; what matters of them is told in our own words.
    logging.getLogger("apprise").propagate = False
    return apprise


def _secret_parts(url: str) -> Iterator[str]:
    yield url
    for part in _PARTS.split(url.partition("://")[2]):
        if len(part) >= _SHORTEST:
            yield part
            yield unquote(part)
