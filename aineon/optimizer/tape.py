"""Tape: a table of past opportunities, with what was known then and what it would have taken."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from aineon.errors import OptimizerError
from aineon.optimizer.arms import ARMS

FORMAT: Final = "aineon-tape-1"
"""What the first entry of a saved tape says; a file without it is none."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class TapeRow(NamedTuple):
    """One opportunity of a tape; the fields mean what `Tape` says of its columns."""

    vector: Floats
    pair: str
    block: int
    time: float
    net: float
    gas: float
    needed: float
    known_at: float
    censored: bool = False
    offered: float = float("nan")
    chances: Floats | None = None


@dataclass(frozen=True, eq=False)
class Tape:
    """A table of past opportunities, oldest first; a row is one opportunity.

    Attributes:
        names: the features' names.
        features: a row of them for each opportunity, as they were when the decision was made;
            nan is unknown.
        pair_names: the pairs that rows name.
        pairs: which of `pair_names` a row is of.
        blocks: the block whose end state showed the opportunity.
        times: seconds, the market's time, when the decision was made.
        net: ETH that it leaves after flash fee and gas, before the bid.
        gas: ETH that a failed public attempt costs.
        needed: the least share of `net` that would have landed. Above 1 (inf) none would have;
            nan is unknown. Where a row is censored it is only a bound: an upper one where the
            attempt landed at what it offered, a lower one where it was lost.
        known_at: the time at which the outcome was known, which is the next block's.
        censored: only a bound of `needed` is known: a win hides the second bid.
        offered: the share that was offered where it was attempted, else nan.
        chances: for each arm of `ARMS` the true probability that it lands, where the generator
            of a market knows it; None of a market that nobody knows.

    Raises:
        OptimizerError: columns of different lengths, rows out of order, or a figure that none
            can be.
    """

    names: tuple[str, ...]
    features: Floats
    pair_names: tuple[str, ...]
    pairs: Ints
    blocks: Ints
    times: Floats
    net: Floats
    gas: Floats
    needed: Floats
    known_at: Floats
    censored: Bools
    offered: Floats
    chances: Floats | None = None

    def __post_init__(self) -> None:
        for name in ("names", "pair_names"):
            object.__setattr__(self, name, tuple(str(each) for each in getattr(self, name)))
        for name, kind in _COLUMNS.items():
            object.__setattr__(self, name, _column(name, getattr(self, name), kind))
        _check_shapes(self)
        _check_figures(self)

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        return f"Tape({len(self)} rows, {len(self.names)} features, {len(self.pair_names)} pairs)"

    @classmethod
    def from_rows(cls, names: Sequence[str], rows: Iterable[TapeRow]) -> Self:
        """Return the tape of `rows`, whose vectors hold the features `names`.

        Raises:
            OptimizerError: see `Tape`; or some rows tell chances and others do not.
        """
        kept = list(rows)
        pair_names = tuple(sorted({row.pair for row in kept}))
        number = {pair: index for index, pair in enumerate(pair_names)}
        told = [row.chances for row in kept if row.chances is not None]
        if told and len(told) < len(kept):
            raise OptimizerError(
                f"{len(told)} of {len(kept)} rows tell chances; allowed is all of them or none"
            )
        width = len(names)
        return cls(
            names=tuple(names),
            features=_table("features", [row.vector for row in kept], width),
            pair_names=pair_names,
            pairs=np.array([number[row.pair] for row in kept], dtype=np.int64),
            blocks=np.array([row.block for row in kept], dtype=np.int64),
            times=np.array([row.time for row in kept], dtype=np.float64),
            net=np.array([row.net for row in kept], dtype=np.float64),
            gas=np.array([row.gas for row in kept], dtype=np.float64),
            needed=np.array([row.needed for row in kept], dtype=np.float64),
            known_at=np.array([row.known_at for row in kept], dtype=np.float64),
            censored=np.array([row.censored for row in kept], dtype=np.bool_),
            offered=np.array([row.offered for row in kept], dtype=np.float64),
            chances=_table("chances", told, len(ARMS)) if told else None,
        )

    def rows(self, chosen: slice | Bools | Ints) -> Self:
        """Return the tape of the chosen rows: a slice, a mask, or ascending row numbers.

        Raises:
            OptimizerError: rows that the tape does not have, or in another order.
        """
        try:
            columns = {name: getattr(self, name)[chosen] for name in _COLUMNS}
            chances = None if self.chances is None else self.chances[chosen]
        except (IndexError, TypeError) as error:
            raise OptimizerError(
                f"rows of a tape of {len(self)} cannot be chosen by what was given: {error}"
            ) from error
        return replace(self, **columns, chances=chances)

    def until(self, time: float) -> Self:
        """Return the rows whose outcome was known by `time`, a moment of the market's time."""
        return self.rows(self.known_at <= time)

    def column(self, name: str) -> Floats:
        """Return the values of one feature.

        Raises:
            OptimizerError: the tape has no such feature.
        """
        if name not in self.names:
            raise OptimizerError(f"this tape has no feature {name!r}; it has {len(self.names)}")
        values: Floats = self.features[:, self.names.index(name)]
        return values

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the tape to `path` as plain arrays (.npz); what stood there is replaced whole.

        Raises:
            OptimizerError: the file cannot be written.
        """
        arrays: dict[str, Any] = {
            each.name: np.asarray(getattr(self, each.name))
            for each in fields(self)
            if getattr(self, each.name) is not None
        }
        target = Path(path)
        part = target.with_name(target.name + ".part")
        try:
            with part.open("wb") as file:
                np.savez_compressed(file, format=np.array(FORMAT), **arrays)
            part.replace(target)
        except OSError as error:
            raise OptimizerError(f"tape {target} cannot be written: {error.strerror}") from error

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a tape that `save` wrote; nothing in the file is executed.

        Raises:
            OptimizerError: the file is not there, is no tape, or is damaged.
        """
        name = os.fspath(path)
        try:
            with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as held:
                arrays = {each: held[each] for each in held.files}
        except FileNotFoundError as error:
            raise OptimizerError(f"there is no tape {name}") from error
        except OSError as error:
            raise OptimizerError(f"tape {name} cannot be read: {error.strerror}") from error
        # What is no archive, a damaged one, or a single array fails in as many ways as there are
        # layers in it.
        except (ValueError, EOFError, KeyError, TypeError, BadZipFile, zlib.error) as error:
            raise OptimizerError(f"{name} is no tape, or is damaged") from error
        if str(arrays.pop("format", "")) != FORMAT:
            raise OptimizerError(f"{name} is no tape of the format {FORMAT}")
        try:
            return cls(**arrays)
        except TypeError as error:
            raise OptimizerError(f"{name} has not the columns of a tape") from error


