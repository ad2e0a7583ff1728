"""Samples of a book as the rows of a tape: what was judged, and what it came to."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf, nan
from typing import Final

import numpy as np

from aineon.errors import OptimizerError
from aineon.ledger.samples import Sample
from aineon.optimizer.tape import Tape, TapeRow
from aineon.primitives.units import BPS, ETHER

_JUST_MORE: Final = 1e-6
"""A bid that lost was too little: the share that it took is above it, nobody knows how far."""


def needed_share(sample: Sample) -> float:
    """Return the least share of the net that would have landed.

    Above 1 where none would have, nan where that is not known. Of a censored sample it is a
    bound: what was offered where that was enough, and a little more where it was not.
    """
    if sample.censored and sample.offered_bps is not None:
        return sample.offered_bps / BPS + (0.0 if sample.won else _JUST_MORE)
    if sample.needed_payment_wei is not None and sample.net_wei > 0:
        return sample.needed_payment_wei / sample.net_wei
    return inf if sample.reachable is False else nan


def row_of(sample: Sample) -> TapeRow:
    """Return the sample as a row of a tape; what it would have cost is nan where nobody knows."""
    return TapeRow(
        vector=np.frombuffer(sample.vector, dtype="<f8").astype(np.float64),
        pair=sample.pair,
        block=sample.block_number,
        time=sample.at,
        net=sample.net_wei / ETHER,
        gas=nan if sample.gas_wei is None else sample.gas_wei / ETHER,
        needed=needed_share(sample),
        known_at=sample.known_at,
        censored=sample.censored,
        offered=nan if sample.offered_bps is None else sample.offered_bps / BPS,
    )


def tape_of_samples(names: Sequence[str], samples: Iterable[Sample]) -> Tape:
    """Return the tape of samples whose vectors hold the features `names`.

    What a failed attempt would have cost must be known: those without it are left out. Samples
    may come from a generator: they are taken apart one by one, and never held together.

    Raises:
        OptimizerError: a sample's vector is of another length, or holds what none can be.
    """
    vectors, pairs = bytearray(), array("q")
    columns = {name: array("d") for name in _COLUMNS}
    numbers: dict[str, int] = {}
    for sample in samples:
        if sample.gas_wei is None:
            continue
        if len(sample.vector) != len(names) * _WIDTH:
            raise OptimizerError(
                f"a sample of block {sample.block_number} holds {len(sample.vector) // _WIDTH} "
                f"features; allowed are {len(names)}"
            )
        vectors += sample.vector
        pairs.append(numbers.setdefault(sample.pair, len(numbers)))
        for name, column in columns.items():
            column.append(_COLUMNS[name](sample))
    told = {name: np.array(column) for name, column in columns.items()}
    order = np.argsort(told["times"], kind="stable")
    features = np.frombuffer(bytes(vectors), dtype="<f8").reshape(-1, len(names))
    return Tape(
        names=tuple(names),
        features=features[order],
        pair_names=tuple(numbers),
        pairs=np.array(pairs)[order],
        blocks=told.pop("blocks")[order].astype(np.int64),
        censored=told.pop("censored")[order].astype(np.bool_),
        **{name: column[order] for name, column in told.items()},
    )


_WIDTH: Final = 8
_COLUMNS: Final[Mapping[str, Callable[[Sample], float]]] = {
    "blocks": lambda sample: sample.block_number,
    "times": lambda sample: sample.at,
    "net": lambda sample: sample.net_wei / ETHER,
    "gas": lambda sample: (sample.gas_wei or 0) / ETHER,
    "needed": needed_share,
    "known_at": lambda sample: sample.known_at,
    "censored": lambda sample: sample.censored,
    "offered": lambda sample: nan if sample.offered_bps is None else sample.offered_bps / BPS,
}
