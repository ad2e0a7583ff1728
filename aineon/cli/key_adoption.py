"""What `aineon keys adopt` does, once its arguments are read."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from aineon.cli.failures import OK
from aineon.errors import ConfigurationError
from aineon.ledger.store import BookStore
from aineon.primitives import Address, Book, SystemClock
from aineon.runtime.adopting import History, adopt, history_of
from aineon.runtime.auditing import open_audit
from aineon.runtime.chain_link import addresses_of, endpoints_of
from aineon.runtime.keys import Role, is_given, told_address_of
from aineon.runtime.settings import Settings

Say = Callable[[str], None]


def adopt_history(
    settings: Settings, role: str, who: str | None, word: str | None, say: Say
) -> int:
    """Show what a role's key has sent, have it confirmed by typing, and adopt it.

    Raises:
        ConfigurationError: nobody is named, or there is no such key.
        SendingError: there is nothing to adopt, or it was not confirmed.
        AuditUnwritable, LedgerError, ChainError: nothing was adopted.
    """
    if not (who or "").strip():
        raise ConfigurationError(
            "--who is not given; a history is adopted in somebody's name: --who NAME"
        )
    mode = Book.LIVE if settings.mode is Book.SIMULATION else settings.mode
    settings = settings.model_copy(update={"mode": mode})
    account = _account(settings, role)
    with BookStore.open(settings.book_url, mode) as store:
        seen = asyncio.run(_look(settings, store, account))
        say(f"{seen}.")
        say("Whoever adopts them answers for this: none of them pays what is still to be paid from")
        say("here, and this key is used nowhere else from now on. Nothing here can tell that.")
        typed = word if word is not None else _asked(seen)
        with open_audit(settings) as audit:
            adopt(store, seen, typed, (who or "").strip(), audit, SystemClock())
    say(f"The outbox of the {mode} book answers for {account} from nonce {seen.counted} on.")
    say("Where the emergency stop was set because of it: `aineon stop --clear`.")
    return OK


def _account(settings: Settings, role: str) -> Address:
    if role not in set(Role):
        raise ConfigurationError(f"--role is {role!r}; allowed is {' or '.join(Role)}")
    # What is withdrawn is signed by the key that trades where there is no other one.
    own = role != Role.WITHDRAWALS or is_given(settings, Role.WITHDRAWALS)
    told = told_address_of(settings, Role(role) if own else Role.TRADING)
    if told is None:
        raise ConfigurationError(f"the keystore for {role} does not say which address it is for")
    return told


async def _look(settings: Settings, store: BookStore, account: Address) -> History:
    from aineon.chain.client import ChainClient

    async with await ChainClient.connect(endpoints_of(settings), addresses_of(settings)) as reader:
        return await history_of(reader, store, account)


def _asked(seen: History) -> str:
    if not sys.stdin.isatty():
        return ""
    sys.stdout.write(f"Type {seen.phrase!r} to adopt them: ")
    sys.stdout.flush()
    return sys.stdin.readline()
