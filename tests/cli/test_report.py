from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from aineon.cli.report import as_dict, print_report, to_json
from aineon.engine.events import EngineState, StateChanged
from aineon.engine.funnel import Stage
from aineon.engine.report import RunReport
from aineon.execution.settlement import Outcome
from aineon.primitives import Provenance, SimulatedMoney, Token
from tests.engine.reporting import BACK, entry, opportunity, processed, settled, submitted, taking
from tests.scripted import ETHER

ODD = Token("0x" + "dd" * 20)
WIDE = 300


def report(provenance: Provenance = Provenance.REPLAYED) -> RunReport:
    return RunReport("replay", provenance, "blocks.json").add_all(
        [
            StateChanged(EngineState.RUNNING),
            processed(
                entry(opportunity(gas_cost=None), gate="gas_unknown"),
                entry(opportunity(1, route=BACK), Stage.SUBMITTED, None, attempt_id="sim-1"),
                takings=(taking("0xaa", 2 * ETHER), taking("0xbb", 7, 5, profit_token=ODD)),
                not_replayable={"uniswap_v3 swap: state not recorded": 4},
            ),
            submitted("sim-1"),
            settled("sim-1", Outcome.INCLUDED, "filled", net=SimulatedMoney(2**70)),
            submitted("sim-2"),
            settled("sim-2", Outcome.UNRESOLVED, "no next state", settled_block=None),
            processed(
                entry(opportunity(), gate="mid_transaction", block=101),
                block=101,
                takings=(taking("0xcc", 3),),
            ),
            StateChanged(EngineState.FINISHED, "the feed has ended"),
        ]
    )


def shown(run: RunReport, width: int = 100, most_blocks: int | None = None) -> str:
    console = Console(file=StringIO(), width=width, legacy_windows=False)
    print_report(run, console, most_blocks)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def squeezed(text: str) -> str:
    """The words alone, whatever the wrapping."""
    for border in "│┃─━╭╮╰╯┏┓┗┛┡┩├┤┼┳┻╇┴┬└┘╞╡╤╪╧":
        text = text.replace(border, " ")
    return " ".join(text.split())


def test_report_fits_100_columns() -> None:
    assert max(map(len, shown(report()).splitlines())) <= 100


def test_origin_stands_in_titles_and_money_columns() -> None:
    words = squeezed(shown(report(), WIDE))
    assert "AINEON run report · SIMULATED on REPLAYED" in words
    assert "Block 100: 2 cycles with gross profit · REPLAYED" in words
    assert "Size, gross, costs, net (REPLAYED)" in words
    assert "Net of all attempts (SIMULATED)" in words
    assert "(SIMULATED on REPLAYED)" in words
    assert "Best (REPLAYED)" in words


def test_run_on_the_sandbox_is_simulated_throughout() -> None:
    words = squeezed(shown(report(Provenance.SIMULATED), WIDE))
    assert "REPLAYED" not in words
    assert "Size, gross, costs, net (SIMULATED)" in words


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    words = squeezed(shown(report(), WIDE))
    assert "gas unknown" in words
    assert "net unknown" in words
    assert "2 (1 with unknown gas)" not in words
    assert "3 (1 with unknown gas)" in words
    assert "(left out, net unknown: 1)" in words


def test_gate_reason_and_takings_of_the_block_are_shown() -> None:
    words = squeezed(shown(report(), WIDE))
    assert "stopped by [gas_unknown]" in words
    assert "mid-tx only" in words
    assert "1 in WETH, together 2 WETH, best 2 WETH" in words
    assert "7 units of 0xdddd…dddd" in words
    assert "Gas unknown for 1 of 2." in words
    assert "uniswap_v3 swap: state not recorded" in words
    assert "unresolved: no next state" in words


def test_smallest_profit_does_not_look_like_zero() -> None:
    assert "0.000000000000000001 WETH" in squeezed(shown(report(), WIDE))


def test_run_that_saw_nothing_says_so() -> None:
    words = squeezed(shown(RunReport("replay", Provenance.REPLAYED)))
    assert "No cycle with gross profit above zero was seen." in words


def test_lists_can_be_cut_and_say_that_they_are() -> None:
    words = squeezed(shown(report(), WIDE, most_blocks=1))
    assert "Block 100:" in words
    assert "Block 101:" not in words
    assert "Not shown: 1 more blocks with opportunities" in words


def test_narrow_terminal_wraps() -> None:
    assert max(map(len, shown(report(), width=60).splitlines())) <= 60


def test_text_of_strangers_is_no_markup() -> None:
    run = RunReport("replay", Provenance.REPLAYED, "[red]file[/nothing]")
    run.add(StateChanged(EngineState.FAILED, "[/bold] broke"))
    words = squeezed(shown(run))
    assert "[red]file[/nothing]" in words
    assert "failed: [/bold] broke" in words


# --- JSON ----------------------------------------------------------------------------------


def test_json_holds_the_same_report() -> None:
    content = json.loads(to_json(report()))
    assert content == as_dict(report())
    assert (content["format"], content["version"]) == ("aineon-report", 1)
    assert content["provenance"] == "replayed"
    assert content["state"] == "finished"
    assert list(content) == [
        "format",
        "version",
        "feed",
        "source",
        "provenance",
        "state",
        "detail",
        "totals",
        "opportunities",
        "takings",
        "attempts",
        "outcomes",
        "funnel",
        "gates",
        "not_replayable",
    ]


def test_json_amounts_are_strings_and_unknown_is_null() -> None:
    content = json.loads(to_json(report()))
    unknown = next(each for each in content["opportunities"] if each["gate"] == "gas_unknown")
    assert unknown["amount_in"] == str(10 * ETHER)
    assert unknown["gas_cost"] is None
    assert unknown["net_profit"] is None
    assert content["totals"]["net"] == {
        "wei": str(2**70),
        "provenance": "simulated",
        "settlements_net_unknown": 1,
    }
    assert [each["net_wei"] for each in content["attempts"]] == [str(2**70), None]
    assert content["outcomes"]["unresolved"] == {"count": 1, "reasons": {"no next state": 1}}


@pytest.mark.parametrize(
    ("part", "origin"),
    [("opportunities", "replayed"), ("takings", "replayed"), ("attempts", "simulated")],
)
def test_json_entries_say_where_their_figures_come_from(part: str, origin: str) -> None:
    content = json.loads(to_json(report()))
    assert content[part]
    assert {each["provenance"] for each in content[part]} == {origin}


def test_json_holds_no_integer_that_other_languages_would_round() -> None:
    def check(value: Any) -> None:
        if isinstance(value, dict):
            for each in value.values():
                check(each)
        elif isinstance(value, list):
            for each in value:
                check(each)
        elif isinstance(value, int):
            assert abs(value) <= 2**53

    check(json.loads(to_json(report())))
