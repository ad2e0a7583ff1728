"""The report of a run as JSON, for programs; the schema is in docs/recording-format.md.

Every amount of money, gas price and gas cost is a decimal string; block numbers, steps and
counts are numbers; what is not known is null. Each list entry that holds money says where its
figures come from.
"""

from __future__ import annotations

import json
from typing import Any

from aineon.engine.report import RunReport
from aineon.engine.report_lines import AttemptLine, BlockTakings, OpportunityLine
from aineon.feeds.base import Taking
from aineon.primitives import Provenance, Token

REPORT_FORMAT = "aineon-report"
REPORT_VERSION = 1


def to_json(report: RunReport) -> str:
    """Return the whole report as JSON text."""
    return json.dumps(as_dict(report), indent=2, ensure_ascii=False)


def as_dict(report: RunReport) -> dict[str, Any]:
    """Return the whole report as plain lists and dicts; see docs/recording-format.md."""
    return {
        "format": REPORT_FORMAT,
        "version": REPORT_VERSION,
        "feed": report.feed,
        "source": report.source,
        "provenance": report.provenance.value,
        "state": report.state.value,
        "detail": report.detail,
        "totals": _totals_dict(report),
        "opportunities": [
            _opportunity_dict(line, report.provenance) for line in report.opportunities
        ],
        "takings": [_takings_dict(each, report.provenance) for each in report.takings],
        "attempts": [_attempt_dict(line) for line in report.attempts],
        "outcomes": {
            outcome.value: {"count": sum(reasons.values()), "reasons": dict(reasons)}
            for outcome, reasons in report.outcomes.items()
        },
        "funnel": {stage.value: count for stage, count in report.funnel.items()},
        "gates": dict(sorted(report.gates.items())),
        "not_replayable": dict(report.not_replayable),
    }


def _totals_dict(report: RunReport) -> dict[str, Any]:
    totals = report.totals
    return {
        "blocks": totals.blocks,
        "first_block": totals.first_block,
        "last_block": totals.last_block,
        "steps": totals.steps,
        "warm_up_steps": totals.warm_up_steps,
        "scans": totals.scans,
        "scans_dropped": totals.scans_dropped,
        "rewinds": totals.rewinds,
        "opportunities": totals.opportunities,
        "opportunities_not_listed": totals.opportunities_not_listed,
        "opportunities_gas_unknown": totals.opportunities_gas_unknown,
        "attempts": totals.attempts,
        "attempts_in_flight": totals.attempts_in_flight,
        "net": {
            "wei": None if totals.net is None else str(totals.net.wei),
            "provenance": Provenance.SIMULATED.value,
            "settlements_net_unknown": totals.settlements_net_unknown,
        },
        "takings": totals.takings,
        "shares": [
            {
                "token": share.token.address,
                "symbol": share.token.symbol,
                "ours": str(share.ours),
                "ours_provenance": Provenance.SIMULATED.value,
                "theirs": str(share.theirs),
                "theirs_provenance": report.provenance.value,
                "ours_of_all": share.ours_of_all,
            }
            for share in report.shares
        ],
    }


def _opportunity_dict(line: OpportunityLine, provenance: Provenance) -> dict[str, Any]:
    return {
        "provenance": provenance.value,
        "block": line.block,
        "step": line.step,
        "states": line.states,
        "mid_transaction_states": line.mid_transaction_states,
        "mid_transaction": line.mid_transaction,
        "route": line.route,
        "route_key": line.route_key,
        "base_token": _token_dict(line.base_token),
        "amount_in": str(line.amount_in),
        "amount_out": str(line.amount_out),
        "gross_profit": str(line.gross_profit),
        "flash_fee": str(line.flash_fee),
        "gas_units": _whole(line.gas_units),
        "gas_cost": _whole(line.gas_cost),
        "net_profit": _whole(line.net_profit),
        "net_wei": _whole(line.net_wei),
        "confidence": line.confidence,
        "stage": line.stage.value,
        "gate": line.gate,
        "reason": line.reason,
        "attempt_id": line.attempt_id,
    }


def _takings_dict(each: BlockTakings, provenance: Provenance) -> dict[str, Any]:
    return {
        "provenance": provenance.value,
        "block": each.block,
        "count": len(each.takings),
        "gas_unknown": each.gas_unknown,
        "by_token": [
            {
                "token": _token_dict(taken.token),
                "count": taken.count,
                "profit": str(taken.profit),
                "best": str(taken.best),
            }
            for taken in each.by_token
        ],
        "takings": [_taking_dict(taking) for taking in each.takings],
    }


def _taking_dict(taking: Taking) -> dict[str, Any]:
    return {
        "reference": taking.reference,
        "searcher": taking.searcher,
        "pools": list(taking.pools),
        "profit_token": _token_dict(taking.profit_token),
        "profit": str(taking.profit),
        "gas_cost_wei": _whole(taking.gas_cost_wei),
        "builder_payment_wei": _whole(taking.builder_payment_wei),
    }


def _attempt_dict(line: AttemptLine) -> dict[str, Any]:
    return {
        "provenance": Provenance.SIMULATED.value,
        "attempt_id": line.attempt_id,
        "route": line.route,
        "route_key": line.route_key,
        "base_token": _token_dict(line.base_token),
        "submitted_block": line.submitted_block,
        "submitted_step": line.submitted_step,
        "amount_in": str(line.amount_in),
        "expected_profit": str(line.expected_profit),
        "outcome": None if line.outcome is None else line.outcome.value,
        "reason": line.reason,
        "settled_block": line.settled_block,
        "gross_profit": _whole(line.gross_profit),
        "flash_fee": _whole(line.flash_fee),
        "gas_cost_wei": _whole(line.gas_cost_wei),
        "builder_payment_wei": _whole(line.builder_payment_wei),
        "net_wei": None if line.net is None else str(line.net.wei),
    }


def _token_dict(token: Token) -> dict[str, Any]:
    return {"address": token.address, "symbol": token.symbol, "decimals": token.decimals}


def _whole(value: int | None) -> str | None:
    return None if value is None else str(value)
