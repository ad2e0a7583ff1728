"""Names chosen by strangers stay text: in tables, in captions and in charts."""

from __future__ import annotations

import csv
import io
import random
import time
from pathlib import Path

from aineon.primitives import Token
from app import state
from app.components.market_charts import pool_name
from app.format import plain
from tests.console import places
from tests.console.places import PAGES
from tests.console.seeing import charts_of, open_page, turn_to
from tests.ledger import booked

PIECES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](http://127.0.0.1/x.png)",
    "=HYPERLINK(1)",
    "+1",
    "$x^2$",
    "**bold**",
    "`code`",
    ":red[x]",
    ":material/home:",
    "{{7*7}}",
    "\u202eETH",
    "\n# title",
    "WETH\u200b",
    "|a|b|",
    "~~x~~",
    "&lt;b&gt;",
    "' OR 1=1 --",
)


KINDS = (
    "markdown",
    "caption",
    "title",
    "header",
    "subheader",
    "info",
    "warning",
    "error",
    "success",
)
"""What may hold text in which Markdown counts; metrics and tables are looked at by their parts."""


def require_plain(text: str, page: str) -> None:
    assert "<script>" not in text, page
    assert "[x](" not in text, page


def hostile_symbols() -> list[str]:
    dice = random.Random(7)
    return ["".join(dice.sample(PIECES, 2)) for _ in range(200)]


def test_two_hundred_hostile_symbols_stay_text(folder: Path) -> None:
    places.beat(folder)
    now = time.time()
    names = hostile_symbols()
    tokens = [Token(f"0x{number:040x}", symbol, 18) for number, symbol in enumerate(names, start=1)]
    with places.open_book(folder) as store:
        run_id = store.begin_run(booked.run(started_at=now, detail=PIECES[0] + PIECES[2]))
        store.write(
            step=booked.step(run_id, 1, at=now),
            opportunities=[
                booked.opportunity(
                    run_id,
                    at=now,
                    amount_in=2**255,
                    amount_out=2**255 + 7,
                    base_token=token,
                    pair=f"WETH/{raw}",
                    reason=raw,
                    gate=raw[:20],
                    route_key="0xa>0xb>0xc>0xd>0xa",
                    route_text=raw,
                    venues=(raw, PIECES[1]),
                )
                for token, raw in zip(tokens, names, strict=True)
            ],
            takings=[
                booked.taking(run_id, reference=f"r{number}", searcher=raw, profit_token=token)
                for number, (token, raw) in enumerate(zip(tokens, names, strict=True))
            ],
            prices=[booked.price(run_id, at=now, venue=PIECES[1])],
            near_misses=[
                booked.near_miss(run_id, 1, pair=raw, reason=raw, route_text=raw) for raw in names
            ],
        )
        for number, (token, raw) in enumerate(zip(tokens, names, strict=True)):
            settled = booked.unresolved(f"sim-{number}", reason=raw)
            store.write(
                attempts=[
                    booked.attempt(
                        run_id,
                        f"sim-{number}",
                        submitted_at=now,
                        base_token=token,
                        pair=raw,
                        venues=(raw,),
                        route_text=raw,
                    )
                ],
                settlements=[settled] if number % 2 else [],
            )
    test = open_page("overview")
    for page in PAGES:
        turn_to(test, page)
        assert not test.exception, page
        for kind in KINDS:
            for element in test.get(kind):
                assert not getattr(element.proto, "allow_html", False)
                require_plain(str(element.value), page)
        for box in test.metric:
            require_plain(f"{box.label} {box.value} {box.delta}", page)
        for table in test.table:
            require_plain(table.value.to_string(max_colwidth=None), page)
    turn_to(test, "opportunities")
    shown = test.dataframe[0].value
    assert set(shown["Token"]) <= {str(token) for token in tokens}
    assert shown["Why not"].iloc[0] == names[-1]
    for page in PAGES:
        turn_to(test, page)
        for chart in charts_of(test).values():
            assert "<script" not in chart.spec, page
            assert "<img" not in chart.spec, page
    client = state.client()
    for line in csv.reader(io.StringIO(client.export(client.scope(1), "csv").text())):
        assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_plain_text_cannot_become_markdown() -> None:
    assert plain(PIECES[2]) == r"\[x\]\(javascript\:alert\(1\)\)"
    assert plain(PIECES[0]) == r"\<script\>alert\(1\)\</script\>"
    assert plain("block 12, 3.5 % of it") == "block 12, 3.5 % of it"


def test_a_venue_cannot_become_markup_of_a_chart() -> None:
    name = pool_name(booked.price(1, venue="<a href='x'>uni</a>"))
    assert "<" not in name
    assert ">" not in name
