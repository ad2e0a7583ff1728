"""The chart library that browsers load: the file in the Python package, served by this console."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH: Final = "/plotly.min.js"
SOURCE: Final = f"{PATH}?{version('plotly')}"
"""What a page loads; another version is another address, so browsers may keep it."""
_KEPT: Final = "private, max-age=31536000, immutable"


def route() -> Route:
    """Return the route that answers with the library."""
    return Route(PATH, _answer, methods=["GET"], name="plotly")


def _answer(request: Request) -> Response:
    headers = {"Cache-Control": _KEPT, "Vary": "Accept-Encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(_packed(), media_type="text/javascript", headers=headers)
    return Response(_file().read_bytes(), media_type="text/javascript", headers=headers)


@cache
def _packed() -> bytes:
    # 4.8 MB become 1.5.
    return gzip.compress(_file().read_bytes(), 6)


def _file() -> Path:
    found = find_spec("plotly")
    assert found is not None  # or the pages would not have been imported
    assert found.origin is not None
    return Path(found.origin).parent / "package_data" / "plotly.min.js"
