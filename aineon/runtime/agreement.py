"""Settings that are each allowed and do not go together, and what live mode would need."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from aineon.runtime.keys import FIELDS, Role, key_rules, missing_password
from aineon.runtime.kinds import ETHER, is_published_key
from aineon.runtime.sections.market import FeedName
from aineon.sending.keys import parse_private_key

if TYPE_CHECKING:
    from aineon.runtime.settings import Settings

NODES = ("alchemy_api_key", "infura_api_key", "rpc_urls")


def disagreements(settings: Settings, unread: Collection[str] = ()) -> list[str]:
    """Return a sentence for each pair of settings that contradict each other.

    `unread` names fields whose own value was refused; rules about them are left out.
    """
    return [sentence for _, sentence in contradictions(settings, unread)]


def contradictions(
    settings: Settings, unread: Collection[str] = ()
) -> list[tuple[tuple[str, ...], str]]:
    """Return what `disagreements` says, each with the fields that it is about."""
    rules = (
        _least_and_most_withdrawal(settings),
        _withdrawal_and_day(settings),
        _automatic_withdrawal(settings),
        _automatic_threshold(settings),
        _approvals(settings),
        _cooling(settings),
        _patience(settings),
        _replay(settings),
        *key_rules(settings),
    )
    return [
        (fields, sentence)
        for fields, broken, sentence in rules
        if broken and not any(field in unread for field in fields)
    ]


_Rule = tuple[tuple[str, ...], bool, str]


def _least_and_most_withdrawal(settings: Settings) -> _Rule:
    low, high = settings.min_withdrawal_wei, settings.max_withdrawal_wei
    return (
        ("min_withdrawal_wei", "max_withdrawal_wei"),
        low > high,
        (
            f"MIN_WITHDRAWAL_ETH is {ETHER.show(low)} and MAX_WITHDRAWAL_ETH is "
            f"{ETHER.show(high)}; allowed is a minimum that is not above the maximum."
        ),
    )


def _withdrawal_and_day(settings: Settings) -> _Rule:
    once, day = settings.min_withdrawal_wei, settings.daily_withdrawal_limit_wei
    return (
        ("min_withdrawal_wei", "daily_withdrawal_limit_wei"),
        once > day,
        (
            f"MIN_WITHDRAWAL_ETH is {ETHER.show(once)} and DAILY_WITHDRAWAL_LIMIT is "
            f"{ETHER.show(day)}; allowed is a minimum that is not above the daily limit."
        ),
    )


def _automatic_withdrawal(settings: Settings) -> _Rule:
    return (
        ("auto_withdrawal_enabled", "withdrawal_address"),
        settings.auto_withdrawal_enabled and settings.withdrawal_address is None,
        (
            "AUTO_WITHDRAWAL_ENABLED is on and WITHDRAWAL_ADDRESS is not set; allowed is on only "
            "with an address."
        ),
    )


def _automatic_threshold(settings: Settings) -> _Rule:
    start, keep = settings.auto_withdrawal_threshold_wei, settings.auto_withdrawal_keep_wei
    return (
        ("auto_withdrawal_enabled", "auto_withdrawal_threshold_wei", "auto_withdrawal_keep_wei"),
        settings.auto_withdrawal_enabled and start <= keep,
        (
            f"AUTO_WITHDRAWAL_THRESHOLD is {ETHER.show(start)} and "
            f"AINEON_AUTO_WITHDRAWAL_KEEP_ETH is {ETHER.show(keep)}; allowed is a threshold above "
            "what is kept."
        ),
    )


def _approvals(settings: Settings) -> _Rule:
    free, one = settings.withdrawal_free_up_to_wei, settings.withdrawal_one_up_to_wei
    return (
        ("withdrawal_free_up_to_wei", "withdrawal_one_up_to_wei"),
        free > one,
        (
            f"AINEON_WITHDRAWAL_FREE_UP_TO_ETH is {ETHER.show(free)} and "
            f"AINEON_WITHDRAWAL_ONE_UP_TO_ETH is {ETHER.show(one)}; allowed is a first amount that "
            "is not above the second."
        ),
    )


def _cooling(settings: Settings) -> _Rule:
    usual, alone = settings.withdrawal_cooling_minutes, settings.withdrawal_cooling_alone_minutes
    return (
        ("withdrawal_cooling_minutes", "withdrawal_cooling_alone_minutes"),
        usual > alone,
        (
            f"AINEON_WITHDRAWAL_COOLING_MINUTES is {usual:g} and "
            f"AINEON_WITHDRAWAL_COOLING_ALONE_MINUTES is {alone:g}; allowed is a time without a "
            "second person that is not shorter than the usual one."
        ),
    )


def _patience(settings: Settings) -> _Rule:
    patience, life = settings.withdrawal_patience_hours, settings.withdrawal_expires_hours
    return (
        ("withdrawal_patience_hours", "withdrawal_expires_hours"),
        patience > life,
        (
            f"AINEON_WITHDRAWAL_PATIENCE_HOURS is {patience:g} and AINEON_WITHDRAWAL_EXPIRES_HOURS "
            f"is {life:g}; allowed is a patience for cheap gas that is not longer than what waits "
            "lives."
        ),
    )


def _replay(settings: Settings) -> _Rule:
    return (
        ("feed", "replay_file"),
        settings.feed == FeedName.REPLAY and settings.replay_file is None,
        (
            "AINEON_FEED is 'replay' and AINEON_REPLAY_FILE is not set; allowed is replay only "
            "with the path of a recording (--data on the command line)."
        ),
    )


def missing_for_live(settings: Settings, unread: Collection[str] = ()) -> list[str]:
    """Return a sentence for each setting that live mode would still need."""
    missing = []
    key = settings.private_key
    if key is None and settings.keystore is None and not {"private_key", "keystore"} & set(unread):
        missing.append(
            "AINEON_KEYSTORE is not set, nor is PRIVATE_KEY; live mode needs the key that signs."
        )
    missing += [f"{words}." for role in Role if (words := _unopened(settings, role, unread))]
    if key is not None and is_published_key(key):
        missing.append(
            "PRIVATE_KEY is one of the ten test keys that anvil and hardhat publish; live mode "
            "needs a key that nobody else holds."
        )
    elif key is not None and parse_private_key(key.get_secret_value()).is_guessable:
        missing.append(
            "PRIVATE_KEY is a rehearsal's or can be guessed; live mode needs a key that nobody "
            "else holds."
        )
    if settings.withdrawal_address is None and "withdrawal_address" not in unread:
        missing.append("WITHDRAWAL_ADDRESS is not set; live mode needs a place for its profit.")
    if settings.executor_address is None and "executor_address" not in unread:
        missing.append(
            "AINEON_EXECUTOR is not set; live mode needs your own deployment of the contract."
        )
    if not any(getattr(settings, name) or name in unread for name in NODES):
        missing.append(
            "None of ALCHEMY_API_KEY, INFURA_API_KEY and AINEON_RPC_URLS is set; live mode "
            "needs an Ethereum node."
        )
    elif settings.feed != FeedName.CHAIN and "feed" not in unread:
        missing.append(f"AINEON_FEED is '{settings.feed}'; live mode looks at the chain.")
    return missing


def _unopened(settings: Settings, role: Role, unread: Collection[str]) -> str:
    fields = FIELDS[role]
    if fields.password.name in unread or fields.password_file.name in unread:
        return ""
    return missing_password(settings, role)
