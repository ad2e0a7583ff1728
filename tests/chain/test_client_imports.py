"""web3 takes most of a second to import: nobody pays for it before a node is spoken to."""

from __future__ import annotations

import json
import subprocess
import sys

PROBE = """
import json, sys
from aineon.chain.client import ChainClient, Endpoint, endpoints_from
endpoints_from("alch3my", "1nfura", ["ws://127.0.0.1:1"])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def loaded_by(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout))


def test_the_client_is_imported_without_web3() -> None:
    assert not loaded_by(PROBE) & {"web3", "aiohttp", "websockets", "httpx", "pydantic"}


def test_control_the_transports_load_it() -> None:
    loading = PROBE.replace("import json, sys", "import json, sys, aineon.chain.client.over_http")
    assert "web3" in loaded_by(loading)
