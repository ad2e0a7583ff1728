"""A chart that new data come to stays the chart that somebody looks at."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.console import browsing

FEES = "document.querySelector('.st-key-chart-base-fee .js-plotly-plot')"
LAST_BLOCK = f"{FEES}?.calcdata?.[0]?.at(-1)?.x"
PATIENCE_MS = 60_000
ATTEMPTS = 8


def zoom(page: Any) -> None:
    """Drag over the middle of the chart; new data in the midst of it make it be done again."""
    from playwright.sync_api import TimeoutError as TookTooLong

    for _ in range(ATTEMPTS):
        box = page.locator(".st-key-chart-base-fee .nsewdrag").bounding_box()
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + box["width"] * 0.4, middle)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.6, middle, steps=8)
        page.mouse.up()
        with suppress(TookTooLong):
            page.wait_for_function(f"{FEES}._fullLayout.xaxis.autorange === false", timeout=4000)
            return
    raise AssertionError("the chart cannot be zoomed")


@pytest.mark.browser
@pytest.mark.skipif(browsing.CHROMIUM is None, reason="no Chromium on this machine")
def test_new_data_are_drawn_and_leave_the_zoom_as_it_is(tmp_path: Path) -> None:
    folders = tmp_path / "data", tmp_path / "home"
    for folder in folders:
        folder.mkdir()
    with (
        # Far more blocks than the test lasts for: what is drawn is always the same run.
        browsing.engine(*folders, warm_up=60, blocks=10_000, pace=0.5),
        browsing.console(*folders) as (address, _),
        browsing.browser() as context,
    ):
        page, _ = browsing.open_page(context, address + "/risk")
        page.set_default_timeout(PATIENCE_MS)
        page.wait_for_function(f"{LAST_BLOCK} > 60")
        page.evaluate(f"{FEES}.scrollIntoView({{block: 'center'}})")
        zoom(page)
        zoomed, last = page.evaluate(f"[{FEES}._fullLayout.xaxis.range, {LAST_BLOCK}]")
        page.evaluate(f"window.sameChart = {FEES}")
        page.wait_for_function(f"{LAST_BLOCK} > {last}")
        assert page.evaluate(f"{FEES}._fullLayout.xaxis.range") == zoomed
        assert page.evaluate(f"window.sameChart === {FEES}")
