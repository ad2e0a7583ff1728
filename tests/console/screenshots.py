"""Takes the pictures of the handbook: `python3 dev.py screenshots [folder]`.

A real engine plays the sandbox market behind the console, and then a rehearsal; nothing on the
pictures is made up.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PIL import Image

from aineon.errors import LedgerNotFound
from aineon.ledger.connect import sqlite_url
from aineon.ledger.control import ControlStore
from tests.console import browsing

WIDTH, PHONE = 1440, (390, 844)
MOST_HEIGHT = 2600
MOST_BYTES = 400_000
PATIENCE_SECONDS = 240
REHEARSED_SECONDS = 90


def take_all(folder: Path) -> None:
    """Start engine and console, and save a picture of every page into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        data, home = Path(scratch) / "data", Path(scratch) / "home"
        home.mkdir()
        env = browsing.environment(data, home) | {"AINEON_WARM_UP_BLOCKS": "400"}
        with browsing.process(["aineon", "run", "--supervised"], env):
            await_running(data)
            with browsing.console(data, home) as (address, _), browsing.browser() as context:
                for page in browsing.PAGES:
                    save(take(context, address, page), folder / f"{page}.png")
                save(take_phone(context, address), folder / "phone.png")
    take_rehearsal(folder)


def take_rehearsal(folder: Path) -> None:
    """Play a rehearsal for a while, and save what Performance says of it."""
    with tempfile.TemporaryDirectory() as scratch:
        data, home = Path(scratch) / "data", Path(scratch) / "home"
        home.mkdir()
        port = browsing.free_port()
        env = browsing.environment(data, home) | contracts_cache()
        arguments = ["aineon", "rehearse", "--port", str(port)]
        with browsing.process(arguments, env), browsing.browser() as context:
            await_running(data)
            time.sleep(REHEARSED_SECONDS)
            address = f"http://127.0.0.1:{port}"
            save(take(context, address, "performance"), folder / "rehearsal.png")


def contracts_cache() -> dict[str, str]:
    """Where the contracts lie that were fetched already."""
    from aineon.rehearsal.packages import cache

    return {"AINEON_CONTRACTS_CACHE": str(cache())}


def await_running(data: Path) -> None:
    """Wait until the engine has left its warm-up."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(1)
        try:
            with ControlStore.open_reader(sqlite_url(data / "control.db")) as control:
                heartbeat = control.heartbeat()
        except LedgerNotFound:
            continue
        if heartbeat is not None and heartbeat.state == "running" and heartbeat.block_number:
            return
    sys.exit(f"error: the engine was not running within {PATIENCE_SECONDS} s.")


def take(context: Any, address: str, name: str) -> bytes:
    """Return a picture of a whole page, up to a height that still can be read."""
    page, _ = browsing.open_page(context, address + browsing.path_of(name))
    page.set_viewport_size({"width": WIDTH, "height": 900})
    browsing.settle(page)
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": min(MOST_HEIGHT, height)})
    page.wait_for_timeout(1500)
    picture: bytes = page.screenshot()
    page.close()
    return picture


def take_phone(context: Any, address: str) -> bytes:
    """Return a picture of the overview on a phone."""
    page, _ = browsing.open_page(context, address)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.wait_for_timeout(1500)
    picture: bytes = page.screenshot()
    page.close()
    return picture


def save(picture: bytes, path: Path) -> None:
    """Save a picture with few enough colours to be small."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(256).save(path, optimize=True)
    size = path.stat().st_size
    print(f"{path}: {size // 1000} kB")
    if size > MOST_BYTES:
        sys.exit(f"error: {path} has {size} bytes; {MOST_BYTES} are allowed.")


if __name__ == "__main__":
    if browsing.CHROMIUM is None:
        sys.exit("error: there is no Chromium on this machine to take pictures with.")
    take_all(Path(sys.argv[1]) if len(sys.argv) > 1 else browsing.ROOT / "docs" / "images")
