"""Settings: what programs are answered with, beside the pages."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, SecretStr

from aineon.runtime import kinds
from aineon.runtime.parameter import Parameter


class ServerSettings(BaseModel):
    """Who may ask for figures as a program."""

    metrics_token: Annotated[
        SecretStr | None,
        Parameter(
            "AINEON_METRICS_TOKEN",
            "Metrics token",
            "Server",
            kinds.BEARER_TOKEN,
            "What Prometheus shows (`Authorization: Bearer …`) to be answered at `/metrics`; "
            "without it that is answered on this machine alone.",
            secret=True,
            shared=True,
        ),
    ] = None

    api_token: Annotated[
        SecretStr | None,
        Parameter(
            "AINEON_API_TOKEN",
            "API token",
            "Server",
            kinds.BEARER_TOKEN,
            "What programs show (`Authorization: Bearer …`) to be answered under `/api/v1`; "
            "without it that is answered on this machine alone.",
            secret=True,
            shared=True,
        ),
    ] = None
