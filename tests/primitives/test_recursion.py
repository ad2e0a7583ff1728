from __future__ import annotations

import json
import subprocess
import sys

import pytest

from aineon.primitives.recursion import recursion_limit_kept

IMPORTS = (
    "aineon.sending.signer, aineon.sending.keys as keys;"
    "aineon.sending.signer.LocalSigner(keys.parse_private_key('7c3e' * 16))",
    "aineon.chain.client.transport as t, aineon.chain.client.redaction as r;"
    "from aineon.chain.client import Endpoint;"
    "t.transport_to(Endpoint('n', 'http://127.0.0.1:1'), r.Redaction(()))",
    "aineon.chain.client.transport as t, aineon.chain.client.redaction as r;"
    "from aineon.chain.client import Endpoint;"
    "t.transport_to(Endpoint('n', 'ws://127.0.0.1:1'), r.Redaction(()))",
)


def test_the_limit_is_put_back() -> None:
    limit = sys.getrecursionlimit()
    with recursion_limit_kept():
        sys.setrecursionlimit(limit + 1)
    assert sys.getrecursionlimit() == limit
    with pytest.raises(RecursionError):
        json.loads("[" * 100_000)


@pytest.mark.parametrize("imports", IMPORTS)
def test_what_signs_and_what_reads_leaves_the_limit_alone(imports: str) -> None:
    code = f"import sys; before = sys.getrecursionlimit(); import {imports};"
    check = "sys.exit(sys.getrecursionlimit() != before)"
    assert subprocess.run([sys.executable, "-c", f"{code} {check}"], check=False).returncode == 0


def test_control_the_library_raises_it() -> None:
    code = "import sys; before = sys.getrecursionlimit(); import eth_account;"
    check = "sys.exit(sys.getrecursionlimit() != before)"
    assert subprocess.run([sys.executable, "-c", f"{code} {check}"], check=False).returncode == 1
