"""The roles that a user can have; what each may do stands in `aineon.access.permissions`."""

from __future__ import annotations

from enum import StrEnum

from aineon.errors import UnknownRole


class Role(StrEnum):
    """What a user is trusted with; every user has exactly one."""

    SUPER_ADMIN = "super admin"
    ADMIN = "admin"
    TRADER = "trader"
    RISK_MANAGER = "risk manager"
    VIEWER = "viewer"

    @classmethod
    def parse(cls, text: str) -> Role:
        """Return the role that a word names: case, and `-` or `_` for the space, do not matter.

        Raises:
            UnknownRole: there is no such role.
        """
        wanted = " ".join(text.replace("-", " ").replace("_", " ").lower().split())
        for role in cls:
            if role.value == wanted:
                return role
        raise UnknownRole(f"role {text!r:.40} is none of: {', '.join(cls)}")
