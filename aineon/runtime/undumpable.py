"""A process that others of the same user cannot read.

On Linux, whoever runs as the same user may read a process's memory and its environment
(/proc/PID/mem, /proc/PID/environ) and follow it with a debugger, unless it says that it is not
to be dumped. Root may all the same. Elsewhere there is no such call, and nothing is done.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Final

_PR_SET_DUMPABLE: Final = 4


def forbid_dumps() -> None:
    """Keep this process's memory from other processes of the same user, and from core dumps.

    It holds until the process turns into another program, and for children until they do.
    """
    if sys.platform == "win32":
        return
    import resource

    # A limit that is lower already stays so.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        # Refused by a sandbox at worst, and then the sandbox is what guards the process.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
