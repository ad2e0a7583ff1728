"""Settings: storage, the console, the processes and their logs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr

from aineon.runtime import kinds
from aineon.runtime.parameter import Parameter

ONE = "one"
SEVERAL = "several"


def _default_host(known: dict[str, Any]) -> str:
    # Render's router reaches the console from outside of its machine.
    return "0.0.0.0" if known["on_render"] else "127.0.0.1"  # noqa: S104


class ProcessSettings(BaseModel):
    """Where things are kept, and how the processes behave."""

    data_dir: Annotated[
        Path,
        Parameter(
            "AINEON_DATA_DIR",
            "Data folder",
            "Storage",
            kinds.PATH,
            "Where databases, locks and crash reports are kept.",
        ),
    ] = Path("var")

    database_url: Annotated[
        SecretStr | None,
        Parameter(
            "DATABASE_URL",
            "Database",
            "Storage",
            kinds.DATABASE_URL,
            "Where the databases are kept, of which each book has its own: `-control` and the "
            "book's name are put before the ending of a file; on PostgreSQL they are schemas.",
            secret=True,
            shared=True,
            default_words="in the data folder",
        ),
    ] = None

    audit_anchor: Annotated[
        Path | None,
        Parameter(
            "AINEON_AUDIT_ANCHOR",
            "Audit anchor",
            "Storage",
            kinds.PATH,
            "The file that remembers the hashes of the audit's entries; best on another disk than "
            "the databases.",
            default_words="`control.anchor` beside the control database",
        ),
    ] = None

    audit_machines: Annotated[
        str,
        Parameter(
            "AINEON_AUDIT_MACHINES",
            "Audited machines",
            "Storage",
            kinds.CHOICE,
            "How many machines write the audit of this database: of several, each has an anchor "
            "of its own, which takes over what the others add.",
            choices=(ONE, SEVERAL),
        ),
    ] = ONE

    redis_url: Annotated[
        SecretStr | None,
        Parameter(
            "REDIS_URL",
            "Redis",
            "Storage",
            kinds.REDIS_URL,
            "A Redis or Valkey server through which the engine wakes replicas of the stream when "
            "it has booked something; without it they look once a second.",
            secret=True,
            shared=True,
        ),
    ] = None

    on_render: Annotated[
        bool,
        Parameter(
            "RENDER",
            "On Render",
            "Processes",
            kinds.SWITCH,
            "Set by Render itself; lowers the daily withdrawal limit and opens the console to "
            "Render's router.",
        ),
    ] = False

    host: Annotated[
        str,
        Parameter(
            "AINEON_HOST",
            "Host",
            "Console",
            kinds.HOST,
            "Address that the console listens on.",
            default_words="127.0.0.1; 0.0.0.0 on Render",
        ),
    ] = Field(default_factory=_default_host)

    render_hostname: Annotated[
        str | None,
        Parameter(
            "RENDER_EXTERNAL_HOSTNAME",
            "Render's name",
            "Processes",
            kinds.HOST,
            "Set by Render itself: the name that the console is reached by.",
        ),
    ] = None
    allowed_hosts: Annotated[
        tuple[str, ...],
        Parameter(
            "AINEON_ALLOWED_HOSTS",
            "Allowed hosts",
            "Console",
            kinds.HOSTS,
            "Names that browsers may reach the console by, against DNS rebinding.",
            default_words="this machine's and Render's own; any where the host is 0.0.0.0 or ::",
        ),
    ] = ()
    port: Annotated[
        int,
        Parameter(
            "PORT",
            "Port",
            "Console",
            kinds.WHOLE,
            "Port of the console.",
            least=1,
            most=65_535,
        ),
    ] = 8501

    heartbeat_stale_seconds: Annotated[
        float,
        Parameter(
            "AINEON_HEARTBEAT_STALE",
            "Heartbeat stale after",
            "Console",
            kinds.NUMBER,
            "Age of the engine's last heartbeat from which it counts as down.",
            unit="s",
            least=1,
            most=3600,
            savable=True,
        ),
    ] = 15.0

    engine_restarts: Annotated[
        int,
        Parameter(
            "AINEON_ENGINE_RESTARTS",
            "Engine restarts",
            "Processes",
            kinds.WHOLE,
            "How often `aineon up` restarts an engine that died within ten minutes.",
            least=0,
            most=100,
            savable=True,
        ),
    ] = 5

    stop_grace_seconds: Annotated[
        float,
        Parameter(
            "AINEON_STOP_GRACE",
            "Stop grace",
            "Processes",
            kinds.NUMBER,
            "How long a process may take to stop before it is killed.",
            unit="s",
            least=0.1,
            most=300,
        ),
    ] = 10.0

    log_level: Annotated[
        str,
        Parameter(
            "LOG_LEVEL",
            "Log level",
            "Processes",
            kinds.CHOICE,
            "Least severity that is logged, on standard error.",
            choices=("DEBUG", "INFO", "WARNING", "ERROR"),
            savable=True,
        ),
    ] = "INFO"

    log_format: Annotated[
        str,
        Parameter(
            "LOG_FORMAT",
            "Log format",
            "Processes",
            kinds.CHOICE,
            "Log lines for people, or one JSON object a line.",
            choices=("text", "json"),
            savable=True,
        ),
    ] = "text"
