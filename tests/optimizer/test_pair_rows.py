"""Figures are kept of so many pairs and no more; the one told of least recently is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aineon.optimizer.arms import ARMS, Channel
from aineon.optimizer.bandit.corrections import Corrections
from aineon.optimizer.drift import DriftWatch
from aineon.optimizer.knowing import Asked, Knowledge
from aineon.optimizer.leading import Champion, Terms
from aineon.optimizer.models.correction import Correction
from aineon.optimizer.models.table import LiveTable
from aineon.optimizer.novelty import Ranges
from aineon.optimizer.pair_rows import MOST_PAIRS, PairRows

CURVE = np.linspace(0.2, 0.9, len(ARMS))
LOST = np.zeros(len(ARMS))
WON = np.ones(len(ARMS))
NET = 0.01

telling = st.lists(st.sampled_from("ABCDEFG"), max_size=30)


@settings(max_examples=60)
@given(told=telling, most=st.integers(1, 5))
def test_the_pairs_that_were_told_of_last_have_a_row_each(told: list[str], most: int) -> None:
    rows, owner = PairRows(most=most), {}
    for pair in told:
        known = rows.find(pair)
        row = rows.told(pair)
        assert row.is_new == (known is None)
        assert known in {None, row.at}
        owner[row.at] = pair
        assert rows.find(pair) == row.at
    expected = list(dict.fromkeys(reversed(told)))[:most][::-1]
    assert list(rows.oldest_first()) == expected
    assert len(rows) == len(expected)
    assert all(0 <= row < most for row in rows.oldest_first().values())
    assert {pair: row for row, pair in owner.items() if pair in expected} == rows.oldest_first()


class OfTable:
    def __init__(self, most: int) -> None:
        self.kept = LiveTable(most_pairs=most)

    def learn(self, pair: str, landed: bool, at: float) -> None:
        self.kept.learn(pair, NET, WON if landed else LOST, at)

    def says(self, pair: str) -> Any:
        return self.kept.chances(pair, NET).tolist()

    def size(self) -> int:
        return self.kept.arrays()["asked"].shape[1] - 1


class OfCorrection(OfTable):
    def __init__(self, most: int) -> None:
        self.kept: Any = Correction(most_pairs=most)

    def learn(self, pair: str, landed: bool, at: float) -> None:
        self.kept.learn(CURVE, pair, NET, WON if landed else LOST)

    def says(self, pair: str) -> Any:
        return self.kept.chances(CURVE, pair, NET).tolist()

    def size(self) -> int:
        return self.kept.arrays()["own"].shape[1]


class OfCorrections(OfTable):
    def __init__(self, most: int) -> None:
        self.kept: Any = Corrections(most_pairs=most)

    def learn(self, pair: str, landed: bool, at: float) -> None:
        self.kept.learn(pair, NET, landed, 0.5, at)

    def says(self, pair: str) -> Any:
        return self.kept.factor(pair, NET)

    def size(self) -> int:
        return len(self.kept._cells)


class OfWatch(OfTable):
    def __init__(self, most: int) -> None:
        self.kept: Any = DriftWatch(most_pairs=most)

    def learn(self, pair: str, landed: bool, at: float) -> None:
        self.kept.learn(at, pair, 0.5 if landed else 0.99, novel=False)

    def says(self, pair: str) -> Any:
        row = self.kept._pairs.find(pair)
        return 0.0 if row is None else float(self.kept._by_pair[row])

    def size(self) -> int:
        return len(self.kept._by_pair)


OWNERS = [OfTable, OfCorrection, OfCorrections, OfWatch]


@pytest.mark.parametrize("owner", OWNERS)
@settings(max_examples=25, deadline=None)
@given(told=st.lists(st.tuples(st.sampled_from("ABCDEF"), st.booleans()), max_size=25))
def test_what_is_kept_stays_small_and_a_forgotten_pair_is_as_one_never_seen(
    owner: Callable[[int], OfTable], told: list[tuple[str, bool]]
) -> None:
    few = owner(3)
    for at, (pair, landed) in enumerate(told):
        known = list(dict.fromkeys(each for each, _ in reversed(told[:at])))[:3]
        if pair not in known:
            assert few.says(pair) == few.says("never/seen")
        few.learn(pair, landed, float(at))
        assert few.size() <= 3
    for pair in "ABCDEF":
        if pair not in list(dict.fromkeys(each for each, _ in reversed(told)))[:3]:
            assert few.says(pair) == few.says("never/seen")


@pytest.mark.parametrize("owner", OWNERS)
def test_a_new_pair_in_the_place_of_another_one_begins_anew(
    owner: Callable[[int], OfTable],
) -> None:
    reused, fresh = owner(1), owner(2)
    for at in range(5):
        for each in (reused, fresh):
            each.learn("OLD", False, float(at))
    for each in (reused, fresh):
        each.learn("NEW", True, 5.0)
    assert reused.says("NEW") == fresh.says("NEW")
    assert reused.says("OLD") != fresh.says("OLD")


def test_kept_figures_of_more_pairs_than_are_kept_now_can_be_read() -> None:
    names = [f"T{number}/WETH" for number in range(MOST_PAIRS + 2)]
    table, correction = (each(most_pairs=10**6) for each in (LiveTable, Correction))
    for at, pair in enumerate(names):
        table.learn(pair, NET, WON if at % 2 else LOST, float(at))
        correction.learn(CURVE, pair, NET, WON if at % 2 else LOST)
    again, corrected = (
        each.from_arrays(kept.arrays())
        for each, kept in ((LiveTable, table), (Correction, correction))
    )
    for pair in (names[2], names[-1]):
        assert again.chances(pair, NET).tolist() == table.chances(pair, NET).tolist()
        assert np.array_equal(
            corrected.chances(CURVE, pair, NET), correction.chances(CURVE, pair, NET)
        )
    assert again.chances(names[0], NET).tolist() == again.chances("never/seen", NET).tolist()
    assert len(again.arrays()["pairs"]) == len(corrected.arrays()["pairs"]) == MOST_PAIRS


def test_what_was_told_of_last_stays_the_newest_when_it_is_kept_and_read() -> None:
    table = LiveTable(most_pairs=3)
    for at, pair in enumerate(["A", "B", "C", "A"]):
        table.learn(pair, NET, WON, float(at))
    assert table.arrays()["pairs"].tolist() == ["B", "C", "A"]
    again = LiveTable.from_arrays(table.arrays())
    assert again.arrays()["pairs"].tolist() == ["B", "C", "A"]


def test_whether_an_input_is_novel_does_not_hang_on_words(monkeypatch: pytest.MonkeyPatch) -> None:
    ranges = Ranges.of(("outside_price",), np.zeros((5, 1)))
    knowledge = Knowledge(ranges.names, Channel.PRIVATE, Terms())
    models: Any = None
    knowledge.champion = Champion(models, None, 0.0, ranges)

    def is_novel(vector: Any) -> bool:
        return knowledge.told(Asked("A/B", NET, 0.0, vector, 0.0)).novel

    assert is_novel(np.ones(1))
    assert not is_novel(np.zeros(1))
    monkeypatch.setattr(Ranges, "why_novel", lambda self, vector: "models never saw its like")
    assert is_novel(np.ones(1))
    assert not is_novel(np.array([np.nan])), "unknown is not novel"
    assert not is_novel(None)
