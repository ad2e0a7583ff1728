"""Section "Optimizer" of the performance page: what it knows, who decides, and how well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from aineon.ledger.heartbeat import Heartbeat
from aineon.ledger.sample_figures import SampleFigures
from aineon.optimizer.telling import BandTold, BinTold, OptimizerTold
from app import format as fmt
from app.components import charts, money, optimizer_charts, tables
from app.components.optimizer_score import bid
from app.components.optimizer_told import POLICIES, SHORT, Told, decider, told_in
from app.state import client

ROLES: Final = {
    "observe": "It looks on: it scores, learns and shows, and the settings' own bid decides "
    "(AINEON_OPTIMIZER=observe).",
    "decide": "It decides what is worth an attempt and what is bid for it, within the limits in "
    "force (AINEON_OPTIMIZER=decide).",
}
_SPAN_WORDS: Final = {900: "15 minutes", 3_600: "hour"}
_TARGET: Final = "87 to 93 %"
_CHART_HEIGHT: Final = 320
_HALF: Final = 0.5


def draw(heartbeat: Heartbeat | None, samples: SampleFigures) -> None:
    """Draw how the optimizer stands, and what its samples in the book come to."""
    st.header("Optimizer", anchor=False)
    told = told_in(heartbeat)
    if told is None:
        st.info(silence_words(heartbeat), icon=":material/visibility_off:")
        _samples(samples)
        return
    _standing(told)
    _samples(samples)
    standing = told.standing
    _alarms(standing)
    left, right = st.columns(2, gap="medium")
    with left:
        _calibration(standing)
    with right:
        _captured(standing)
    _bids(standing)
    _ways(standing)
    _bands(standing)


def silence_words(heartbeat: Heartbeat | None) -> str:
    """Return why nothing is told of an optimizer."""
    if client().settings.optimizer == "off":
        return "The optimizer is off (AINEON_OPTIMIZER=off): the plain rule decides."
    if heartbeat is None:
        return "No engine has told anything yet, so nothing is known of the optimizer."
    if heartbeat.optimizer is not None:
        return "The engine tells of its optimizer in a way that this console does not know."
    return "The engine tells of no optimizer: the plain rule decides."


def _standing(told: Told) -> None:
    standing = told.standing
    st.caption(ROLES.get(told.role, f"Its role: {fmt.plain(told.role)}."))
    if standing.leading == "rule":
        words = fmt.plain(standing.words or "nothing was learned yet")
        st.info(
            f"It knows too little: the plain rule decides. Why: {words}.",
            icon=":material/school:",
        )
    elif standing.words:
        st.caption(f"{fmt.plain(standing.words[0].upper() + standing.words[1:])}.")
    made = sum(standing.decisions.values())
    columns = money.row("optimizer")
    with columns[0]:
        money.figure("Labels known", fmt.count(standing.labels), "Outcomes it learned from.")
    with columns[1]:
        who = SHORT.get(standing.leading, standing.leading)
        about = f"Whose word counts at present: {decider(standing.leading)}."
        money.figure("Best informed", fmt.plain(who), about)
    with columns[2]:
        share = fmt.percent(standing.attempted / made if made else None)
        note = f"{share} worth an attempt" if made else "none yet"
        money.figure("Decisions", fmt.count(made), _deciders(standing), note)
    with columns[3]:
        at = standing.model_trained_at
        note = f"trained up to {fmt.time_utc(at)}" if at is not None else "no models in use"
        # When it was trained stands below; the whole name is among the versions.
        mark = (standing.model_version or "none").rpartition("-")[2]
        money.figure("Model version", fmt.plain(mark), "", note)
    st.caption(f"{regime_words(standing)}.")


def regime_words(standing: OptimizerTold) -> str:
    """Return the market's regime in words, with the probabilities of all."""
    likely = sorted(standing.regime_probabilities.items(), key=lambda each: -each[1])
    parts = ", ".join(f"{fmt.plain(name)} {share:.0%}" for name, share in likely)
    if standing.regime is None:
        return "Regime of the market: not known" + (f"; likely {parts}" if parts else "")
    began = standing.regime_since_block
    since = "" if began is None else f" since block {began:,}"
    told = f"Regime of the market: {fmt.plain(standing.regime)}{since}"
    about = "it tells how much prices move, and foretells no direction"
    return f"{told} (probabilities: {parts}); {about}" if parts else f"{told}; {about}"


def _deciders(standing: OptimizerTold) -> str:
    parts = [f"{decider(name)} {count:,}" for name, count in sorted(standing.decisions.items())]
    return "By what they stand on: " + ", ".join(parts) if parts else ""


def _samples(samples: SampleFigures) -> None:
    whence = samples.provenance.value
    if not samples.samples:
        st.caption(f"No outcome of an opportunity has been booked in this run yet ({whence}).")
        return
    st.caption(
        f"Samples in the book, {whence}: {samples.samples:,}, known from "
        f"{fmt.time_utc(samples.oldest)} to {fmt.time_utc(samples.newest)} of the market's time. "
        f"Every bid's outcome is known of {samples.known:,}; only a bound of {samples.bounded:,}. "
        f"Attempted: {samples.attempted:,}, of which {samples.won:,} landed."
    )


