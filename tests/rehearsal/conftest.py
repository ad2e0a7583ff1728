"""One world for all tests of a process; each leaves it as it found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aineon.errors import Unavailable
from aineon.rehearsal import packages
from aineon.rehearsal.anvil import Anvil
from aineon.rehearsal.listing import LISTINGS
from aineon.rehearsal.world import DEFAULT_SEED, OPTIONS, World


@pytest.fixture(scope="session")
def at_hand() -> None:
    """Skip where anvil or the contracts were not fetched."""
    try:
        packages.anvil()
        for package in packages.CONTRACTS:
            for file in package.files:
                packages.present(package, file)
    except Unavailable as why:
        pytest.skip(f"the rehearsal's packages are not at hand: {why}")


@pytest.fixture(scope="session")
def built(at_hand: None) -> Iterator[World]:
    with Anvil.start(OPTIONS) as anvil:
        yield World(anvil, DEFAULT_SEED, LISTINGS)


@pytest.fixture
def world(built: World) -> Iterator[World]:
    """The world as it was built."""
    anvil = built.anvil
    before = anvil.ask("evm_snapshot")
    yield built
    anvil.ask("anvil_dropAllTransactions")
    anvil.ask("evm_setAutomine", True)
    anvil.ask("evm_revert", before)
