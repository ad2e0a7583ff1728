"""Ten thousand random calls, by strangers and with the operator's key: nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from eth_abi import encode

from aineon.primitives import Address
from aineon.rehearsal.calls import selector
from tests.contracts.executor.compiling import helper, mutant
from tests.contracts.executor.fuzzing import CALLS_A_BATCH, Fuzzer, batches
from tests.contracts.executor.mutants import RULING, TRADING
from tests.contracts.executor.scene import Scene, undone
from tests.contracts.executor.stage import ETHER, Stage
from tests.contracts.executor.trading import NATIVE

CALLS = 2_500
DRIVE = selector("drive(address,bytes[])")


def drive(scene: Scene, driver: Address, calls: Sequence[bytes]) -> int:
    """Let a contract make all the calls, and return how many went through."""
    ask = scene.stage.chain.ask
    for batch in batches(calls):
        data = DRIVE + encode(["address", "bytes[]"], [scene.executor, batch])
        request = {
            "from": scene.roles.stranger, "to": driver, "data": f"0x{data.hex()}",
            "gas": hex(CALLS_A_BATCH * 1_300_000),
        }  # fmt: skip
        assert ask("eth_sendTransactionSync", request)["status"] == "0x1"
    (done,) = scene.stage.deployer.call(driver, "done()", ["uint256"])
    return int(done)


def roles(scene: Scene) -> tuple[object, ...]:
    names = "owner", "operator", "guardian", "treasury", "pending_owner", "pending_treasury"
    ask = scene.stage.deployer.call
    return tuple(ask(scene.executor, f"{name}()", ["address"]) for name in names)


def a_scene(stage: Stage, code: str | None = None) -> tuple[Scene, Address]:
    """An executor whose operator is a contract, and that contract."""
    driver = stage.deployer.deploy(helper("Driver"))
    scene = Scene(stage, code, operator=driver)
    scene.tricksters.append(driver)
    return scene, driver


@pytest.mark.parametrize("seed", ["1", "2"])
def test_strangers_achieve_nothing(stage: Stage, seed: str) -> None:
    with undone(stage):
        scene, _ = a_scene(stage)
        stranger = stage.deployer.deploy(helper("Driver"))
        before, ruled = scene.holdings(), roles(scene)
        calls = list(Fuzzer(scene, seed, stranger).calls(CALLS))
        drive(scene, stranger, calls)
        assert not scene.harm(before)
        assert roles(scene) == ruled


@pytest.mark.parametrize("seed", ["3", "4"])
def test_the_operators_key_takes_nothing_out(stage: Stage, seed: str) -> None:
    with undone(stage):
        scene, driver = a_scene(stage)
        before, ruled = scene.holdings(), roles(scene)
        done = drive(scene, driver, list(Fuzzer(scene, seed, driver).calls(CALLS)))
        # Some of the nonsense must be sense, or nothing was tried.
        assert done >= 10
        assert not scene.harm(before)
        assert roles(scene) == ruled


def test_control_a_missing_owner_is_found(stage: Stage) -> None:
    """An executor that takes everybody for its owner gets other roles from the same calls."""
    missing = RULING["anybody is the owner"]
    with undone(stage):
        scene, _ = a_scene(stage, mutant(missing.before, missing.after))
        stranger, ruled = stage.deployer.deploy(helper("Driver")), roles(scene)
        drive(scene, stranger, list(Fuzzer(scene, "1", stranger).calls(CALLS)))
        assert roles(scene) != ruled


def test_control_a_missing_defence_is_found(stage: Stage) -> None:
    """An executor that takes what was there for profit loses it to the same calls."""
    missing = TRADING["what was there is profit"]
    with undone(stage):
        scene, driver = a_scene(stage, mutant(missing.before, missing.after))
        before = scene.holdings()
        drive(scene, driver, list(Fuzzer(scene, "3", driver).calls(CALLS)))
        assert scene.harm(before)


def test_the_same_seed_makes_the_same_calls(scene: Scene) -> None:
    twins = [list(Fuzzer(scene, "twin").calls(20)) for _ in range(2)]
    assert twins[0] == twins[1]
    assert twins[0] != list(Fuzzer(scene, "another").calls(20))
    assert scene.stage.balance(NATIVE, scene.roles.stranger) > ETHER
