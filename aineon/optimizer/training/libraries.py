"""Libraries: loads what training needs, and no more."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


def load_sklearn() -> None:
    """Import scikit-learn with what is trained here.

    It looks for pandas, whose tables are never given to it: 60 MB of 300 would go into that.
    """
    with _absent("pandas"):
        import sklearn.ensemble  # type: ignore[import-untyped]
        import sklearn.isotonic  # type: ignore[import-untyped]
        import sklearn.neural_network  # type: ignore[import-untyped]  # noqa: F401


@contextmanager
def _absent(name: str) -> Iterator[None]:
    """Let a library that is not loaded yet look as if it were not installed."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]
