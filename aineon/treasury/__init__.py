"""Money out: withdrawals under a policy, approved by digest, to aged destinations alone.

The names below are loaded when they are first asked for: whoever needs a value alone does not
wait for the database's libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aineon.treasury.approvals import Approval, SecondFactor, TypedDigest
    from aineon.treasury.batches import BatchGas, select_batches
    from aineon.treasury.desk import Desk
    from aineon.treasury.destinations import Destination, Purpose
    from aineon.treasury.dispatch import Dispatch
    from aineon.treasury.house import House
    from aineon.treasury.policy import Approvers, Policy
    from aineon.treasury.rules import Holdings, Rule
    from aineon.treasury.schedule import Schedule, parse_schedule
    from aineon.treasury.service import Service, Tended
    from aineon.treasury.states import WithdrawalState
    from aineon.treasury.store import TreasuryStore, TreasuryView
    from aineon.treasury.withdrawal import (
        Origin,
        Payment,
        Strategy,
        Withdrawal,
        WithdrawalEvent,
    )

_MODULE_OF = {
    "Approval": "approvals",
    "Approvers": "policy",
    "BatchGas": "batches",
    "Desk": "desk",
    "Destination": "destinations",
    "Dispatch": "dispatch",
    "Holdings": "rules",
    "House": "house",
    "Origin": "withdrawal",
    "Payment": "withdrawal",
    "Policy": "policy",
    "Purpose": "destinations",
    "Rule": "rules",
    "Schedule": "schedule",
    "SecondFactor": "approvals",
    "Service": "service",
    "Strategy": "withdrawal",
    "Tended": "service",
    "TreasuryStore": "store",
    "TreasuryView": "store",
    "TypedDigest": "approvals",
    "Withdrawal": "withdrawal",
    "WithdrawalEvent": "withdrawal",
    "WithdrawalState": "states",
    "parse_schedule": "schedule",
    "select_batches": "batches",
}

__all__ = [
    "Approval",
    "Approvers",
    "BatchGas",
    "Desk",
    "Destination",
    "Dispatch",
    "Holdings",
    "House",
    "Origin",
    "Payment",
    "Policy",
    "Purpose",
    "Rule",
    "Schedule",
    "SecondFactor",
    "Service",
    "Strategy",
    "Tended",
    "TreasuryStore",
    "TreasuryView",
    "TypedDigest",
    "Withdrawal",
    "WithdrawalEvent",
    "WithdrawalState",
    "parse_schedule",
    "select_batches",
]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"aineon.treasury.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'aineon.treasury' has no attribute {name!r}")
