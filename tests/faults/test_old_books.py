"""An outbox that is not the newest one, or none at all: everything stops, and nothing is sent."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from aineon.errors import StopLatched
from aineon.rehearsal.anvil import Anvil
from tests.faults.conftest import SIGNER, UNTIL_FINAL
from tests.faults.on_anvil import AnvilCarrier, engine, received
from tests.sending.engines import open_book, payment


async def pay(node: Anvil, folder: Path, *numbers: int) -> None:
    """Send these, and see them final."""
    async with engine(folder, [node.url], SIGNER, public=AnvilCarrier(node.rpc)) as life:
        await life.sender.start()
        for number in numbers:
            await life.sender.send(payment(number))
        node.ask("anvil_mine", hex(UNTIL_FINAL + 1))
        await life.sender.reconcile()


def backup(folder: Path, name: str) -> Path:
    """Copy the book as a backup does."""
    place = folder / name
    with sqlite3.connect(folder / "rehearsal.db") as book, sqlite3.connect(place) as copy:
        book.backup(copy)
    book.close()
    copy.close()
    return place


def remove_book(folder: Path) -> None:
    for path in folder.glob("rehearsal.db*"):
        path.unlink()


async def refused(node: Anvil, folder: Path, number: int) -> str:
    """Start on what is there, try to pay, and return why nothing happens."""
    transactions = node.ask("eth_getTransactionCount", SIGNER.address, "pending")
    async with engine(folder, [node.url], SIGNER, public=AnvilCarrier(node.rpc)) as life:
        start = await life.sender.start()
        assert start.stop.is_set
        with pytest.raises(StopLatched):
            await life.sender.send(payment(number))
    assert node.ask("eth_getTransactionCount", SIGNER.address, "pending") == transactions
    assert (folder / "STOP").exists()
    return str(start.stop)


async def test_a_restored_backup_stops_everything(node: Anvil, tmp_path: Path) -> None:
    await pay(node, tmp_path, 0)
    old = backup(tmp_path, "backup.db")
    await pay(node, tmp_path, 1, 2)
    remove_book(tmp_path)
    shutil.copy(old, tmp_path / "rehearsal.db")
    why = await refused(node, tmp_path, 2)
    assert "the chain has counted 3 transactions" in why
    assert "the outbox knows of 1" in why
    # It holds after the next start too, and whatever is asked for.
    await refused(node, tmp_path, 3)
    assert received(node.rpc, range(4)) == [1, 1, 1, 0]


async def test_a_restored_backup_stops_while_the_rest_is_only_pending(
    node: Anvil, tmp_path: Path
) -> None:
    await pay(node, tmp_path, 0)
    old = backup(tmp_path, "backup.db")
    async with engine(tmp_path, [node.url], SIGNER, public=AnvilCarrier(node.rpc)) as life:
        await life.sender.start()
        await life.sender.send(payment(1))
    remove_book(tmp_path)
    shutil.copy(old, tmp_path / "rehearsal.db")
    await refused(node, tmp_path, 1)
    node.ask("anvil_mine", "0x1")
    assert received(node.rpc, range(2)) == [1, 1]


async def test_a_deleted_outbox_stops_everything(node: Anvil, tmp_path: Path) -> None:
    await pay(node, tmp_path, 0, 1)
    remove_book(tmp_path)
    open_book(tmp_path).close()
    assert "the outbox knows of 0" in await refused(node, tmp_path, 1)
    assert received(node.rpc, range(2)) == [1, 1]


async def test_control_who_waves_the_fence_through_pays_twice(node: Anvil, tmp_path: Path) -> None:
    await pay(node, tmp_path, 0, 1)
    remove_book(tmp_path)
    async with engine(tmp_path, [node.url], SIGNER, public=AnvilCarrier(node.rpc)) as life:
        await life.sender.start()
        life.sender.outbox.adopt(2, "ada")
        life.stop.clear("ada", life.stop.state())
        await life.sender.reconcile()
        await life.sender.send(payment(1))
    node.ask("anvil_mine", "0x1")
    assert received(node.rpc, range(2)) == [1, 2]
