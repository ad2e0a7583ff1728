"""The optimizer's models as they lie beside this console: which are there, which were in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aineon.errors import ModelRefused
from aineon.runtime.model_places import MarketNamed, models_folder
from aineon.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class ModelSeen:
    """One version of the models.

    Attributes:
        version: its name.
        trained_at, began_at: seconds, the market's time: the window it was trained on; None where
            its files are refused.
        rows: opportunities in that window; None likewise.
        metrics: what was measured in training.
        used_at: seconds, when it was put to use last; None where it never was.
        words: why it was put to use, or why it is refused.
    """

    version: str
    trained_at: float | None
    began_at: float | None
    rows: int | None
    metrics: Mapping[str, float]
    used_at: float | None
    words: str


@dataclass(frozen=True, slots=True)
class ModelsSeen:
    """What is found.

    Attributes:
        models: newest window first.
        champion: the version in use; None of none.
        former: versions that were in use before and are still there, newest first.
        trouble: why the list of champions cannot be read; empty where it can.
    """

    models: tuple[ModelSeen, ...] = ()
    champion: str | None = None
    former: tuple[str, ...] = ()
    trouble: str = ""


def look(settings: Settings, market: MarketNamed) -> ModelsSeen:
    """Return the models of a market in the data folder of this machine."""
    # Loaded where it is needed: with it comes what models are made of.
    from aineon.optimizer.models.registry import Registry
    from aineon.optimizer.models.storing import versions

    folder = models_folder(settings, market)
    trouble = ""
    try:
        history = Registry(folder).history()
        names = versions(folder)
    except ModelRefused as error:
        history, names, trouble = (), versions(folder), str(error)
    used = {reign.version: (reign.at, reign.words) for reign in history}
    models = tuple(_seen(folder, name, used.get(name)) for name in reversed(names))
    champion = history[-1].version if history else None
    there = {each.version for each in models if each.rows is not None}
    former = tuple(
        dict.fromkeys(
            reign.version
            for reign in reversed(history)
            if reign.version in there and reign.version != champion
        )
    )
    return ModelsSeen(models, champion, former, trouble)


def _seen(folder: Path, version: str, used: tuple[float, str] | None) -> ModelSeen:
    from aineon.optimizer.models.storing import read_manifest

    at, words = used or (None, "never in use")
    try:
        told = read_manifest(folder, version)
    except ModelRefused as error:
        return ModelSeen(version, None, None, None, {}, at, f"refused: {error}")
    return ModelSeen(version, told.trained_at, told.began_at, told.rows, told.metrics, at, words)
