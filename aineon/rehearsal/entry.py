"""Entry: what an engine has to be told to take part in a rehearsal."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from aineon.errors import RehearsalError

ENTRY_FILE: Final = "entry.json"
CHAIN_FILE: Final = "chain.json"
_REFUSAL_FILE: Final = "refusal.txt"


@dataclass(frozen=True, slots=True)
class Entry:
    """A running rehearsal, as those who take part in it see it.

    Attributes:
        chain_file: the chain's addresses, in the form of `aineon/chain/mainnet.json`.
        node_url, relay_url: where the node and the relay listen.
        executor: our own contract there.
        operator_key, treasury_key: the keys that sign trades and withdrawals; they hold play
            money, on this chain alone.
    """

    chain_file: str
    node_url: str
    relay_url: str
    executor: str
    operator_key: str = field(repr=False)
    treasury_key: str = field(repr=False)

    def write(self, folder: Path) -> None:
        """Write it into `folder`, for this user alone; whoever looks sees all of it or nothing."""
        unfinished = folder / f".{ENTRY_FILE}.part"
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
        unfinished.replace(folder / ENTRY_FILE)


def read_entry(folder: Path) -> Entry | None:
    """Return the entry that lies in `folder`; None where there is none yet.

    Raises:
        RehearsalError: what lies there is no entry.
    """
    try:
        text = (folder / ENTRY_FILE).read_text("utf-8")
    except FileNotFoundError:
        return None
    try:
        return Entry(**json.loads(text))
    except (TypeError, ValueError) as error:
        raise RehearsalError(
            f"{folder / ENTRY_FILE} is not the entry of a rehearsal; remove it and start again"
        ) from error


def remove_entry(folder: Path) -> None:
    """Take the entry away, so that nobody enters what has ended."""
    (folder / ENTRY_FILE).unlink(missing_ok=True)


def leave_refusal(folder: Path, reason: str) -> None:
    """Say to whoever waits for an entry why there is none."""
    (folder / _REFUSAL_FILE).write_text(reason, "utf-8")


def take_refusal(folder: Path) -> str:
    """Return why there is no entry, and take that away; empty where nobody said."""
    try:
        reason = (folder / _REFUSAL_FILE).read_text("utf-8")
    except FileNotFoundError:
        return ""
    (folder / _REFUSAL_FILE).unlink(missing_ok=True)
    return reason
