"""A book whose files the operating system lets grow no further: `python -m tests.faults.quota`.

The limit (`RLIMIT_FSIZE`) holds for a whole process, so this is one of its own.
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys
from pathlib import Path

from aineon.errors import LedgerError
from tests.faults.processes import scratch
from tests.sending.engines import Life, payment
from tests.sending.fakes import FakeChain, recipient


async def run(folder: Path) -> dict[str, object]:
    """Try to pay under the limit, and again without it."""
    chain = FakeChain()
    async with Life(folder, chain) as life:
        log = folder / "rehearsal.db-wal"
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
        refused = ""
        try:
            await life.sender.send(payment())
        except LedgerError as error:
            refused = str(error)
        submitted = chain.submitted
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        await life.sender.send(payment())
        chain.mine(6)
    return {
        "refused": refused, "submitted": submitted, "paid": [chain.received(recipient(0))],
    }  # fmt: skip


def main() -> None:
    # Otherwise the limit ends the process instead of failing the write.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with scratch() as folder:
        json.dump(asyncio.run(run(folder)), sys.stdout)


if __name__ == "__main__":
    main()
