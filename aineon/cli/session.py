"""What every command begins with: settings, a log that shows no secret, and a way to say things."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aineon.cli import options
from aineon.cli.failures import FailureDesk, reader_may_leave

if TYPE_CHECKING:
    from aineon.runtime.settings import Settings

DESK = FailureDesk()
"""Where the failures of this process end; it learns from the settings what it must not say."""


def settings_of(
    parameters: Mapping[str, Any], secrets: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings with the flags among a command's parameters, and set up logging.

    `secrets` are settings that came through a pipe, by environment variable.

    Raises:
        ConfigurationError: a setting is not allowed.
    """
    from aineon.runtime.logs import set_up_logging
    from aineon.runtime.settings import load_settings

    settings = load_settings(
        None if secrets is None else os.environ | secrets,
        override_origins=options.FLAGS,
        **options.overrides_of(parameters),
    )
    DESK.use(settings, set_up_logging(settings).text)
    return settings


def say(line: str) -> None:
    """Write a line to standard output."""
    with reader_may_leave():
        sys.stdout.write(f"{line}\n")
