"""SECURITY.md names tests that exist, states that mean something, and no invented contact."""

from __future__ import annotations

import re

import pytest

from tests.tooling.locks import ROOT

TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.partition("## Controls")[2].partition("## Laws")[0].splitlines()
    if re.match(r"\|.*\| V\d", line)
]
LINKS = re.findall(r"\[([^\]]+)\]\(((?!https?:)[^)]+)\)", TEXT)


def test_there_are_controls() -> None:
    assert len(ROWS) > 30


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[1]} {row[0][:30]}")
def test_a_control_has_an_identifier_a_state_and_a_test(row: list[str]) -> None:
    control, identifier, test, state = row
    assert control
    assert re.fullmatch(r"V([1-9]|1[0-7])\.\d+\.\d+", identifier)
    word, _, reason = state.partition(": ")
    assert word in {"met", "partial", "not"}
    # What is not wholly met says what is missing; what is met has a test that shows it.
    assert bool(reason) == (word != "met")
    assert bool(test) == (word != "not")


@pytest.mark.parametrize(("words", "target"), LINKS)
def test_what_is_linked_exists(words: str, target: str) -> None:
    assert words == target
    assert (ROOT / target).is_file()


def test_every_test_that_is_named_is_linked() -> None:
    linked = {target for _, target in LINKS if target.startswith("tests/")}
    assert set(re.findall(r"tests/[\w/]+\.py", TEXT)) == linked


def test_it_claims_nothing_and_invents_no_address() -> None:
    assert "has not been audited" in TEXT
    assert "Report a\nvulnerability" in TEXT
    assert not re.search(r"[\w.]+@[\w.]+\.\w+", TEXT)
    assert not re.search(r"\b(is|are) (fully )?(SOX|PCI|GDPR|CCPA)[- ]compliant", TEXT)
