"""What the tree keeps of the executor is what its source compiles to."""

from __future__ import annotations

import importlib.util

import pytest

from aineon.errors import ExecutionError
from aineon.execution.contract import (
    Deployment,
    compiler,
    creation_code,
    immutables,
    is_executor_code,
    runtime_hash,
)
from aineon.execution.contract import abi as executor_abi
from contracts import build
from tests.contracts.executor.scene import Scene
from tests.contracts.executor.stage import MAX_BUILDER_SHARE_BPS

MOST_CODE = 24_576  # EIP-170


def test_both_copies_are_what_the_source_compiles_to() -> None:
    if importlib.util.find_spec("vyper") is None:
        pytest.skip("Vyper is not installed: `python3 dev.py setup --dev`")
    text = build.spelled()
    for copy in build.COPIES:
        assert copy.read_text("utf-8") == text, f"{copy.name}: `python contracts/build.py`"


def test_the_compiler_is_the_pinned_one() -> None:
    assert compiler() == build.COMPILER
    assert f"pragma version {build.COMPILER}\n" in build.SOURCE.read_text("utf-8")


def test_a_source_that_does_not_compile_says_why() -> None:
    if importlib.util.find_spec("vyper") is None:
        pytest.skip("Vyper is not installed: `python3 dev.py setup --dev`")
    with pytest.raises(build.CompilationFailed, match="nothing_like_that"):
        build.vyper("x: nothing_like_that", "bytecode")


def test_the_deployed_code_is_recognised(scene: Scene) -> None:
    code = bytes.fromhex(scene.stage.chain.ask("eth_getCode", scene.executor, "latest")[2:])
    assert len(code) <= MOST_CODE
    assert is_executor_code(code)
    assert immutables(code) == {
        "WETH": int(scene.weth.address, 16),
        "VAULT": int(scene.stage.balancer.vault, 16),
        "AAVE": int(scene.stage.aave.pool, 16),
        "WSTETH": 0,
        "MAX_BUILDER_SHARE_BPS": MAX_BUILDER_SHARE_BPS,
    }
    assert len(runtime_hash()) == 66


@pytest.mark.parametrize("place", [0, 5_000])
def test_control_other_code_is_not(scene: Scene, place: int) -> None:
    code = bytearray.fromhex(scene.stage.chain.ask("eth_getCode", scene.executor, "latest")[2:])
    code[place] ^= 1
    for other in (bytes(code), b"", bytes(code[:-1])):
        assert not is_executor_code(other)
    with pytest.raises(ExecutionError, match="not that of AINEON's executor"):
        immutables(bytes(code))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"owner": "0x" + "00" * 20}, "owner is nobody"),
        ({"treasury": "0x" + "00" * 20}, "treasury is nobody"),
        ({"max_builder_share_bps": 10_001}, "builder share"),
        ({"bases": ("0x" + "11" * 20,) * 2}, "a base already"),
    ],
)
def test_wrong_roles_are_not_deployed(
    scene: Scene, changed: dict[str, object], reason: str
) -> None:
    made: Deployment = scene.stage.deployment(**changed)
    sender = scene.stage.by[scene.roles.deployer]
    with pytest.raises(Exception, match=reason):
        sender.transact(None, creation_code(made))


def test_the_abi_says_who_is_who(scene: Scene) -> None:
    names = {entry["name"] for entry in executor_abi() if entry["type"] == "function"}
    for role in ("owner", "operator", "guardian", "treasury"):
        (who,) = scene.stage.deployer.call(scene.executor, f"{role}()", ["address"])
        assert role in names
        assert who == getattr(scene.roles, role)
