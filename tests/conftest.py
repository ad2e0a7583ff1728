"""What holds for every test: no settings of the operator, no time limits of hypothesis."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import databases

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "tests" / "benchmarks"
RECURSION_LIMIT = sys.getrecursionlimit()
KEEP = frozenset(
    {
        "AINEON_CONTRACTS_CACHE",
        "AINEON_SHARED_DATA",
        "AINEON_SIZED_CYCLES",
        "AINEON_VENV",
        databases.CHOICE_VARIABLE,
    }
)

# A slow machine is no fault of the code: tests have no deadlines.
settings.register_profile(
    "aineon", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("aineon")


@pytest.fixture(autouse=True)
def _own_recursion_limit() -> Iterator[None]:
    """Tests import libraries that raise the limit; see `aineon.primitives.recursion`."""
    sys.setrecursionlimit(RECURSION_LIMIT)
    yield
    sys.setrecursionlimit(RECURSION_LIMIT)


def operator_variables() -> set[str]:
    """The names in .env.example: what an operator may have set in the shell."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return set(re.findall(r"^# ([A-Z][A-Z0-9_]+)=", text, re.MULTILINE))


def pytest_configure() -> None:
    """Forget the operator's settings: no test may depend on them, or spend with them."""
    names = operator_variables() | {name for name in os.environ if name.startswith("AINEON_")}
    for name in names - KEEP:
        os.environ.pop(name, None)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the benchmarks out unless they are named: no test is timed."""
    named = any("benchmarks" in str(argument) for argument in config.args)
    return True if collection_path == BENCHMARKS and not named else None


@pytest.fixture(autouse=True, scope="session")
def _server_of_databases() -> Iterator[None]:
    """Run a PostgreSQL server for the databases of all tests, where that was chosen."""
    with databases.chosen(), databases.migrated_once():
        yield


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests run on asyncio, as AINEON does."""
    return "asyncio"


@pytest.fixture(autouse=True, scope="session")
def no_name_lookups() -> Iterator[None]:
    """Refuse to ask a name server: pytest-socket stops connections, not the question before."""
    real = socket.getaddrinfo

    def guarded(host: Any, *arguments: Any, **options: Any) -> Any:
        if not _is_local(host):
            raise RuntimeError(f"a test tried to look up {host!r}: the network is out of bounds")
        return real(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", guarded)
        yield


def _is_local(host: Any) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost", socket.gethostname()}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True  # an address needs no lookup; connecting to it is another matter
