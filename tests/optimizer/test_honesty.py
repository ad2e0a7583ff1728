"""Columns that know too much are caught, with and without the true chances; honest ones are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from aineon.errors import OptimizerError
from aineon.optimizer import ARMS, Tape
from aineon.optimizer.honesty import differences, leaks
from aineon.optimizer.tape import TapeRow

Column = NDArray[np.float64]
ROWS = 600


def honest_tape(rows: int = ROWS) -> Tape:
    """Two rows a block that share dice; `strength` is known, and decides the chances."""
    dice = np.random.default_rng(5)
    strength = dice.normal(size=rows)
    chances = 1 / (1 + np.exp(-4 * (np.asarray(ARMS)[None, :] - 0.5 - 0.2 * strength[:, None])))
    luck = np.repeat(dice.random(-(-rows // 2)), 2)[:rows]
    landed = luck[:, None] < chances
    needed = np.where(landed.any(axis=1), np.asarray(ARMS)[landed.argmax(axis=1)], np.inf)
    missing = np.where(dice.random(rows) < 0.3, np.nan, dice.normal(size=rows))
    return Tape.from_rows(
        ("strength", "noise", "missing", "constant"),
        [
            TapeRow(
                np.array([strength[n], dice.normal(), missing[n], 1.0]),
                "USDC/WETH", n // 2, 12.0 * (n // 2), 0.01, 0.001, needed[n], 12.0 * (n // 2) + 12,
                chances=chances[n],
            )
            for n in range(rows)
        ],
    )  # fmt: skip


def planted(tape: Tape, column: Column) -> Tape:
    return replace(
        tape,
        names=(*tape.names, "planted"),
        features=np.column_stack([tape.features, column]),
    )


def test_honest_columns_are_left_alone() -> None:
    tape = honest_tape()
    assert leaks(tape) == ()
    assert leaks(replace(tape, chances=None)) == ()


@pytest.mark.parametrize(
    "column",
    [
        lambda tape, _: np.minimum(tape.needed, 2.0),
        lambda tape, _: -np.minimum(tape.needed, 2.0),
        lambda tape, dice: (tape.needed <= 0.5) + dice.normal(size=len(tape)),
        lambda tape, _: np.where(tape.needed <= 0.5, 1.0, np.nan),
        lambda tape, _: np.abs(np.minimum(tape.needed, 1.0) - 0.5),
    ],
    ids=["the outcome", "its opposite", "a hint", "known where it landed", "how far from half"],
)
def test_a_planted_column_is_caught_by_its_luck(
    column: Callable[[Tape, np.random.Generator], Column],
) -> None:
    tape = honest_tape()
    assert leaks(planted(tape, column(tape, np.random.default_rng(1)))) == ("planted",)


def test_without_chances_what_orders_the_outcomes_is_caught() -> None:
    tape = replace(honest_tape(), chances=None)
    assert leaks(planted(tape, np.minimum(tape.needed, 2.0))) == ("planted",)
    assert leaks(planted(tape, np.where(tape.needed <= 0.5, 1.0, np.nan))) == ("planted",)


def test_rows_that_cannot_tell_are_left_out() -> None:
    tape = honest_tape()
    unknown = replace(tape, needed=np.full(len(tape), np.nan))
    assert leaks(planted(unknown, tape.needed)) == ()
    censored = replace(tape, censored=np.ones(len(tape), dtype=np.bool_))
    assert leaks(planted(censored, tape.needed)) == ()
    few = honest_tape(20)
    assert leaks(planted(few, few.needed)) == ()


def test_what_differs_by_a_bit_is_told() -> None:
    tape = honest_tape(40)
    cut = tape.rows(tape.blocks < 10)
    assert differences(tape, cut) == ()
    changed = cut.features.copy()
    changed[3, 1] = np.nextafter(changed[3, 1], 9.0)
    assert differences(tape, replace(cut, features=changed)) == ("noise",)


def test_tapes_of_other_rows_cannot_be_compared() -> None:
    tape = honest_tape(40)
    with pytest.raises(OptimizerError, match="other features"):
        differences(tape, planted(tape, tape.net))
    with pytest.raises(OptimizerError, match="up to block 19 one tape has 40 rows"):
        differences(tape, tape.rows(tape.blocks != 3))
