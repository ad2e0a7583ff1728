"""The executor contract as the library sees it: its ABI, its code, and the words it refuses in.

The source, what it does and why its money is safe: `contracts/` at the top of the repository.
"""

from aineon.execution.contract.artifact import (
    Deployment,
    abi,
    compiler,
    creation_code,
    immutables,
    is_executor_code,
    runtime_hash,
)
from aineon.execution.contract.reverts import REASONS, decode_revert

__all__ = [
    "REASONS",
    "Deployment",
    "abi",
    "compiler",
    "creation_code",
    "decode_revert",
    "immutables",
    "is_executor_code",
    "runtime_hash",
]
