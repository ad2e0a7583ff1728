"""What a button hands over, and what it gets back.

Effects (`app/effects`) and actions (`app/actions.py`) both take these from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aineon.access.permissions import Action
from aineon.access.roles import Role
from aineon.primitives import Clock
from aineon.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever presses a button.

    Attributes:
        name: what the audit calls them.
        role: None for whoever is not signed in where a sign-in is needed: that may nothing.
        session_id: names their session, and opens none; None for the operator of a console that
            needs no sign-in, and for nobody.
    """

    name: str
    role: Role | None
    session_id: str | None = None

    @property
    def is_local_operator(self) -> bool:
        """Whether they are here without a sign-in, because none is needed."""
        return self.session_id is None and self.role is not None


LOCAL_OPERATOR: Final = Visitor("operator", Role.SUPER_ADMIN)
"""Whoever reaches a console that needs no sign-in."""
NOBODY: Final = Visitor("nobody", None)
"""Whoever has no session (any more) at a console that needs one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A button that was pressed.

    Attributes:
        action: what is asked for.
        visitor: by whom.
        settings, clock: those of the console.
        body: the form's fields, as they were filled in.
        token: names the form; the same one sent twice is one wish. Empty where that is no matter.
        code: the one-time code, or the word that stands in its place; None where none was given.
        proof: what the engine takes as proof that a code was given for what the body's `digest`
            names; empty where nothing was to be proven.
    """

    action: Action
    visitor: Visitor
    settings: Settings
    clock: Clock
    # A password may be among the fields.
    body: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str = ""
    code: str | None = field(default=None, repr=False)
    proof: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an action.

    Attributes:
        accepted: whether it was taken up.
        words: a sentence for people.
        once: what is shown to the visitor this one time, such as recovery codes; it is kept
            nowhere and logged nowhere.
    """

    accepted: bool
    words: str
    once: tuple[str, ...] = field(default=(), repr=False)
