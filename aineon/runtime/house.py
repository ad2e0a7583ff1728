"""House: the settings that a supervisor starts things with, and what is saved since."""

from __future__ import annotations

from collections.abc import Callable

from aineon.runtime.auditing import note_settings
from aineon.runtime.saved import with_saved_of_place
from aineon.runtime.settings import PARAMETERS, Settings


class House:
    """Settings as they were given at the start, with saved ones as they were last looked up."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self.settings = settings
        self._say = say

    def looked_up(self) -> tuple[Settings, str]:
        """Return the settings as they are saved now, and in words what differs."""
        found = with_saved_of_place(self.settings)
        for sentence in found.ignored:
            self._say(sentence)
        names = [
            parameter.env
            for field, parameter in PARAMETERS.items()
            if getattr(found, field) != getattr(self.settings, field)
        ]
        return found, f"changed: {', '.join(names)}" if names else "nothing differs"

    def move_to(self, settings: Settings) -> None:
        """Start things with these settings from now on, and write down what differs."""
        self.settings = settings
        note_settings(settings, self._say)
