"""The books: what was found, tried and earned, kept exactly and never mixed.

The names below are loaded when they are first asked for: whoever needs a record alone does
not wait for the database's libraries.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aineon.ledger.accounts.book import Accounts
    from aineon.ledger.accounts.reading import AccountsReader
    from aineon.ledger.control import ControlStore
    from aineon.ledger.export import trades_csv, trades_json
    from aineon.ledger.exporting import Export
    from aineon.ledger.figures import (
        Balance,
        Balances,
        Drawdown,
        EquityCurve,
        EquityPoint,
        ProfitSummary,
        Sharpe,
        StrategyFigures,
        StrategySummary,
    )
    from aineon.ledger.heartbeat import Heartbeat
    from aineon.ledger.profit import ProfitTracker
    from aineon.ledger.reading import BookReader
    from aineon.ledger.records import (
        AttemptRecord,
        BookEntry,
        NearMissRecord,
        OpportunityRecord,
        PriceRecord,
        RunRecord,
        SettlementRecord,
        StepRecord,
        TakingRecord,
    )
    from aineon.ledger.retention import Retention
    from aineon.ledger.store import BookStore
    from aineon.ledger.views import Booked, Funnel, Scope, Stopped, TakingsTotal, Trade

_MODULE_OF = {
    "Accounts": "accounts.book",
    "AccountsReader": "accounts.reading",
    "AttemptRecord": "records",
    "Balance": "figures",
    "Balances": "figures",
    "BookEntry": "records",
    "BookReader": "reading",
    "BookStore": "store",
    "Booked": "views",
    "ControlStore": "control",
    "Drawdown": "figures",
    "EquityCurve": "figures",
    "EquityPoint": "figures",
    "Export": "exporting",
    "Funnel": "views",
    "Heartbeat": "heartbeat",
    "NearMissRecord": "records",
    "OpportunityRecord": "records",
    "PriceRecord": "records",
    "ProfitSummary": "figures",
    "ProfitTracker": "profit",
    "Retention": "retention",
    "RunRecord": "records",
    "Scope": "views",
    "SettlementRecord": "records",
    "Sharpe": "figures",
    "StepRecord": "records",
    "Stopped": "views",
    "StrategyFigures": "figures",
    "StrategySummary": "figures",
    "TakingRecord": "records",
    "TakingsTotal": "views",
    "Trade": "views",
    "trades_csv": "export",
    "trades_json": "export",
}

__all__ = [
    "Accounts",
    "AccountsReader",
    "AttemptRecord",
    "Balance",
    "Balances",
    "BookEntry",
    "BookReader",
    "BookStore",
    "Booked",
    "ControlStore",
    "Drawdown",
    "EquityCurve",
    "EquityPoint",
    "Export",
    "Funnel",
    "Heartbeat",
    "NearMissRecord",
    "OpportunityRecord",
    "PriceRecord",
    "ProfitSummary",
    "ProfitTracker",
    "Retention",
    "RunRecord",
    "Scope",
    "SettlementRecord",
    "Sharpe",
    "StepRecord",
    "Stopped",
    "StrategyFigures",
    "StrategySummary",
    "TakingRecord",
    "TakingsTotal",
    "Trade",
    "trades_csv",
    "trades_json",
]


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        return getattr(import_module(f"aineon.ledger.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'aineon.ledger' has no attribute {name!r}")
