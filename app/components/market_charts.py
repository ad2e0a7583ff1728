"""Charts of the market: prices by pool, and what gas costs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from aineon.chain.fee_forecast import BlockFee
from aineon.ledger.records import PriceRecord, StepRecord
from aineon.ledger.views import Booked
from app.components.figures import BLUE, GWEI, VIOLET, YELLOW, Figure, Trace, figure, label


def spread(prices: Sequence[Booked[PriceRecord]]) -> Figure:
    """Return how far each pool's price is from the middle one of its block, in bps."""
    by_block: dict[int, list[PriceRecord]] = {}
    for price in prices:
        by_block.setdefault(price.record.block_number, []).append(price.record)
    lines: dict[str, tuple[list[int], list[float]]] = {}
    for block, records in sorted(by_block.items()):
        middle = median(record.price for record in records)
        for record in records:
            blocks, offsets = lines.setdefault(pool_name(record), ([], []))
            blocks.append(block)
            offsets.append((record.price / middle - 1) * 10_000)
    traces: list[Trace] = [
        {
            "type": "scatter",
            "x": blocks,
            "y": offsets,
            "mode": "lines",
            "name": name,
            "hovertemplate": "%{y:+.1f} bps",
        }
        for name, (blocks, offsets) in sorted(lines.items())
    ]
    return figure(traces, "Block", "bps from the middle price")


def base_fee(
    data: tuple[Sequence[Booked[StepRecord]], Sequence[BlockFee], int | None],
) -> Figure:
    """Return the base fee of the newest blocks and of the next ones, and the most gas may cost."""
    steps, ahead, limit_wei = data
    known = [s.record for s in steps if s.record.base_fee_wei is not None]
    fees: Trace = {
        "type": "scatter",
        "x": [record.block_number for record in known],
        "y": [(record.base_fee_wei or 0) / GWEI for record in known],
        "mode": "lines",
        "name": "Base fee",
        "line": {"color": BLUE, "width": 2},
        "hovertemplate": "%{y:.2f} gwei",
    }
    limit = {} if limit_wei is None else _level(limit_wei / GWEI, "Maximum gas price")
    return figure([fees, *_ahead(ahead)], "Block", "gwei", **limit)


def _level(y: float, text: str) -> dict[str, Any]:
    """A line across the whole chart, with its name at the right end."""
    across = {"xref": "x domain", "yref": "y"}
    line = {"type": "line", "x0": 0, "x1": 1, "y0": y, "y1": y, **across}
    words = {"x": 1, "y": y, "text": text, "showarrow": False, **across}
    return {
        "shapes": [{**line, "line": {"color": YELLOW, "dash": "dash"}}],
        "annotations": [{**words, "xanchor": "right", "yanchor": "bottom"}],
    }


def _ahead(ahead: Sequence[BlockFee]) -> list[Trace]:
    """The band of the next blocks: its upper end fills the room down to its lower one."""
    shared = {
        "type": "scatter",
        "x": [fee.number for fee in ahead],
        "mode": "lines",
        "legendgroup": "ahead",
        "line": {"color": VIOLET, "width": 1, "dash": "dot"},
        "hovertemplate": "%{y:.2f} gwei",
    }
    lows, highs = [fee.low_wei / GWEI for fee in ahead], [fee.high_wei / GWEI for fee in ahead]
    return [
        {**shared, "y": lows, "name": "Estimated low", "showlegend": False},
        {**shared, "y": highs, "name": "Estimated, nine in ten", "fill": "tonexty"},
    ]


def pool_name(record: PriceRecord) -> str:
    """Return a pool as its venue and the ends of its address."""
    return f"{label(record.venue)} {record.pool[:6]}…{record.pool[-4:]}"
