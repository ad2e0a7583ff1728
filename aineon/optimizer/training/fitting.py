"""Fitting: an ensemble from a tape, judged only on what came after what it was trained on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from aineon.errors import OptimizerError
from aineon.optimizer.models.curves import Floats, from_log_odds, log_odds, sizes
from aineon.optimizer.models.ensemble import MEMBERS, Ensemble, Stack
from aineon.optimizer.models.inputs import Inputs
from aineon.optimizer.tape import Tape
from aineon.optimizer.training.folds import folds
from aineon.optimizer.training.libraries import load_sklearn
from aineon.optimizer.training.material import History, outcomes, told_along
from aineon.optimizer.training.members import Members, train, usefulness
from aineon.optimizer.training.stacking import bend, log_loss, plain_stack, weigh

LEAST_ROWS: Final = 200
"""Fewer opportunities than these teach nothing that the live table does not know."""
MOST_ROWS: Final = 5000
"""The newest ones that are trained on; older ones tell of a competition that is gone."""
MOST_FEATURES: Final = 20
"""Features that members read. A few thousand outcomes cannot tell seventy apart: with all of them
every member predicted worse than with the best twenty."""

_LEAST_OF_A_KIND: Final = 20
_LEAST_IN_A_FOLD: Final = 100


def fit(tape: Tape, now: float) -> Ensemble:
    """Return an ensemble trained on what was known by `now`, seconds of the market's time.

    The same tape gives the same ensemble. One thread is used: a scanner lives beside it.

    Raises:
        OptimizerError: too few opportunities, or too few that any bid would have won or lost.
    """
    # What has threads of its own must be there before it can be limited.
    load_sklearn()
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    # On a busy machine more threads than cores make boosting twenty times slower.
    with threadpool_limits(limits=1):
        return _fit(tape, now)


def _fit(tape: Tape, now: float) -> Ensemble:
    known = tape.until(now)
    known = known.rows(~np.isnan(known.needed))
    known = known.rows(slice(max(0, len(known) - MOST_ROWS), None))
    told, live = told_along(known)
    landed = outcomes(known, told)
    _check(landed)
    history = History(known, log_odds(told), landed)
    stack, metrics = _judged(history)
    inputs, members = _trained(history)
    return Ensemble(
        trained_at=now,
        began_at=float(known.times[0]),
        rows=len(known),
        inputs=inputs,
        line=members.line,
        forest=members.forest,
        boosting=members.boosting,
        boosting_start=members.boosting_start,
        network=members.network,
        stack=stack,
        live=live,
        importance=_importance(inputs, members),
        metrics=metrics,
    )


def _check(landed: Floats) -> None:
    if len(landed) < LEAST_ROWS:
        raise OptimizerError(
            f"{len(landed)} opportunities with an outcome are too few to train on; "
            f"allowed are {LEAST_ROWS} or more"
        )
    ever = int((landed.max(axis=1) > 0).sum())
    not_always = int((landed.min(axis=1) < 1).sum())
    if min(ever, not_always) < _LEAST_OF_A_KIND:
        raise OptimizerError(
            f"of {len(landed)} opportunities {ever} could be won and {not_always} be lost; "
            f"{_LEAST_OF_A_KIND} or more of both are needed to train on"
        )


def _judged(history: History) -> tuple[Stack, dict[str, float]]:
    """The stack, fitted where no member had seen the outcome, and what was measured there."""
    said: list[Floats] = []
    rows: list[NDArray[np.int64]] = []
    for fold in folds(history.tape):
        if len(fold.train) < _LEAST_IN_A_FOLD:
            continue
        inputs, trained = _trained(history.take(fold.train))
        judge = history.take(fold.judge)
        said.append(trained.log_odds(inputs.rows(judge.tape), judge.told))
        rows.append(fold.judge)
    if not said:
        return plain_stack(), {}
    members, judged = np.concatenate(said, axis=1), np.concatenate(rows)
    size, landed = sizes(history.tape.net[judged]), history.landed[judged]
    stack = bend(weigh(members, size, landed), members, size, landed)
    return stack, _metrics(stack.curve(members, size), members, landed, stack)


def _trained(history: History) -> tuple[Inputs, Members]:
    """Members trained on all of `history`, reading the features that promise most there."""
    everything = Inputs.of(history.tape)
    scouted = usefulness(history.material(everything))[: len(everything.kept)]
    best = np.argsort(-scouted, kind="stable")[:MOST_FEATURES]
    inputs = Inputs.of(history.tape, everything.kept[best])
    return inputs, train(history.material(inputs))


def _importance(inputs: Inputs, members: Members) -> Floats:
    importance = np.zeros(len(inputs.names))
    importance[inputs.kept] = members.importance[: len(inputs.kept)]
    return importance


def _metrics(stacked: Floats, members: Floats, landed: Floats, stack: Stack) -> dict[str, float]:
    """Log loss and Brier score on the judged rows; the stack's own were fitted there."""
    curves = dict(zip(MEMBERS, from_log_odds(members), strict=True))
    curves["ensemble"] = stacked
    found: dict[str, float] = {"judged_rows": float(len(landed))}
    for name, chances in curves.items():
        found[f"log_loss_{name}"] = log_loss(chances, landed)
        found[f"brier_{name}"] = float(((chances - landed) ** 2).mean())
    for name, weight in zip(MEMBERS, stack.weights, strict=True):
        found[f"weight_{name}"] = float(weight)
    return found
