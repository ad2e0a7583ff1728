"""Going live: the operator's own word, and everything that must stand before real money moves.

The word is a phrase that names the chain, typed at a terminal; or, where nobody can type, a
setting that names the contract too. So neither a habit nor a file copied from elsewhere is one.
"""

from __future__ import annotations

from dataclasses import replace

from aineon.errors import ConfigurationError
from aineon.execution.live.readiness import Finding, readiness
from aineon.primitives import parse_address
from aineon.runtime.carrying import expectations_of, signer_of
from aineon.runtime.chain_link import ChainLink
from aineon.runtime.settings import PARAMETERS, Settings

_SETTING = PARAMETERS["live_confirmation"].env


def phrase(chain_id: int) -> str:
    """What an operator types at a terminal."""
    return f"trade with real money on chain {chain_id}"


def written_phrase(chain_id: int, executor: str) -> str:
    """What the setting holds."""
    return f"{phrase(chain_id)} through {parse_address(executor)}"


def confirmed(settings: Settings, chain_id: int, typed: str) -> Settings:
    """Return the settings with the confirmation that `typed` is.

    Raises:
        ConfigurationError: it is not the phrase, or there is no contract that it could be for.
    """
    if settings.executor_address is None:
        raise ConfigurationError("AINEON_EXECUTOR is not set; what is confirmed names a contract")
    if typed.strip() != phrase(chain_id):
        raise ConfigurationError(
            f"what was typed is not {phrase(chain_id)!r}; real money is not traded without it"
        )
    written = written_phrase(chain_id, settings.executor_address)
    return settings.with_typed("live_confirmation", written)


def confirmation_finding(settings: Settings, chain_id: int) -> Finding:
    """Say whether the operator has confirmed trading with real money, here and through this."""
    if settings.executor_address is None:
        return Finding("confirmation", False, "there is no contract that could be confirmed")
    wanted = written_phrase(chain_id, settings.executor_address)
    if settings.live_confirmation == wanted:
        return Finding("confirmation", True, f"the operator's word: {wanted}")
    given = "is not set" if settings.live_confirmation is None else "names something else"
    return Finding(
        "confirmation",
        False,
        f"{_SETTING} {given}; type {phrase(chain_id)!r} at the terminal, or set it to {wanted!r}",
    )


async def live_findings(settings: Settings, link: ChainLink) -> tuple[Finding, ...]:
    """Look at all that live mode needs of the chain, the key and the operator; sends nothing.

    Raises:
        ConfigurationError: key or contract are not given.
    """
    from aineon.execution.live.executor import CHEAPEST_TRADE_GAS

    # Enough for one trade at the highest price that the settings allow; a wei is no gas money.
    least = CHEAPEST_TRADE_GAS * settings.max_gas_price_wei
    expected = expectations_of(settings, link, signer_of(settings))
    expected = replace(expected, least_balance_wei=least)
    found = await readiness(link.reader, expected, nodes=link.reader)
    return (*found, confirmation_finding(settings, link.reader.chain_id))


async def require_ready(settings: Settings, link: ChainLink) -> None:
    """Check that live mode may start.

    Raises:
        ConfigurationError: it may not; the message names everything that stands in the way.
    """
    wrong = [found.words for found in await live_findings(settings, link) if not found.ok]
    if wrong:
        raise ConfigurationError(f"live mode does not start: {'; '.join(wrong)}")
