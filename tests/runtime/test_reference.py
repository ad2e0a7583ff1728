"""docs/configuration.md says what the settings say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aineon.runtime.reference import markdown
from aineon.runtime.settings import PARAMETERS, Settings, load_settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "configuration.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == markdown(), (
        "run: python -m aineon.runtime.reference > docs/configuration.md"
    )


def test_every_setting_has_its_row() -> None:
    rows = [line for line in markdown().splitlines() if line.startswith("| `")]
    assert len(rows) == len(PARAMETERS)
    assert all(row.count(" | ") == 3 for row in rows)


def test_the_example_file_names_settings_alone() -> None:
    text = (PAGE.parents[1] / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^# ([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))
    assert named
    assert named <= {parameter.env for parameter in PARAMETERS.values()}


@pytest.mark.parametrize("field", PARAMETERS)
def test_declarations_are_complete_sentences(field: str) -> None:
    parameter = PARAMETERS[field]
    assert parameter.about.endswith(".")
    assert parameter.label
    assert parameter.group
    # A default must itself be allowed.
    default = getattr(Settings(), field)
    if default not in (None, ()):
        assert parameter.read(default) == default


def test_defaults_in_words_are_given_where_they_depend() -> None:
    calm, render = load_settings(env={}), load_settings(env={"RENDER": "1"})
    replay = load_settings(env={}, feed="replay", replay_file="x")
    for field, parameter in PARAMETERS.items():
        values = {str(getattr(s, field)) for s in (calm, render, replay)}
        chosen = field in {"on_render", "feed", "replay_file"}
        if len(values) > 1 and not chosen:
            assert parameter.default_words, field
