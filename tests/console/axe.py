"""axe-core, which looks for what keeps people out of a page; fetched once, as contracts are.

`python -m tests.console.axe` fetches it (Mozilla Public License 2.0; it is no part of ours).
"""

from __future__ import annotations

import sys
from typing import Any

from aineon.errors import Unavailable
from aineon.rehearsal.packages import Package, cache, fetch, npm_command

AXE = Package(
    "axe-core",
    "4.10.3",
    "Xm7bpRXnDSX2YE2YFfBk2FnF0ep6tmG7xPh8iHee8MIcrgq762Nkce856dYtJYLkuIoYZvGfTs/PbZhideTcEg==",
    ("axe.min.js",),
)
MISSING = "axe-core is not at hand: `python -m tests.console.axe` fetches it"


def violations(page: Any) -> list[str]:
    """Return what axe finds wrong with a page of the browser, a line each."""
    page.evaluate(AXE.path("axe.min.js").read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:200]}"
        for each in found["violations"]
    ]


def main() -> int:
    """Fetch axe-core, unless it is at hand."""
    if AXE.is_complete():
        return 0
    try:
        cache().mkdir(parents=True, exist_ok=True)
        fetch(AXE, npm_command(print))
    except (Unavailable, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
