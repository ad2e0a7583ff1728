"""A node for the tests of this folder that need one beside them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aineon.errors import Unavailable
from aineon.rehearsal.anvil import Anvil, AnvilOptions
from tests.faults.on_anvil import signer_of, start_anvil

SLOTS = 4
UNTIL_FINAL = 2 * SLOTS
SIGNER = signer_of(0)


@pytest.fixture
def node() -> Iterator[Anvil]:
    """A chain that is final after eight blocks and mines when it is told to."""
    try:
        node = start_anvil([SIGNER], AnvilOptions(slots_in_epoch=SLOTS, order="fifo"))
    except Unavailable as why:
        pytest.skip(f"anvil is not at hand: {why}")
    with node:
        node.ask("anvil_mine", hex(2 * UNTIL_FINAL))
        yield node
