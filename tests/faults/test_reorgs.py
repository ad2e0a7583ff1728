"""Blocks are taken back at every depth, after every number of confirmations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aineon.rehearsal.anvil import Anvil
from aineon.sending.standing import Standing
from tests.faults.conftest import SIGNER, UNTIL_FINAL
from tests.faults.on_anvil import AnvilCarrier, Engine, engine, received
from tests.sending.engines import payment

DEPTHS = range(1, 6)
CONFIRMATIONS = (1, 3, 6, UNTIL_FINAL + 1)


@pytest.fixture
async def life(node: Anvil, tmp_path: Path) -> AsyncIterator[Engine]:
    carrier = AnvilCarrier(node.rpc)
    async with engine(tmp_path, [node.url], SIGNER, public=carrier) as life:
        await life.sender.start()
        yield life


def mine(node: Anvil, count: int) -> None:
    node.ask("anvil_mine", hex(count))


async def standing(life: Engine, number: int) -> Standing:
    status = await life.sender.status(f"withdrawal:{number}")
    assert status is not None
    return status.standing


@pytest.mark.parametrize("come_back", [False, True], ids=["dropped", "mined again"])
async def test_reorganisations_take_no_payment_away_and_make_none_twice(
    node: Anvil, life: Engine, come_back: bool
) -> None:
    cases = [(depth, count) for depth in DEPTHS for count in CONFIRMATIONS]
    for number, (depth, confirmations) in enumerate(cases):
        sent = await life.sender.send(payment(number))
        mine(node, confirmations)
        await life.sender.reconcile()
        is_final = confirmations > UNTIL_FINAL
        known = await standing(life, number)
        assert known is (Standing.FINAL if is_final else Standing.MINED), (depth, confirmations)
        taken_back = depth >= confirmations
        again = [["0x" + sent.version.raw.hex(), 0]] if come_back and taken_back else []
        node.ask("anvil_reorg", depth, again)
        done = await life.sender.reconcile()
        # Mined again in a like block at the same height, nothing has happened.
        if not again:
            assert bool(done.changes) == taken_back, (depth, confirmations)
        for _ in range(2):
            mine(node, UNTIL_FINAL + 1)
            await life.sender.reconcile()
        assert await standing(life, number) is Standing.FINAL, (depth, confirmations)
    assert received(node.rpc, range(len(cases))) == [1] * len(cases)
    assert not life.stop.state().is_set


async def test_control_a_chain_brings_nothing_back_by_itself(node: Anvil, life: Engine) -> None:
    await life.sender.send(payment(0))
    mine(node, 1)
    await life.sender.reconcile()
    node.ask("anvil_reorg", 3, [])
    # Whoever counts one confirmation as done does not look any more.
    mine(node, UNTIL_FINAL + 1)
    assert received(node.rpc, [0]) == [0]
