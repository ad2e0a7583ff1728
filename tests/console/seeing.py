"""What a page shows, as text."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
WORDS = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "success")


def open_page(name: str) -> AppTest:
    test = AppTest.from_file(MAIN, default_timeout=60).run()
    return test if name == "overview" else turn_to(test, name)


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
