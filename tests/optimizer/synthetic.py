"""A table of past opportunities with a competition that is simple, hidden and exactly known.

Some rivals look at every opportunity. Each notices it with a probability of its own (it knows
some pairs, and wants a least net), and bids a share of the net whose log-odds are logistic round
a mean that depends on pair, size, hour and an appetite that drifts. The highest bid is what was
needed; the block's builder takes our bundles with a probability of its own. So

    P(lands | share) = reach x product over rivals (1 - notice x (1 - F(share)))

holds exactly, and `chances` keeps it. The features are what one could know: no name of a rival,
no appetite.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from aineon.optimizer.arms import ARMS
from aineon.optimizer.tape import Tape

Floats = NDArray[np.float64]
Drift = Literal["three_times_as_many", "reach_halves", "pairs_begin_to_fail"]

BLOCK_SECONDS = 12.0
BLOCKS_A_ROW = 2.4
"""One gap in two or three blocks, as the sandbox with 24 pools leaves open."""

PAIRS = (
    "USDC/WETH", "USDT/WETH", "DAI/WETH", "WBTC/WETH", "LINK/WETH", "UNI/WETH", "AAVE/WETH",
    "MKR/WETH", "CRV/WETH", "LDO/WETH", "DAI/USDC/WETH", "USDC/USDT/WETH",
)  # fmt: skip
NAMES = (
    "log_net", "log_gas", "net_over_gas", "hops", "age_blocks", "hour_sin", "hour_cos",
    "volatility", "recent_share", "recent_share_pair", "recent_losses_pair", "recent_competed",
    "noise_a", "noise_b",
)  # fmt: skip

_RIVALS = 7
_REACH = 0.88
_FAILING_PAIRS = 6


def synthetic_tape(seed: int, rows: int, drift: Drift | None = None, at: float = 0.5) -> Tape:
    """Return `rows` opportunities; the same ones for the same arguments.

    Args:
        drift: what changes for good after share `at` of the rows; None for a steady competition.
    """
    dice = np.random.default_rng([seed, 7_001])
    blocks = 1000 + np.cumsum(dice.geometric(1 / BLOCKS_A_ROW, rows)).astype(np.int64)
    times = blocks * BLOCK_SECONDS
    pairs = dice.choice(len(PAIRS), rows, p=_popularity()).astype(np.int64)
    volatility = np.exp(_wandering(dice, rows, 0.6, 400))
    net = 0.005 * np.exp(dice.normal(0, 1.1, rows)) * np.sqrt(volatility)
    gas = 0.0016 * np.exp(_wandering(dice, rows, 0.35, 300))

    changed = np.arange(rows) >= at * rows
    notice, mean, width = _rivals(dice, pairs, net, times, volatility)
    # As many again, and once more, each with the same habits and dice of its own.
    again = np.where(changed & (drift == "three_times_as_many"), 3.0, 1.0)
    reach = np.full(rows, _REACH)
    if drift == "reach_halves":
        reach[changed] /= 2
    if drift == "pairs_begin_to_fail":
        failing = dice.permutation(len(PAIRS))[:_FAILING_PAIRS]
        reach[changed & np.isin(pairs, failing)] = 0.02

    arms = np.log(np.array(ARMS) / (1 - np.array(ARMS)))
    below = 1 / (1 + np.exp(-(arms[None, :, None] - mean[:, None, :]) / width))
    free = np.prod(1 - notice[:, None, :] * (1 - below), axis=2) ** again[:, None]
    needed = _drawn(dice, notice, mean, width, again, reach)
    known_at = times + BLOCK_SECONDS
    features = _features(dice, times, pairs, net, gas, volatility, needed, known_at)
    return Tape(
        names=NAMES,
        features=features,
        pair_names=PAIRS,
        pairs=pairs,
        blocks=blocks,
        times=times,
        net=net,
        gas=gas,
        needed=needed,
        known_at=known_at,
        censored=np.zeros(rows, dtype=bool),
        offered=np.full(rows, np.nan),
        chances=reach[:, None] * free,
    )


def _popularity() -> Floats:
    weights = 1 / np.arange(1, len(PAIRS) + 1) ** 0.7
    return weights / weights.sum()


def _wandering(dice: np.random.Generator, rows: int, spread: float, memory: int) -> Floats:
    """A stationary path that forgets in about `memory` rows."""
    keep = float(np.exp(-1 / memory))
    steps = dice.normal(0, spread * np.sqrt(1 - keep**2), rows)
    path = np.empty(rows)
    now = float(dice.normal(0, spread))
    for row in range(rows):
        now = keep * now + steps[row]
        path[row] = now
    return path


def _rivals(
    dice: np.random.Generator, pairs: NDArray[np.int64], net: Floats, times: Floats, vol: Floats
) -> tuple[Floats, Floats, Floats]:
    """P(notices) and mean log-odds of the bid, (rows, rivals) each, and widths (rivals,)."""
    rows = len(net)
    knows = dice.random((_RIVALS, len(PAIRS))) < 0.7
    alert = dice.uniform(0.35, 0.9, _RIVALS)
    least = np.log(dice.uniform(0.0008, 0.006, _RIVALS))
    wants = 1 / (1 + np.exp(-2.5 * (np.log(net)[:, None] - least)))
    hours = 2 * np.pi * times[:, None] / 86_400
    awake = 0.75 + 0.25 * np.sin(hours + dice.uniform(0, 2 * np.pi, _RIVALS))
    notice = np.where(knows.T[pairs], alert, 0.15) * wants * awake
    by_pair = dice.normal(0, 0.9, len(PAIRS))[pairs]
    by_size = 0.5 * (np.log(net) - np.log(0.005))
    appetite = np.stack([_wandering(dice, rows, 0.5, 350) for _ in range(_RIVALS)], axis=1)
    own = dice.normal(0.4, 0.8, _RIVALS)
    mean = own + appetite + (by_pair + by_size - 0.3 * np.log(vol))[:, None]
    return notice, mean, dice.uniform(0.25, 0.6, _RIVALS)


def _drawn(
    dice: np.random.Generator,
    notice: Floats,
    mean: Floats,
    width: Floats,
    again: Floats,
    reach: Floats,
) -> Floats:
    """The share that was needed: one throw of the dice behind `chances`."""
    best = np.zeros(len(reach))
    for turn in range(3):
        luck = dice.random(notice.shape)
        bids = 1 / (1 + np.exp(-(mean + width * np.log(luck / (1 - luck)))))
        came = (dice.random(notice.shape) < notice) & (turn < again)[:, None]
        best = np.maximum(best, np.where(came, bids, 0.0).max(axis=1))
    return np.where(dice.random(len(reach)) < reach, best, np.inf)


def _features(
    dice: np.random.Generator,
    times: Floats,
    pairs: NDArray[np.int64],
    net: Floats,
    gas: Floats,
    volatility: Floats,
    needed: Floats,
    known_at: Floats,
) -> Floats:
    rows = len(net)
    angle = 2 * np.pi * times / 86_400
    columns = np.full((rows, len(NAMES)), np.nan)
    columns[:, :8] = np.stack(
        [
            np.log(net), np.log(gas), net / gas, np.where(pairs >= len(PAIRS) - 2, 3.0, 2.0),
            dice.geometric(0.7, rows) - 1.0, np.sin(angle), np.cos(angle), volatility,
        ],
        axis=1,
    )  # fmt: skip
    columns[:, 12:] = dice.normal(0, 1, (rows, 2))
    overall, competed = np.nan, 0.5
    share: dict[int, float] = {}
    lost: dict[int, float] = {}
    told = 0
    for row in range(rows):
        while known_at[told] <= times[row]:
            pair, seen = int(pairs[told]), float(min(needed[told], 1.0))
            overall = seen if np.isnan(overall) else 0.95 * overall + 0.05 * seen
            share[pair] = 0.85 * share.get(pair, seen) + 0.15 * seen
            lost[pair] = 0.9 * lost.get(pair, 0.5) + 0.1 * float(needed[told] > 1)
            competed = 0.95 * competed + 0.05 * float(needed[told] > 0)
            told += 1
        pair = int(pairs[row])
        columns[row, 8:12] = (
            overall, share.get(pair, np.nan), lost.get(pair, np.nan), competed,
        )  # fmt: skip
    return columns
