"""The nightly comparison: how the work is parted, what is said, and when it fails."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.contracts import nightly, uniswap_v2
from tests.contracts.comparing import Difference, Protocol, World, compare
from tests.contracts.nightly import Result, Share
from tests.contracts.uniswap_v2 import random_world


def test_all_swaps_are_shared_out_under_seeds_of_their_own() -> None:
    parts = nightly.shares(["one", "two"], "night", 50_000)
    assert len(parts) == 6
    assert len({(part.protocol, part.seed) for part in parts}) == 6
    assert sum(part.swaps for part in parts if part.protocol == "one") == 50_000


def test_the_number_comes_from_the_command_line_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert nightly.parsed([]).swaps == 1_000_000
    monkeypatch.setenv("AINEON_DIFFERENTIAL_SWAPS", "7")
    assert nightly.parsed([]).swaps == 7
    assert nightly.parsed(["--swaps", "9"]).swaps == 9


@pytest.mark.parametrize(("differences", "code"), [(0, 0), (1, 1)])
def test_one_difference_fails_the_night(
    differences: int, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = Result(Share("Uniswap V2", "x.0", 10), 12, differences, 2.0, "")
    monkeypatch.setattr(nightly, "compare_all", lambda *asked: [result])
    assert nightly.main(["--seed", "x"]) == code
    said = capsys.readouterr().out
    assert f"Uniswap V2: 12 swaps, {differences} differences, 6 swaps/s" in said
    assert "seed x" in said


def test_a_difference_names_what_is_needed_to_see_it_again() -> None:
    check = random_world("world", random.Random(1)).checks[1]
    said = str(Difference("world 7, seed x", check.pool, check.question, "done: 1", "done: 2"))
    assert "world 7, seed x" in said
    assert check.question in said
    assert str(check.pool.reserve0) in said
    assert str(check.pool.reserve1) in said
    assert "AINEON   done: 1\n  contract done: 2" in said


def test_a_quote_that_fails_names_its_world() -> None:
    def broken(name: str, rng: random.Random) -> World:
        raise ZeroDivisionError

    protocol = Protocol("Broken", uniswap_v2.deploy, broken)
    bench: Any = None
    with pytest.raises(ZeroDivisionError) as caught:
        compare(protocol, bench, "x", 10)
    assert caught.value.__notes__ == ["in Broken, seed x, world 0"]
