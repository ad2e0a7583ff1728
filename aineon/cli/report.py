"""The report of a run as Rich tables, for people; `to_json` gives it to programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from aineon.cli.report_json import as_dict, to_json
from aineon.engine.report import RunReport
from aineon.engine.report_lines import BlockTakings, OpportunityLine, TakenOfToken, TokenShare
from aineon.primitives import Money, Provenance, Token
from aineon.primitives.units import format_units

__all__ = ["as_dict", "print_report", "render", "to_json"]

_PLACES = 9
_UNKNOWN = "unknown"


def print_report(report: RunReport, console: Console, most_blocks: int | None = None) -> None:
    """Print the report; `most_blocks` cuts the lists and says so."""
    console.print(render(report, most_blocks))


def render(report: RunReport, most_blocks: int | None = None) -> Group:
    """Return the report as tables that fit 100 columns."""
    return Group(*_parts(report, most_blocks))


def _parts(report: RunReport, most_blocks: int | None) -> Iterator[RenderableType]:
    origin = report.provenance.value.upper()
    yield _heading(report, origin)
    yield _totals(report, origin)
    yield from _opportunities(report, origin, most_blocks)
    if report.takings:
        yield _takings(report, origin, most_blocks)
    if report.attempts:
        yield _attempts(report)
    yield _counts("Funnel", "Passed stage", report.funnel)
    if report.gates:
        yield _counts("Stopped by", "Gate", report.gates)
    if report.not_replayable:
        yield _counts("Not replayable", "What", report.not_replayable)


def _heading(report: RunReport, origin: str) -> Panel:
    text = Text(f"{origin}: figures of the market come from the feed {report.feed!r}")
    if report.source:
        text.append(f" ({report.source})")
    text.append(". SIMULATED: what attempts earned is play money.")
    if report.detail:
        text.append(f"\n{report.state.value}: {report.detail}")
    return Panel(text, title=Text(f"AINEON run report · {_both(origin)}"))


def _totals(report: RunReport, origin: str) -> Table:
    totals = report.totals
    table = _table("Totals", [("What", False), ("Figure", True)])
    span = f"{totals.first_block} to {totals.last_block}" if totals.blocks else ""
    opportunities = f"{totals.opportunities} ({totals.opportunities_gas_unknown} with unknown gas)"
    if totals.opportunities_not_listed:
        opportunities += f"; the oldest {totals.opportunities_not_listed} are not listed"
    known = totals.net
    net = _UNKNOWN if known is None else f"{_ether(known)} ETH"
    if totals.settlements_net_unknown:
        net += f" (left out, net unknown: {totals.settlements_net_unknown})"
    rows = [
        ("Blocks", f"{totals.blocks}" + (f" ({span})" if span else "")),
        ("Steps of the market", f"{totals.steps} ({totals.warm_up_steps} of the warm-up)"),
        ("Scans", f"{totals.scans} ({totals.scans_dropped} dropped as stale)"),
        ("Opportunities with gross profit", opportunities),
        ("Attempts", f"{totals.attempts} ({totals.attempts_in_flight} in flight)"),
        ("Net of all attempts (SIMULATED)", net),
        ("Takings of other searchers", f"{totals.takings}"),
        *((f"Taken in {each.token}, before gas", _share(each, origin)) for each in report.shares),
    ]
    if totals.rewinds:
        rows.append(("Reorganisations", f"{totals.rewinds}"))
    for name, figure in rows:
        table.add_row(Text(name), Text(figure))
    return table


def _opportunities(
    report: RunReport, origin: str, most_blocks: int | None
) -> Iterator[RenderableType]:
    by_block = [
        (block, list(lines))
        for block, lines in groupby(report.opportunities, key=lambda line: line.block)
    ]
    if not by_block:
        yield Text("\nNo cycle with gross profit above zero was seen.")
    for block, lines in by_block[:most_blocks]:
        cycles = "1 cycle" if len(lines) == 1 else f"{len(lines)} cycles"
        title = f"Block {block}: {cycles} with gross profit · {origin}"
        table = _table(
            title,
            [
                ("Step", False),
                ("Route", False),
                (f"Size, gross, costs, net ({origin})", False),
                ("Came to, and stopped by", False),
            ],
            caption=_taken_text(report.taken_in(block), origin),
        )
        for line in lines:
            table.add_row(
                Text(_states_text(line)),
                Text(line.route),
                Text(_figures_text(line)),
                Text(_stop_text(line)),
            )
        yield table
    yield from _cut(len(by_block), most_blocks, "blocks with opportunities")


def _states_text(line: OpportunityLine) -> str:
    text = f"{line.step}\n{line.states} state{'s' if line.states > 1 else ''}"
    if line.mid_transaction:
        return f"{text}\nmid-tx only"
    if line.mid_transaction_states:
        return f"{text}\n{line.mid_transaction_states} mid-tx"
    return text


def _figures_text(line: OpportunityLine) -> str:
    token = line.base_token
    rows = [
        ("size", _amount(line.amount_in, token)),
        ("gross", _amount(line.gross_profit, token)),
        ("flash fee", _amount(line.flash_fee, token)),
        ("gas", _amount(line.gas_cost, token)),
        ("net", _amount(line.net_profit, token)),
    ]
    return "\n".join(f"{name} {figure}" for name, figure in rows)


def _stop_text(line: OpportunityLine) -> str:
    confidence = _UNKNOWN if line.confidence is None else f"{line.confidence:.3f}"
    text = f"{line.stage.value} (confidence {confidence})"
    if line.gate is not None:
        text += f"\n{line.gate}: {line.reason}"
    if line.attempt_id is not None:
        text += f"\nattempt {line.attempt_id}"
    return text


def _taken_text(each: BlockTakings, origin: str) -> str:
    if not each.takings:
        return "No taking of another searcher is known in this block."
    parts = "; ".join(_taken_of_text(taken) for taken in each.by_token)
    return (
        f"Taken by others in this block ({origin}, before gas): {parts}. "
        f"Gas unknown for {each.gas_unknown} of {len(each.takings)}."
    )


def _taken_of_text(taken: TakenOfToken) -> str:
    total, best = _amount(taken.profit, taken.token), _amount(taken.best, taken.token)
    return f"{taken.count} in {taken.token}, together {total}, best {best}"


def _takings(report: RunReport, origin: str, most_blocks: int | None) -> RenderableType:
    table = _table(
        f"What other searchers took · {origin}",
        [
            ("Block", False),
            ("Count", True),
            (f"Together, before gas ({origin})", True),
            (f"Best ({origin})", True),
            ("Gas unknown", True),
        ],
    )
    for each in report.takings[:most_blocks]:
        for taken in each.by_token:
            table.add_row(
                Text(str(each.block)),
                Text(str(taken.count)),
                Text(_amount(taken.profit, taken.token)),
                Text(_amount(taken.best, taken.token)),
                Text(f"{each.gas_unknown} of {len(each.takings)}"),
            )
    return Group(table, *_cut(len(report.takings), most_blocks, "blocks with takings"))


def _attempts(report: RunReport) -> Table:
    origin = _both(report.provenance.value.upper())
    table = _table(
        f"Attempts · {origin}",
        [
            ("Attempt", False),
            ("Route", False),
            (f"Size, expected, net ({origin})", False),
            ("Outcome", False),
        ],
    )
    for line in report.attempts:
        net = _UNKNOWN if line.net is None else f"{_ether(line.net)} ETH"
        gas = _UNKNOWN if line.gas_cost_wei is None else f"{_units(line.gas_cost_wei, 18)} ETH"
        outcome = "in flight" if line.outcome is None else f"{line.outcome.value}: {line.reason}"
        figures = [
            f"size {_amount(line.amount_in, line.base_token)}",
            f"expected {_amount(line.expected_profit, line.base_token)}",
            f"gas {gas}",
            f"net {net}",
        ]
        table.add_row(
            Text(f"{line.attempt_id}\nblock {line.submitted_block}\nstep {line.submitted_step}"),
            Text(line.route),
            Text("\n".join(figures)),
            Text(outcome),
        )
    return table


def _counts(title: str, name: str, counts: Mapping[Any, int]) -> Table:
    table = _table(title, [(name, False), ("Count", True)])
    for key, count in counts.items():
        table.add_row(Text(str(key)), Text(str(count)))
    return table


def _table(title: str, columns: Iterable[tuple[str, bool]], caption: str | None = None) -> Table:
    table = Table(
        title=Text(f"\n{title}"),
        caption=None if caption is None else Text(caption),
        title_justify="left",
        caption_justify="left",
        show_lines=True,
    )
    for name, is_number in columns:
        table.add_column(Text(name), justify="right" if is_number else "left", overflow="fold")
    return table


def _cut(count: int, most: int | None, what: str) -> Iterator[Text]:
    if most is not None and count > most:
        yield Text(f"Not shown: {count - most} more {what}; the JSON report holds all.")


def _both(origin: str) -> str:
    """The label of what paper attempts did on a feed's market."""
    simulated = Provenance.SIMULATED.value.upper()
    return simulated if origin == simulated else f"{simulated} on {origin}"


def _amount(raw: int | None, token: Token) -> str:
    if raw is None:
        return _UNKNOWN
    if token.decimals is None:
        return f"{raw} units of {token}"
    return f"{_units(raw, token.decimals)} {token}"


def _share(share: TokenShare, origin: str) -> str:
    part = "" if share.ours_of_all is None else f": {share.ours_of_all:.1%}"
    ours, theirs = _amount(share.ours, share.token), _amount(share.theirs, share.token)
    return f"by this run {ours} (SIMULATED), by others {theirs} ({origin}){part}"


def _ether(money: Money) -> str:
    return _units(money.wei, 18)


def _units(raw: int, decimals: int) -> str:
    """Nine decimals are enough to compare; what would look like zero is shown in full."""
    if 0 < abs(raw) < 10 ** max(decimals - _PLACES, 0):
        return format_units(raw, decimals)
    return format_units(raw, decimals, min(_PLACES, decimals))
