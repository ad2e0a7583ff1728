"""Stores of an installation of its own for each test that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.ledger.control import ControlStore
from aineon.ledger.store import BookStore
from aineon.primitives import Book
from aineon.runtime.settings import Settings, load_settings
from tests.runtime.trainings import RUN, TAPE, samples_of


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(env={}, data_dir=str(tmp_path), feed="sandbox")


@pytest.fixture
def book(settings: Settings) -> Iterator[BookStore]:
    with BookStore.open(settings.book_url, Book.SIMULATION) as store:
        run_id = store.begin_run(RUN)
        store.write(samples=samples_of(TAPE, run_id))
        yield store


@pytest.fixture
def control(settings: Settings) -> Iterator[ControlStore]:
    with ControlStore.open(settings.control_url) as store:
        yield store
