"""Where the models of a market lie: a folder for each book and market."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Final, Protocol

from aineon.runtime.settings import Settings

ROLL_BACK: Final = "optimizer.roll_back"
"""The command that names another model the champion; its body holds the `version`."""


class MarketNamed(Protocol):
    """What tells one market from another: a run's record, or what its samples are of."""

    @property
    def feed(self) -> str: ...
    @property
    def seed(self) -> int | None: ...
    @property
    def detail(self) -> str: ...


def models_folder(settings: Settings, market: MarketNamed) -> Path:
    """Return the folder of the models that were trained on `market`.

    Models of another market are never found here: what holds in a sandbox does not on a chain.
    """
    parts = [market.feed, "" if market.seed is None else str(market.seed), market.detail]
    name = "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts if part)
    # Names that are cut, or that differ in signs alone, are still two markets.
    mark = hashlib.sha256(
        json.dumps([market.feed, market.seed, market.detail]).encode()
    ).hexdigest()
    return settings.data_dir / "models" / settings.mode.value / f"{name[:80]}-{mark[:12]}"
