"""A tape keeps what is put in, says what is wrong with what is not one, and is no program."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.errors import OptimizerError
from aineon.optimizer import ARMS, Tape
from aineon.optimizer.tape import TapeRow

NAMES = ("net", "age")


def row(number: int, pair: str = "USDC/WETH", **changes: object) -> TapeRow:
    vector = np.array([float(number), np.nan])
    made = TapeRow(vector, pair, number, 12.0 * number, 0.01, 0.002, 0.5, 12.0 * number + 12)
    return made._replace(**changes)


def tape(count: int = 4) -> Tape:
    return Tape.from_rows(NAMES, [row(n, ("USDC/WETH", "DAI/WETH")[n % 2]) for n in range(count)])


def same(one: Tape, other: Tape) -> bool:
    columns = [name for name in vars(one) if isinstance(getattr(one, name), np.ndarray)]
    return (one.names, one.pair_names) == (other.names, other.pair_names) and all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "censored")
        for name in columns
    )


def test_rows_come_back_as_they_were_put_in() -> None:
    made = tape()
    assert len(made) == 4
    assert made.pair_names == ("DAI/WETH", "USDC/WETH")
    assert made.pairs.tolist() == [1, 0, 1, 0]
    assert made.column("net").tolist() == [0.0, 1.0, 2.0, 3.0]
    assert np.isnan(made.column("age")).all()
    assert made.chances is None


def test_only_what_was_known_by_then() -> None:
    made = tape()
    assert made.until(24.0).blocks.tolist() == [0, 1]
    assert len(made.until(0.0)) == 0
    assert made.rows(made.blocks > 1).blocks.tolist() == [2, 3]
    assert made.rows(slice(1, 3)).times.tolist() == [12.0, 24.0]


@settings(max_examples=25)
@given(
    needed=st.lists(st.floats(0, 3) | st.just(np.inf) | st.just(np.nan), max_size=6),
    told=st.booleans(),
)
def test_saved_and_loaded_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, needed: list[float], told: bool
) -> None:
    chances = np.linspace(0, 1, len(ARMS)) if told else None
    rows = [row(n, needed=each, chances=chances) for n, each in enumerate(needed)]
    made = Tape.from_rows(NAMES, rows)
    path = tmp_path_factory.mktemp("tape") / "tape.npz"
    made.save(path)
    assert same(Tape.load(path), made)
    assert [each.name for each in path.parent.iterdir()] == ["tape.npz"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"net": np.array([1.0])}, "column net of a tape has the shape (1,)"),
        ({"features": np.zeros((4, 3))}, "column features of a tape has the shape (4, 3)"),
        ({"net": np.array([0.1, np.nan, 0.1, 0.1])}, "column net of a tape holds nan"),
        ({"gas": np.full(4, -1.0)}, "column gas of a tape holds -1.0"),
        ({"needed": np.full(4, -0.5)}, "column needed of a tape holds -0.5"),
        ({"times": np.array([0.0, 24, 12, 36]), "known_at": np.full(4, 99.0)}, "order of their"),
        ({"known_at": np.zeros(4)}, "column known_at of a tape holds 0.0"),
        ({"pairs": np.array([0, 1, 2, 0])}, "column pairs of a tape holds 2"),
        ({"pairs": np.array([0.5, 1, 1, 0])}, "column pairs of a tape is no array of int64"),
        ({"times": np.array(["a", "b", "c", "d"])}, "column times of a tape is no array"),
        ({"names": ("net", "net")}, "names of a tape hold one name twice"),
        ({"chances": np.full((4, 16), 1.5)}, "column chances of a tape holds 1.5"),
        ({"chances": np.zeros((4, 3))}, "column chances of a tape has the shape (4, 3)"),
    ],
)
def test_what_is_no_tape_is_refused_in_one_sentence(changes: dict[str, object], words: str) -> None:
    with pytest.raises(OptimizerError) as refused:
        replace(tape(), **changes)
    assert words in str(refused.value)


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(OptimizerError, match=r"features of row 1 have the shape \(3,\)"):
        Tape.from_rows(NAMES, [row(0), row(1, vector=np.zeros(3))])
    with pytest.raises(OptimizerError, match="1 of 2 rows tell chances"):
        Tape.from_rows(NAMES, [row(0), row(1, chances=np.zeros(len(ARMS)))])
    with pytest.raises(OptimizerError, match="no feature 'moon'"):
        tape().column("moon")
    with pytest.raises(OptimizerError, match="rows of a tape of 4 cannot be chosen"):
        tape().rows(np.array([7]))
    with pytest.raises(OptimizerError, match="order of their times"):
        tape().rows(np.array([2, 1]))


def test_files_that_are_no_tape_are_refused(tmp_path: Path) -> None:
    good = tmp_path / "good.npz"
    tape().save(good)
    content = good.read_bytes()
    for name, bad in {
        "empty.npz": b"",
        "text.npz": b"hello",
        "pickle.npz": pickle.dumps({"names": ("net",)}),
        "cut.npz": content[: len(content) // 2],
    }.items():
        path = tmp_path / name
        path.write_bytes(bad)
        with pytest.raises(OptimizerError, match="is no tape"):
            Tape.load(path)
    with pytest.raises(OptimizerError, match="there is no tape"):
        Tape.load(tmp_path / "missing.npz")
    with pytest.raises(OptimizerError, match="cannot be read"):
        Tape.load(tmp_path)


def test_other_arrays_are_no_tape(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", net=np.zeros(3))
    np.savez(tmp_path / "part.npz", format=np.array("aineon-tape-1"), net=np.zeros(3))
    np.save(tmp_path / "single.npy", np.zeros(3))
    np.savez(tmp_path / "object.npz", format=np.array([{"a": 1}], dtype=object))
    for name in ("other.npz", "part.npz", "single.npy", "object.npz"):
        with pytest.raises(OptimizerError):
            Tape.load(tmp_path / name)


def test_a_tape_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(OptimizerError, match="cannot be written"):
        tape().save(tmp_path / "nowhere" / "tape.npz")
