"""A book whose tables are there already: creating them takes most of a second."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

from aineon.ledger.connect import sqlite_url
from aineon.ledger.store import BookStore
from aineon.primitives import Book
from tests.databases import database_url, is_on_server


@cache
def _template(book: Book) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.db"
        BookStore.open(sqlite_url(path), book).close()
        whole = Path(folder) / "whole.db"
        shutil.copyfile(path, whole)
        return whole.read_bytes()


def open_book(folder: Path, book: Book = Book.LIVE, url: str | None = None) -> BookStore:
    """Open a new book in `folder`, or at `url` where that is on a server."""
    path = folder / f"{book.value}.db"
    if is_on_server():
        return BookStore.open(url or database_url(path), book)
    path.write_bytes(_template(book))
    return BookStore.open(database_url(path), book)
