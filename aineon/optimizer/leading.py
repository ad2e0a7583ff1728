"""Leading: who may decide at present, and why nobody who knows more does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.models.curves import Floats
from aineon.optimizer.models.ensemble import Ensemble
from aineon.optimizer.novelty import Ranges


@dataclass(frozen=True, slots=True)
class Terms:
    """From when on what is trusted.

    Attributes:
        table_labels: outcomes before the table is trusted; the rule decides until then.
        model_labels: outcomes before trained models are; the table decides until then. With
            fewer than some 3,000 the table is often as good, so models must have won against it
            to be in use at all, and are weighed against it all the time.
        expires: seconds of the market's time after which models that were not confirmed are not
            trusted any more.
        slack: seconds by which the clock may go back, as it does where blocks are replaced.
    """

    table_labels: int = 50
    model_labels: int = 1_000
    expires: float = 24 * 3_600.0
    slack: float = 120.0


@dataclass(frozen=True, slots=True)
class Champion:
    """The models in use.

    Attributes:
        models: they themselves.
        version: as the registry names it; None of models that are not kept there.
        confirmed_at: seconds, the market's time up to which they were trained, or when they last
            won against a challenger.
        ranges: what inputs they know; None where that is not known.
    """

    models: Ensemble
    version: str | None
    confirmed_at: float
    ranges: Ranges | None = field(repr=False, default=None)


class Objection(NamedTuple):
    """What stands against showing an input to the models.

    Attributes:
        words: one sentence; empty where nothing does.
        novel: whether it lies outside of what they have seen.
    """

    words: str = ""
    novel: bool = False


def why_not_table(labels: int, terms: Terms) -> str:
    """Return why the table does not decide; empty where it may."""
    if labels >= terms.table_labels:
        return ""
    known = "no outcome is" if not labels else f"only {labels} outcomes are"
    return f"{known} known yet, so the rule decides until there are {terms.table_labels}"


def why_not_models(
    champion: Champion | None, names: Sequence[str], labels: int, at: float, terms: Terms
) -> str:
    """Return why trained models do not decide, whatever the input; empty where they may."""
    if champion is None:
        return "no models are trained yet"
    if labels < terms.model_labels:
        return f"{labels} outcomes are known and models need {terms.model_labels}"
    if tuple(champion.models.names) != tuple(names):
        return "the models were trained on another set of features"
    if at - champion.confirmed_at > terms.expires:
        hours = (at - champion.confirmed_at) / 3_600
        return f"the models are {hours:.0f} hours old"
    return ""


def why_not_input(vector: Floats | None, width: int, ranges: Ranges | None) -> Objection:
    """Return why an input cannot be shown to the models."""
    if vector is None:
        return Objection("the features are no row of numbers")
    if vector.shape != (width,):
        words = f"{vector.size} features came where there are {width}"
        return Objection(words)
    missing = int((~np.isfinite(vector)).sum())
    if missing == width and width:
        return Objection("no feature is known")
    if ranges is None:
        return Objection()
    novel = ranges.why_novel(vector)
    return Objection(novel, novel=True) if novel else Objection()


def row_of_numbers(vector: Sequence[float] | NDArray[np.float64]) -> Floats | None:
    """Return the features as an array; None where they are something else than numbers."""
    try:
        values = np.asarray(vector, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    return values if values.ndim == 1 else None
