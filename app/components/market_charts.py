"""Charts of the market: prices by pool, and what gas costs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import plotly.graph_objects as go

from aineon.chain.fee_forecast import BlockFee
from aineon.ledger.records import PriceRecord, StepRecord
from aineon.ledger.views import Booked
from app.components.figures import BLUE, GWEI, VIOLET, YELLOW, axes, label


def spread(prices: Sequence[Booked[PriceRecord]]) -> go.Figure:
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
    figure = go.Figure()
    for name, (blocks, offsets) in sorted(lines.items()):
        figure.add_scatter(
            x=blocks, y=offsets, mode="lines", name=name, hovertemplate="%{y:+.1f} bps"
        )
    return axes(figure, "Block", "bps from the middle price")


def base_fee(
    data: tuple[Sequence[Booked[StepRecord]], Sequence[BlockFee], int | None],
) -> go.Figure:
    """Return the base fee of the newest blocks and of the next ones, and the most gas may cost."""
    steps, ahead, limit_wei = data
    known = [s.record for s in steps if s.record.base_fee_wei is not None]
    figure = go.Figure()
    figure.add_scatter(
        x=[record.block_number for record in known],
        y=[(record.base_fee_wei or 0) / GWEI for record in known],
        mode="lines",
        name="Base fee",
        line={"color": BLUE, "width": 2},
        hovertemplate="%{y:.2f} gwei",
    )
    _add_ahead(figure, ahead)
    if limit_wei is not None:
        figure.add_hline(
            y=limit_wei / GWEI,
            line={"color": YELLOW, "dash": "dash"},
            annotation_text="Maximum gas price",
        )
    return axes(figure, "Block", "gwei")


def _add_ahead(figure: go.Figure, ahead: Sequence[BlockFee]) -> None:
    """The band of the next blocks: its upper end fills the room down to its lower one."""
    shared = {"mode": "lines", "legendgroup": "ahead", "hovertemplate": "%{y:.2f} gwei"}
    line = {"color": VIOLET, "width": 1, "dash": "dot"}
    blocks = [fee.number for fee in ahead]
    lows, highs = [fee.low_wei / GWEI for fee in ahead], [fee.high_wei / GWEI for fee in ahead]
    figure.add_scatter(
        x=blocks, y=lows, name="Estimated low", line=line, showlegend=False, **shared
    )
    figure.add_scatter(
        x=blocks, y=highs, name="Estimated, nine in ten", line=line, fill="tonexty", **shared
    )


def pool_name(record: PriceRecord) -> str:
    """Return a pool as its venue and the ends of its address."""
    return f"{label(record.venue)} {record.pool[:6]}…{record.pool[-4:]}"
