"""What flash loans cost, and how much there is: Balancer's real Vault, and an Aave that answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aineon.chain.addresses import ChainAddresses
from aineon.chain.snapshot import AaveTerms, LenderTerms, VaultTerms, lender_terms
from aineon.primitives import Address
from tests.chain.answering import Burn, asked, put, words
from tests.chain.snapshot_world import AnvilReader, SnapshotWorld, running_chain, undone
from tests.contracts.abi import encode, selector
from tests.contracts.chain import DEPLOYER

AAVE, A_TOKEN = "0x" + "a1" * 20, "0x" + "a2" * 20
ACTIVE, PAUSED, LENDS = 1 << 56, 1 << 60, 1 << 63


@pytest.fixture(scope="module")
def deployed() -> Iterator[SnapshotWorld]:
    with running_chain() as chain:
        yield SnapshotWorld(chain)


@pytest.fixture
def world(deployed: SnapshotWorld) -> Iterator[SnapshotWorld]:
    with undone(deployed.chain):
        yield deployed


def give(world: SnapshotWorld, owner: str, amount: int) -> None:
    arguments = encode(int(owner, 16), amount)
    world.chain.send(world.tokens[0], selector("set_balance(address,uint256)") + arguments)


def terms(world: SnapshotWorld, folder: Path) -> LenderTerms:
    path = folder / "chain.json"
    path.write_text(json.dumps(world.data() | {"aave_v3": {"pool": AAVE}}), "utf-8")
    known = ChainAddresses.from_file(path)
    return asyncio.run(lender_terms(AnvilReader(world.chain), known))


def aave(world: SnapshotWorld, state: int, virtual: int | None = None) -> None:
    answers: dict[bytes, bytes | Burn] = {
        asked("FLASHLOAN_PREMIUM_TOTAL()"): words(5),
        asked("POOL_REVISION()"): words(9),
    }
    first, second = world.tokens
    answers[asked("getReserveData(address)", first)] = words(state, *[0] * 7, A_TOKEN, *[0] * 6)
    answers[asked("getReserveData(address)", second)] = words(*[0] * 15)
    if virtual is not None:
        answers[asked("getVirtualUnderlyingBalance(address)", first)] = words(virtual)
    put(world.chain, AAVE, answers)


@pytest.mark.parametrize(("virtual", "available"), [(None, 700), (600, 600), (800, 700)])
def test_aave_lends_what_it_holds_and_counts(
    world: SnapshotWorld, tmp_path: Path, virtual: int | None, available: int
) -> None:
    aave(world, ACTIVE | LENDS, virtual)
    give(world, A_TOKEN, 700)
    found = terms(world, tmp_path).aave
    first, second = map(Address, world.tokens)
    assert found == AaveTerms(Address(AAVE), 5, 9, {first: available, second: 0})


@pytest.mark.parametrize("state", [0, ACTIVE, LENDS, ACTIVE | LENDS | PAUSED])
def test_a_reserve_that_lends_nothing_has_nothing(
    world: SnapshotWorld, tmp_path: Path, state: int
) -> None:
    aave(world, state)
    give(world, A_TOKEN, 700)
    found = terms(world, tmp_path).aave
    assert found is not None
    assert set(found.available.values()) == {0}


def test_balancer_lends_what_the_vault_holds(world: SnapshotWorld, tmp_path: Path) -> None:
    give(world, world.vault, 900)
    found = terms(world, tmp_path)
    first, second = map(Address, world.tokens)
    assert found.balancer == VaultTerms(Address(world.vault), 0, {first: 900, second: 0})
    assert found.aave is None
    assert found.refused == {
        "aave_v3": f"{AAVE} answers FLASHLOAN_PREMIUM_TOTAL() with 0 bytes, not 1 words of 32"
    }
    collector = (
        "0x" + world.chain.call(world.vault, selector("getProtocolFeesCollector()"))[-20:].hex()
    )
    allow(world, collector, selector("setFlashLoanFeePercentage(uint256)"))
    world.chain.send(collector, selector("setFlashLoanFeePercentage(uint256)") + encode(10**15))
    raised = terms(world, tmp_path).balancer
    assert raised is not None
    assert raised.fee_percentage == 10**15
    allow(world, world.vault, selector("setPaused(bool)"))
    world.chain.send(world.vault, selector("setPaused(bool)") + encode(1))
    paused = terms(world, tmp_path).balancer
    assert paused is not None
    assert set(paused.available.values()) == {0}


def allow(world: SnapshotWorld, at: str, function: bytes) -> None:
    """Let the deployer call a guarded function of Balancer's."""
    authorizer = world.chain.call(world.vault, selector("getAuthorizer()"))[-20:].hex()
    asked_for = selector("getActionId(bytes4)") + function.ljust(32, b"\0")
    action = int.from_bytes(world.chain.call(at, asked_for), "big")
    grant = selector("grantRole(bytes32,address)") + encode(action, int(DEPLOYER, 16))
    world.chain.send("0x" + authorizer, grant)


@pytest.mark.parametrize(
    ("revision", "amount", "fee"),
    [
        (8, 1_000, 1),
        (8, 999, 0),
        (8, 3_000, 2),
        (9, 999, 1),
        (9, 1, 1),
        (9, 2_000, 1),
        (10, 2_001, 2),
        (1, 10**24, 5 * 10**20),
    ],
)
def test_aave_rounds_its_premium_by_its_revision(revision: int, amount: int, fee: int) -> None:
    assert AaveTerms(Address(AAVE), 5, revision, {}).fee(amount) == fee


@pytest.mark.parametrize(("percentage", "fee"), [(0, 0), (10**15, 2), (1, 1), (10**18, 1_001)])
def test_balancer_rounds_its_fee_up(percentage: int, fee: int) -> None:
    assert VaultTerms(Address(AAVE), percentage, {}).fee(1_001) == fee
