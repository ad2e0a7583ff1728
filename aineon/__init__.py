"""AINEON: atomic cross-DEX arbitrage on Ethereum, with honest books.

Importing this package does no I/O, reads no settings and sets up no logging. `open_engine`
loads the engine only when it is first asked for, so that scripts which only want pool
mathematics stay light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aineon.runtime.build import open_engine

__version__ = "0.1.0"
__all__ = ["__version__", "open_engine"]


def __getattr__(name: str) -> Any:
    if name == "open_engine":
        from aineon.runtime.build import open_engine

        return open_engine
    raise AttributeError(f"module 'aineon' has no attribute {name!r}")
