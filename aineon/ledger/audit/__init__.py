"""The audit: every decision that touches money, people or settings, chained and anchored.

The names below are loaded when they are first asked for, as those of `aineon.ledger` are.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aineon.ledger.audit.entry import AuditEntry, Decision, JsonValue
    from aineon.ledger.audit.log import AuditLog, AuditTrail
    from aineon.ledger.audit.noting import note

_MODULE_OF = {
    "AuditEntry": "entry",
    "AuditLog": "log",
    "AuditTrail": "log",
    "Decision": "entry",
    "JsonValue": "entry",
    "note": "noting",
}

__all__ = ["AuditEntry", "AuditLog", "AuditTrail", "Decision", "JsonValue", "note"]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"aineon.ledger.audit.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'aineon.ledger.audit' has no attribute {name!r}")
