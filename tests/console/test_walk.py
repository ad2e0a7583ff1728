"""The real console, with a real run behind it: over HTTP, and through a headless Chromium."""

from __future__ import annotations

import contextlib
import io
import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from tests.console import axe, browsing

NO_CHROMIUM = "no Chromium on this machine: the walk through the pages is left out"
SKIPPED = pytest.mark.skipif(browsing.CHROMIUM is None, reason=NO_CHROMIUM)
LEAST_COLOURS = 50
HEAD_STOP = ".st-key-stop_in_head button"
CELLS_THAT_OVERFLOW = """() => [...document.querySelectorAll('table td')].filter((cell) => {
  const text = document.createRange();
  text.selectNodeContents(cell);
  return text.getBoundingClientRect().right > cell.getBoundingClientRect().right + 1;
}).map((cell) => cell.innerText)"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Folders of data and home, after a short run of the engine."""
    folder, home = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("home")
    browsing.run_engine(folder, home, warm_up=60, blocks=20)
    return folder, home


@pytest.fixture(scope="module")
def console(folders: tuple[Path, Path]) -> Iterator[tuple[str, int]]:
    """Yield the address of a console and its process id."""
    with browsing.console(*folders) as (address, started):
        yield address, started.pid


def get(url: str) -> tuple[str, Any]:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read().decode(), answer.headers


@pytest.mark.parametrize("path", ["/", "/risk", "/settings"])
def test_every_page_is_delivered_with_the_mesh(console: tuple[str, int], path: str) -> None:
    body, headers = get(console[0] + path)
    assert 'id="aineon-mesh"' in body
    assert "SIMULATION – play money" in body
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/health", "/api/v1/health"])
def test_health_is_beside_the_pages(console: tuple[str, int], path: str) -> None:
    answer = json.loads(get(console[0] + path)[0])
    assert answer["status"] == "alive"
    assert answer["engine"]["state"] == "finished"
    assert answer["block_number"] is not None


def test_the_console_fits_beside_the_engine(console: tuple[str, int]) -> None:
    # The two share 512 MB; what is not shared with files on disk is what counts.
    memory = psutil.Process(console[1]).memory_full_info()
    assert memory.uss < 240 * 2**20


@pytest.fixture(scope="module")
def context() -> Iterator[Any]:
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(browsing.browser())


@pytest.mark.browser
@SKIPPED
def test_a_walk_through_every_page(console: tuple[str, int], context: Any) -> None:
    page, complaints = browsing.open_page(context, console[0])
    for name in browsing.PAGES:
        page.locator('[data-testid="stSidebarNavLink"]', has_text=name.capitalize()).click()
        page.wait_for_selector(f'h1:has-text("{name.capitalize()} · Simulated")')
        browsing.settle(page)
        assert page.title().startswith(f"{name.capitalize()} · Simulated"), name
        assert page.locator('[data-testid="stException"]').count() == 0, name
        mesh = page.evaluate("getComputedStyle(document.body, '::after').backgroundImage")
        assert "svg" in mesh, name
        words = page.evaluate("getComputedStyle(document.body, '::before').content")
        assert "SIMULATION – play money" in words, name
        assert colours(page.screenshot()) > LEAST_COLOURS, name
        assert page.evaluate(CELLS_THAT_OVERFLOW) == [], name
        # Files come from Performance alone: with their provenance, and with every digit.
        assert not visible(page, 'button[aria-label^="Download as CSV"]'), name
        assert not visible(page, HEAD_STOP), name
    page.close()
    assert complaints == []


@pytest.mark.browser
@SKIPPED
def test_the_mesh_is_there_from_the_first_paint(console: tuple[str, int], context: Any) -> None:
    page = context.new_page()
    # No script of the page runs: what is seen now is what was delivered.
    page.route("**/*.js", lambda route: route.abort())
    page.goto(console[0], wait_until="domcontentloaded")
    assert "svg" in page.evaluate("getComputedStyle(document.body, '::after').backgroundImage")
    assert page.evaluate("getComputedStyle(document.body, '::after').pointerEvents") == "none"
    page.close()


