"""Settings: who has to sign in, and how long a session stands."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, SecretStr

from aineon.runtime import kinds
from aineon.runtime.parameter import Parameter

_GROUP = "Sign-in"
SIGN_IN_CHOICES = ("auto", "always")


class AccessSettings(BaseModel):
    """Sign-in and sessions."""

    sign_in: Annotated[
        str,
        Parameter(
            "AINEON_SIGN_IN",
            "Sign-in",
            _GROUP,
            kinds.CHOICE,
            "When the console asks who is there: always, or (auto) as soon as others could reach "
            "it or the mode is live.",
            choices=SIGN_IN_CHOICES,
        ),
    ] = "auto"

    setup_token: Annotated[
        SecretStr | None,
        Parameter(
            "AINEON_SETUP_TOKEN",
            "Set-up token",
            _GROUP,
            kinds.SETUP_TOKEN,
            "Whoever gives it creates the first user, while there is none.",
            secret=True,
            shared=True,
            default_words="made and printed by `aineon up`, where it is needed",
        ),
    ] = None

    session_idle_minutes: Annotated[
        float,
        Parameter(
            "AINEON_SESSION_IDLE",
            "Session idle",
            _GROUP,
            kinds.NUMBER,
            "How long a session stands while nobody does anything.",
            unit="minutes",
            least=1,
            most=30,
        ),
    ] = 30.0

    session_hours: Annotated[
        float,
        Parameter(
            "AINEON_SESSION_MOST",
            "Session at most",
            _GROUP,
            kinds.NUMBER,
            "How long a session stands in any case.",
            unit="hours",
            least=0.25,
            most=12,
        ),
    ] = 12.0