def _alarms(standing: OptimizerTold) -> None:
    st.subheader("Drift alarms", anchor=False)
    tables.show(
        [
            {"At (UTC)": fmt.time_cell(each.at), "What": each.what, "Words": each.words}
            for each in standing.alarms
        ],
        "No drift was noticed.",
        alt="Alarms: when the market was found to differ from what was learned",
        Words=st.column_config.TextColumn(width=640),
    )


def _calibration(standing: OptimizerTold) -> None:
    st.subheader("Do its chances hold?", anchor=False)
    bins = [each for each in standing.calibration if each.count]
    if not bins:
        st.caption("Too few predictions have met their outcome to say.")
        return
    count = sum(each.count for each in bins)
    base = sum(each.landed * each.count for each in bins) / count
    error = standing.calibration_error
    said = fmt.UNKNOWN if error is None else f"{100 * error:.1f} points"
    st.caption(
        f"Of {count:,} predictions at the bid that was best, {base:.1%} would have landed. Read as "
        f"yes or no, {accuracy(bins):.1%} were right; a constant “fails” would have been right in "
        f"{1 - base:.1%} and earned nothing, so accuracy is no yardstick. Mean distance of chances "
        f"from what came (ECE): {said}; the target is at most 1.5."
    )
    alt = "Predicted chances to land against the share that landed"
    charts.draw("calibration", bins, optimizer_charts.calibration, alt, _CHART_HEIGHT)


def accuracy(bins: Sequence[BinTold]) -> float:
    """Return the share of predictions that were right, read as yes from a chance of a half on.

    Bins are of equal width, and none lies on both sides of a half.
    """
    right = sum(
        each.count * (each.landed if each.predicted >= _HALF else 1 - each.landed) for each in bins
    )
    return right / sum(each.count for each in bins)


def _captured(standing: OptimizerTold) -> None:
    st.subheader("Captured against baselines", anchor=False)
    if not standing.captured:
        st.caption("No outcome is known for every bid yet, so ways of deciding do not compare.")
        return
    st.caption(
        "What each way of deciding would have left on the same newest opportunities of which every "
        "bid's outcome is known; estimated, not earned."
    )
    alt = "What each way of deciding would have left"
    charts.draw("captured", standing.captured, optimizer_charts.captured, alt, _CHART_HEIGHT)
    tables.show(
        [
            {
                "Way of deciding": POLICIES.get(each.policy, each.policy),
                "Net (ETH)": fmt.decimal(each.net_wei),
                "Share": fmt.percent(each.share),
            }
            for each in standing.captured
        ],
        "",
        alt="What each way of deciding would have left, and its share of the clairvoyant's",
        **{
            "Net (ETH)": tables.ether_column("Net (ETH)", "estimated"),
            "Share": st.column_config.TextColumn(help="of what the clairvoyant would have left"),
        },
    )


def _bids(standing: OptimizerTold) -> None:
    st.subheader("Bids", anchor=False)
    if not any(each.chosen or each.would_land is not None for each in standing.arms):
        st.caption("Nothing is known of any bid yet.")
        return
    alt = "For each bid: how often it was the best one, and how often it would have landed"
    charts.draw("arms", standing.arms, optimizer_charts.arms, alt, _CHART_HEIGHT)
    best = max(standing.arms, key=lambda each: each.chosen)
    if best.chosen:
        st.caption(f"Most often the best bid: {bid(best.bid_bps)} of the net profit.")


def _ways(standing: OptimizerTold) -> None:
    st.subheader("Ways of sending", anchor=False)
    if not standing.ways:
        st.caption("There is one way of sending, or none has been tried yet.")
        return
    st.caption(
        "Where a replay is blind they are tried out: "
        f"{fmt.ether(standing.exploring_left_wei)} may still be spent on that today; by present "
        f"estimates it has cost {fmt.ether(standing.regret_wei)} so far."
    )
    tables.show(
        [
            {
                "Relay": each.relay,
                "When": each.when,
                "Channel": each.channel,
                "Reach": fmt.percent(each.reach),
                "90 % interval": f"{each.low:.1%} to {each.high:.1%}",
                "Tried": each.tried,
            }
            for each in standing.ways
        ],
        "",
        alt="Ways of sending: how far each of them carries, and how often it was tried",
    )


def _bands(standing: OptimizerTold) -> None:
    st.subheader("Net to come", anchor=False)
    tables.show(
        [_band_row(each) for each in standing.bands],
        "Too few spans of time have passed to foretell the next.",
        alt="The net expected of the time to come, its 90 % band, and how bands held so far",
        **{name: tables.ether_column(name, "estimated") for name in _BAND_COLUMNS},
    )
    if standing.bands:
        st.caption(
            "Estimated. “Held” is the share of past spans whose net fell into its band; the target "
            f"is {_TARGET}. A bias above zero means that more was expected than came."
        )


_BAND_COLUMNS: Final = ("Low (ETH)", "Expected (ETH)", "High (ETH)")


def _band_row(band: BandTold) -> dict[str, object]:
    values = (band.low_wei, band.expected_wei, band.high_wei)
    amounts = dict(zip(_BAND_COLUMNS, map(fmt.decimal, values), strict=True))
    return {
        "Of the next": _SPAN_WORDS.get(band.seconds, f"{band.seconds:,} s"),
        **amounts,
        "Held": fmt.percent(band.coverage),
        "Bias": fmt.UNKNOWN if band.bias is None else f"{band.bias:+.1%}",
        "Past spans": band.spans,
    }
