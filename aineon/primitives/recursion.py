"""Keeping Python's recursion limit where it is, whatever a library does to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def recursion_limit_kept() -> Iterator[None]:
    """Put the recursion limit back afterwards; for imports of libraries that raise it.

    py_ecc, which eth-account and web3 stand on, raises it to 100,000. With that, deeply nested
    JSON from outside (a recording, a node's answer) ends the process: json's parser is C, and
    its stack is not Python's.
    """
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
