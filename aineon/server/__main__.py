"""Health, metrics and the REST API without pages: what `aineon api` keeps alive."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from aineon.runtime.handover import without_withheld
from aineon.runtime.settings import load_settings
from aineon.server.app import routes

_MOST_AT_ONCE = 64
"""Answers are read from one database: more at once would only wait for each other."""


def main(arguments: Sequence[str]) -> int:
    """Answer until a signal comes."""
    import uvicorn
    from starlette.applications import Starlette

    parser = argparse.ArgumentParser(prog="aineon.server")
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", required=True, type=int)
    given = parser.parse_args(arguments)
    settings = without_withheld(load_settings())
    uvicorn.run(
        Starlette(routes=routes(settings)),
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        server_header=False,
        # A proxy is not believed: who asks shows a token, wherever he says he comes from.
        proxy_headers=False,
        limit_concurrency=_MOST_AT_ONCE,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
