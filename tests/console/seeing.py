"""What a page shows, as text."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from aineon.primitives import ManualClock
from app import state
from app.components.plot import PREFIX

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
WORDS = (
    "title",
    "header",
    "subheader",
    "markdown",
    "caption",
    "info",
    "warning",
    "error",
    "success",
)


def stop_the_clock() -> None:
    """Let no time pass for the console: what it reads grows no older on a slow machine."""
    state.client().clock = ManualClock(time.time())


def open_page(name: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60).run()
    return test if name == "overview" else turn_to(test, name)


def open_settings(section: str) -> AppTest:
    """Open the settings page at one of its sections."""
    return open_page("settings").button_group(key="settings_section").set_value(section).run()


def turn_to(test: AppTest, name: str) -> AppTest:
    return test.switch_page(f"../pages/{name}.py").run()


def text_of(test: AppTest) -> str:
    """Everything a reader finds on the page, tables included."""
    found = [str(element.value) for kind in WORDS for element in test.get(kind)]
    found += [f"{box.label} {box.value} {box.delta}" for box in test.metric]
    found += [table.value.to_string(max_colwidth=None) for table in test.dataframe]
    found += [table.value.to_string(max_colwidth=None) for table in test.get("table")]
    return "\n".join(found)


def styles_of(test: AppTest) -> str:
    """The style sheets that the page brings; Streamlit keeps them beside the page's elements."""
    return "\n".join(element.proto.body for element in test.get("html"))


@dataclass(frozen=True)
class Chart:
    """A chart as it is handed to the browser."""

    key: str
    element_id: str
    figure: dict[str, Any]
    spec: str
    alt: str


def charts_of(test: AppTest) -> dict[str, Chart]:
    """The charts of the page, by their names."""
    found = {}
    for drawn in test.get("bidi_component"):
        handed = json.loads(drawn.proto.json)
        name = drawn.proto.id.partition(f"-{PREFIX}")[2]
        figure = handed["figure"]
        found[name] = Chart(name, drawn.proto.id, json.loads(figure), figure, handed["alt"])
    return found
