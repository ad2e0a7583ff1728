"""Asking the operator at the terminal whether real money is meant."""

from __future__ import annotations

import sys

from aineon.errors import ConfigurationError
from aineon.runtime.chain_link import addresses_of
from aineon.runtime.going_live import confirmation_finding
from aineon.runtime.live_word import confirmed, phrase
from aineon.runtime.settings import Settings


def confirmed_at_terminal(settings: Settings) -> Settings:
    """Return the settings with the operator's word, where there is somebody to ask for it.

    Where it is given already, nobody can type, or something else is typed, they stay as they are.

    Raises:
        ConfigurationError: the chain's file cannot be read.
    """
    chain_id = addresses_of(settings).chain_id
    asks = sys.stdin.isatty() and sys.stdout.isatty() and settings.executor_address is not None
    if not asks or confirmation_finding(settings, chain_id).ok:
        return settings
    sys.stdout.write(
        f"Live mode trades with real money, which can be lost.\nTo confirm it, type "
        f"{phrase(chain_id)!r}; anything else goes on without: "
    )
    sys.stdout.flush()
    try:
        return confirmed(settings, chain_id, sys.stdin.readline())
    except ConfigurationError as error:
        sys.stdout.write(f"{error}\n")
        return settings