@pytest.mark.browser
@SKIPPED
def test_a_phone_needs_no_sideways_scrolling(console: tuple[str, int], context: Any) -> None:
    page, complaints = browsing.open_page(context, console[0])
    page.set_viewport_size({"width": 390, "height": 844})
    for name in browsing.PAGES:
        page.goto(console[0] + browsing.path_of(name))
        page.wait_for_selector("h1")
        browsing.settle(page)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, name
        # The sidebar is closed; nobody has to open it to stop.
        assert visible(page, HEAD_STOP), name
        # The buttons of charts would lie over their legends.
        assert page.locator(".modebar").count() == 0, name
    page.close()
    # Links into the midst of the console ask for nothing that is not there.
    assert complaints == []


@pytest.mark.browser
@SKIPPED
@pytest.mark.skipif(not axe.AXE.is_complete(), reason=axe.MISSING)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_nothing_keeps_people_out_of_a_page(
    console: tuple[str, int], context: Any, scheme: str
) -> None:
    page, _ = browsing.open_page(context, console[0])
    page.emulate_media(color_scheme=scheme)
    found = {}
    for name in browsing.PAGES:
        page.locator('[data-testid="stSidebarNavLink"]', has_text=name.capitalize()).click()
        page.wait_for_selector(f'h1:has-text("{name.capitalize()} · Simulated")')
        browsing.settle(page)
        found |= {name: wrong} if (wrong := axe.violations(page)) else {}
    page.close()
    assert found == {}


@pytest.mark.browser
@SKIPPED
def test_a_row_is_chosen_and_half_typed_text_stays(console: tuple[str, int], context: Any) -> None:
    page, _ = browsing.open_page(context, console[0] + "/opportunities")
    page.wait_for_timeout(500)
    table = page.locator('[data-testid="stDataFrame"]').first.bounding_box()
    page.mouse.click(table["x"] + 15, table["y"] + 35 * 2 + 17)
    page.wait_for_selector('h2:has-text("The chosen opportunity")')
    assert "opportunity=" in page.url
    venue = page.locator('[data-testid="stSelectbox"]', has_text="Venue").locator("input")
    venue.click()
    venue.type("sush")
    page.wait_for_timeout(4_000)
    assert venue.input_value() == "sush"
    page.close()


@pytest.mark.browser
@SKIPPED
def test_the_stop_is_pressed_on_a_phone_and_cleared(
    console: tuple[str, int], folders: tuple[Path, Path], context: Any
) -> None:
    page, _ = browsing.open_page(context, console[0] + "/risk")
    page.set_viewport_size({"width": 390, "height": 844})
    stop_file = folders[0] / "STOP"
    page.locator(f"{HEAD_STOP}:visible").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("a doubt on the way")
    assert not stop_file.exists()
    browsing.settle(page)
    wrong = axe.violations(page) if axe.AXE.is_complete() else []
    dialog.get_by_role("button", name="Stop now").click()
    page.get_by_text("a doubt on the way").first.wait_for()
    assert "a doubt on the way" in stop_file.read_text(encoding="utf-8")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(console[0] + "/risk")
    page.get_by_role("button", name="Clear the stop …").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("clear")
    page.get_by_role("dialog").get_by_role("textbox").press("Tab")
    page.get_by_role("button", name="Clear it").click()
    page.get_by_text("The emergency stop is cleared.").wait_for()
    assert not stop_file.exists()
    page.close()
    assert wrong == []


def visible(page: Any, selector: str) -> bool:
    return any(each.is_visible() for each in page.locator(selector).all())


def colours(picture: bytes) -> int:
    """How many colours a picture has; a blank page has a handful."""
    found = Image.open(io.BytesIO(picture)).convert("RGB").getcolors(1 << 24)
    return len(found or ())


def test_a_blank_picture_has_few_colours() -> None:
    blank = io.BytesIO()
    Image.new("RGB", (100, 100), "black").save(blank, "PNG")
    assert colours(blank.getvalue()) < LEAST_COLOURS
