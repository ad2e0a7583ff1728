"""Names chosen by strangers stay text: in tables, in captions and in charts."""

from __future__ import annotations

import random
import time
from pathlib import Path

from aineon.primitives import Token
from app.components.charts import pool_name
from app.format import plain
from tests.console import places
from tests.console.places import PAGES
from tests.console.seeing import open_page, turn_to
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
                )
                for token, raw in zip(tokens, names, strict=True)
            ],
            takings=[
                booked.taking(run_id, reference=f"r{number}", searcher=raw, profit_token=token)
                for number, (token, raw) in enumerate(zip(tokens, names, strict=True))
            ],
            prices=[booked.price(run_id, at=now, venue=PIECES[1])],
        )
    test = open_page("overview")
    for page in PAGES:
        turn_to(test, page)
        assert not test.exception, page
        for kind in ("markdown", "caption", "title", "subheader", "info", "warning"):
            for element in test.get(kind):
                assert not getattr(element.proto, "allow_html", False)
                assert "<script>" not in element.value, page
                assert "[x](" not in element.value, page
    turn_to(test, "opportunities")
    shown = test.dataframe[0].value
    assert set(shown["Token"]) <= {str(token) for token in tokens}
    assert shown["Reason"].iloc[0] == names[-1]


def test_plain_text_cannot_become_markdown() -> None:
    assert plain(PIECES[2]) == r"\[x\]\(javascript\:alert\(1\)\)"
    assert plain(PIECES[0]) == r"\<script\>alert\(1\)\</script\>"
    assert plain("block 12, 3.5 % of it") == "block 12, 3.5 % of it"


def test_a_venue_cannot_become_markup_of_a_chart() -> None:
    name = pool_name(booked.price(1, venue="<a href='x'>uni</a>"))
    assert "<" not in name
    assert ">" not in name