_COLUMNS: Final[dict[str, type[np.generic]]] = {
    "features": np.float64,
    "pairs": np.int64,
    "blocks": np.int64,
    "times": np.float64,
    "net": np.float64,
    "gas": np.float64,
    "needed": np.float64,
    "known_at": np.float64,
    "censored": np.bool_,
    "offered": np.float64,
}


def _column(name: str, values: object, kind: type[np.generic]) -> NDArray[np.generic]:
    """The values as an array of `kind`, where nothing is lost by that."""
    try:
        return np.asarray(values).astype(kind, casting="same_kind", copy=False)
    except (TypeError, ValueError) as error:
        raise OptimizerError(
            f"column {name} of a tape is no array of {kind.__name__}: {error}"
        ) from error


def _table(name: str, vectors: Sequence[Floats], width: int) -> Floats:
    for row, vector in enumerate(vectors):
        if np.shape(vector) != (width,):
            raise OptimizerError(
                f"{name} of row {row} have the shape {np.shape(vector)}; allowed is ({width},)"
            )
    return np.array(vectors, dtype=np.float64).reshape(len(vectors), width)


def _check_shapes(tape: Tape) -> None:
    size = np.shape(tape.times)[0] if np.ndim(tape.times) else -1
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(_COLUMNS, (size,))
    shapes["features"] = (size, len(tape.names))
    if tape.chances is not None:
        object.__setattr__(tape, "chances", _column("chances", tape.chances, np.float64))
        shapes["chances"] = (size, len(ARMS))
    for name, shape in shapes.items():
        if getattr(tape, name).shape != shape:
            raise OptimizerError(
                f"column {name} of a tape has the shape {getattr(tape, name).shape}; "
                f"allowed is {shape}"
            )
    for name in ("names", "pair_names"):
        if len(set(getattr(tape, name))) < len(getattr(tape, name)):
            raise OptimizerError(f"{name} of a tape hold one name twice")


def _check_figures(tape: Tape) -> None:
    chances = np.empty(0) if tape.chances is None else tape.chances
    checks = (
        ("pairs", tape.pairs, (tape.pairs >= 0) & (tape.pairs < len(tape.pair_names))),
        ("blocks", tape.blocks, tape.blocks >= 0),
        ("times", tape.times, np.isfinite(tape.times)),
        ("net", tape.net, np.isfinite(tape.net)),
        ("gas", tape.gas, np.isfinite(tape.gas) & (tape.gas >= 0)),
        ("needed", tape.needed, ~(tape.needed < 0)),
        ("known_at", tape.known_at, tape.known_at >= tape.times),
        ("chances", chances, (chances >= 0) & (chances <= 1)),
    )
    for name, values, good in checks:
        if not good.all():
            wrong = values[~good].flat[0]
            raise OptimizerError(f"column {name} of a tape holds {wrong}, which none can be")
    if (np.diff(tape.times) < 0).any():
        raise OptimizerError("the rows of a tape are not in the order of their times")
