"""The operator's own word for live mode, which no other chain and no other contract takes.

It is a phrase that names the chain, typed at a terminal or at the console; or, where nobody can
type, a setting that names the contract too. So neither a habit nor a file copied from elsewhere
is one.
"""

from __future__ import annotations

import hashlib
import json
from typing import Final

from aineon.errors import ConfigurationError
from aineon.primitives import parse_address
from aineon.runtime.settings import Settings

_FORM: Final = "aineon go live 1"


def phrase(chain_id: int) -> str:
    """What an operator types at a terminal, or at the console."""
    return f"trade with real money on chain {chain_id}"


def written_phrase(chain_id: int, executor: str) -> str:
    """What the setting holds."""
    return f"{phrase(chain_id)} through {parse_address(executor)}"


def live_digest(word: str) -> str:
    """Return SHA-256 over a written phrase: what a one-time code for live mode is given for."""
    return hashlib.sha256(json.dumps((_FORM, word)).encode()).hexdigest()


def written(settings: Settings, chain_id: int, typed: str) -> str:
    """Return the written phrase that `typed` stands for.

    Raises:
        ConfigurationError: it is not the phrase, or there is no contract that it could be for.
    """
    if settings.executor_address is None:
        raise ConfigurationError("AINEON_EXECUTOR is not set; what is confirmed names a contract")
    if typed.strip() != phrase(chain_id):
        raise ConfigurationError(
            f"what was typed is not {phrase(chain_id)!r}; real money is not traded without it"
        )
    return written_phrase(chain_id, settings.executor_address)


def confirmed(settings: Settings, chain_id: int, typed: str) -> Settings:
    """Return the settings with the confirmation that `typed` is.

    Raises:
        ConfigurationError: as `written`.
    """
    return settings.with_typed("live_confirmation", written(settings, chain_id, typed))
