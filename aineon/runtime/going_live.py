"""Going live: everything that must stand before real money moves, and what says that it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from aineon.access.roles import Role
from aineon.access.users import UserStore
from aineon.errors import AineonError, ConfigurationError, LedgerNotFound
from aineon.execution.live.readiness import Finding, readiness
from aineon.ledger.control import ControlStore
from aineon.rehearsal.chains import is_rehearsal_chain
from aineon.runtime.agreement import missing_for_live
from aineon.runtime.auditing import audit_of
from aineon.runtime.carrying import expectations_of, signer_of
from aineon.runtime.chain_link import ChainLink, addresses_of
from aineon.runtime.live_word import phrase, written_phrase
from aineon.runtime.settings import PARAMETERS, Settings

_SETTING = PARAMETERS["live_confirmation"].env
_PATIENCE_SECONDS: Final = 2.0
_MAY_GO_LIVE: Final = frozenset({Role.SUPER_ADMIN, Role.ADMIN})


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


def people_finding(settings: Settings) -> Finding:
    """Say who can prove to be who they are: real money is asked for by somebody who is known."""
    try:
        url = settings.control_url
        with ControlStore.open_reader(url, busy_timeout=_PATIENCE_SECONDS) as control:
            users = UserStore(control, audit_of(settings, control)).all()
    except LedgerNotFound:
        # A look creates nothing.
        users = ()
    except AineonError as error:
        return Finding("sign-in", False, str(error))
    known = [
        user.name
        for user in users
        if user.role in _MAY_GO_LIVE and user.has_second_factor and not user.disabled
    ]
    if not known:
        words = "no admin has set up a second factor yet; live mode is asked for with its code"
        return Finding("sign-in", False, words)
    return Finding("sign-in", True, f"{', '.join(known)} can confirm with a one-time code")


def money_finding(chain_id: int) -> Finding:
    """Say whether money on the chain is real: what is play must never be booked as real."""
    if is_rehearsal_chain(chain_id):
        words = f"the chain {chain_id} is a rehearsal's, with play money; live mode is for others"
        return Finding("money", False, words)
    return Finding("money", True, f"the chain {chain_id} is no rehearsal's")


async def live_findings(settings: Settings, link: ChainLink) -> tuple[Finding, ...]:
    """Look at all that live mode needs of the chain, the key and the operator; sends nothing.

    Raises:
        ConfigurationError: key or contract are not given.
    """
    from aineon.execution.live.contract_watch import CHEAPEST_TRADE_GAS

    # Enough for one trade at the highest price that the settings allow; a wei is no gas money.
    least = CHEAPEST_TRADE_GAS * settings.max_gas_price_wei
    expected = expectations_of(settings, link, signer_of(settings))
    expected = replace(expected, least_balance_wei=least)
    chain_id = link.reader.chain_id
    found = await readiness(link.reader, expected, nodes=link.reader)
    return (money_finding(chain_id), *found, confirmation_finding(settings, chain_id))


def require_given(settings: Settings) -> None:
    """Check what live mode needs besides a chain: settings, the operator's word, and people.

    Raises:
        ConfigurationError: something is missing; the message names all of it.
    """
    said = (
        confirmation_finding(settings, addresses_of(settings).chain_id),
        people_finding(settings),
    )
    missing = [*missing_for_live(settings), *settings.ignored]
    _refuse([*missing, *(found.words for found in said if not found.ok)])


async def require_ready(settings: Settings, link: ChainLink) -> None:
    """Check that live mode may start.

    Raises:
        ConfigurationError: it may not; the message names everything that stands in the way.
    """
    _refuse([found.words for found in await live_findings(settings, link) if not found.ok])


def require_real_money(settings: Settings, link: ChainLink) -> None:
    """Check once more, where the engine is composed, what no caller may leave out.

    Raises:
        ConfigurationError: the chain's money is play, or nobody confirmed that real one is meant.
    """
    chain_id = link.reader.chain_id
    said = (money_finding(chain_id), confirmation_finding(settings, chain_id))
    _refuse([found.words for found in said if not found.ok])


def _refuse(wrong: Sequence[str]) -> None:
    if wrong:
        told = "; ".join(words.rstrip(".") for words in wrong)
        raise ConfigurationError(f"live mode does not start: {told}")
