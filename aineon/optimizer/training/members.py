"""Members: the trained ones of the ensemble, from scikit-learn to plain arrays.

A few thousand opportunities are little, and the competition changes meanwhile, so every member is
kept small and held back: large leaves, few leaves, few units, and the live table's opinion among
what it reads.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from aineon.optimizer.models.curves import Floats, from_log_odds
from aineon.optimizer.models.ensemble import bid_rows, forest_rows, members_odds
from aineon.optimizer.models.line import Line
from aineon.optimizer.models.network import Network
from aineon.optimizer.models.trees import Trees
from aineon.optimizer.training.lines import fit_line
from aineon.optimizer.training.material import Material

SEED: Final = 1
"""Of the members' dice: the same tape gives the same models."""

_FOREST: Final[dict[str, Any]] = {
    "n_estimators": 80,
    "min_samples_leaf": 20,
    "max_features": 0.5,
    "max_depth": 9,
    "random_state": SEED,
    "n_jobs": 1,
}
_BOOSTING: Final[dict[str, Any]] = {
    "max_iter": 60,
    "learning_rate": 0.06,
    "max_leaf_nodes": 6,
    "min_samples_leaf": 300,
    "l2_regularization": 5.0,
    "max_features": 0.5,
    "early_stopping": False,
    "random_state": SEED,
}
_NETWORK: Final[dict[str, Any]] = {
    "hidden_layer_sizes": (8,),
    "alpha": 2.0,
    "max_iter": 12,
    "learning_rate_init": 3e-3,
    "random_state": SEED,
}
_BATCH: Final = 256
_SCOUTS: Final = {**_FOREST, "n_estimators": 30, "max_features": 0.33, "max_depth": 8}


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """The trained members.

    Attributes:
        line, forest, boosting, network: see `Ensemble`.
        boosting_start: log-odds that the boosting's trees add to.
        importance: how much the forest used each number that it reads; they add up to 1.
    """

    line: Line
    forest: Trees
    boosting: Trees
    boosting_start: float
    network: Network
    importance: Floats

    def log_odds(self, rows: Floats, told: Floats) -> Floats:
        """Return the log-odds of each member, the table's first: (members, rows, arms)."""
        return members_odds(
            rows, told, self.line, self.forest, self.boosting, self.boosting_start, self.network
        )


def train(material: Material) -> Members:
    """Train the members on all of `material`."""
    forest = grow_forest(material)
    boosting = boost(material)
    return Members(
        line=fit_line(material),
        forest=forest_arrays(forest),
        boosting=boosting_arrays(boosting),
        boosting_start=float(boosting._baseline_prediction.ravel()[0]),
        network=network_arrays(fit_network(material)),
        importance=np.asarray(forest.feature_importances_, dtype=np.float64),
    )


def grow_forest(material: Material) -> Any:
    """Return a random forest of what the live table missed, all arms at once."""
    from sklearn.ensemble import RandomForestRegressor  # type: ignore[import-untyped]

    forest = RandomForestRegressor(**_FOREST)
    return forest.fit(forest_rows(material.rows, material.told), _missed(material))


def usefulness(material: Material) -> Floats:
    """Return how much a small forest asks for each number of a row; they add up to 1 or to 0."""
    from sklearn.ensemble import RandomForestRegressor

    scouts = RandomForestRegressor(**_SCOUTS).fit(material.rows, _missed(material))
    return np.asarray(scouts.feature_importances_, dtype=np.float64)


def boost(material: Material) -> Any:
    """Return boosted trees over opportunities and bids; a dearer bid never lands less often."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows, landed, weight = _bids(material)
    rises = np.zeros(rows.shape[1], dtype=np.int8)
    rises[-2:] = 1  # what the table says, and the bid
    boosting = HistGradientBoostingClassifier(**_BOOSTING, monotonic_cst=rises)
    return boosting.fit(rows, landed, sample_weight=weight)


def fit_network(material: Material) -> Any:
    """Return a neural network over opportunities and bids."""
    from sklearn.exceptions import ConvergenceWarning  # type: ignore[import-untyped]
    from sklearn.neural_network import MLPClassifier  # type: ignore[import-untyped]

    rows, landed, weight = _bids(material)
    network = MLPClassifier(**_NETWORK, batch_size=min(_BATCH, len(rows)))
    with warnings.catch_warnings():
        # It is stopped early on purpose.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(rows, landed, sample_weight=weight)


def _missed(material: Material) -> Floats:
    missed: Floats = material.landed - from_log_odds(material.told)
    return missed


def _bids(material: Material) -> tuple[Floats, Floats, Floats | None]:
    """Rows of bids with outcome and weight; a bid whose outcome is hidden stands there as both."""
    rows = bid_rows(material.rows, material.told)
    landed = material.landed.ravel()
    hidden = (landed > 0) & (landed < 1)
    if not hidden.any():
        return rows, landed, None
    return (
        np.concatenate([rows, rows[hidden]]),
        np.concatenate([np.where(hidden, 1.0, landed), np.zeros(int(hidden.sum()))]),
        np.concatenate([np.where(hidden, landed, 1.0), 1.0 - landed[hidden]]),
    )


def forest_arrays(forest: Any) -> Trees:
    """Return the trees of a fitted random forest of scikit-learn."""
    parts = []
    for each in forest.estimators_:
        tree = each.tree_
        leaf = tree.children_left < 0
        itself = np.arange(tree.node_count)
        children = np.stack([tree.children_left, tree.children_right], axis=1)
        parts.append(
            (
                np.where(leaf, 0, tree.feature),
                np.where(leaf, 0.0, tree.threshold),
                np.where(leaf[:, None], itself[:, None], children),
                tree.value[:, :, 0],
                tree.max_depth,
            )
        )
    return _joined(parts)


def boosting_arrays(boosting: Any) -> Trees:
    """Return the trees of a fitted histogram boosting of scikit-learn with two classes."""
    parts = []
    for (predictor,) in boosting._predictors:
        nodes = predictor.nodes
        leaf = nodes["is_leaf"].astype(bool)
        itself = np.arange(len(nodes))
        children = np.stack([nodes["left"], nodes["right"]], axis=1)
        parts.append(
            (
                np.where(leaf, 0, nodes["feature_idx"]),
                np.where(leaf, 0.0, nodes["num_threshold"]),
                np.where(leaf[:, None], itself[:, None], children),
                nodes["value"][:, None],
                int(nodes["depth"].max()),
            )
        )
    return _joined(parts)


def network_arrays(network: Any) -> Network:
    """Return the layers of a fitted multilayer perceptron of scikit-learn with two classes."""
    return Network(
        weights=tuple(np.asarray(each, dtype=np.float64) for each in network.coefs_),
        biases=tuple(np.asarray(each, dtype=np.float64) for each in network.intercepts_),
    )


def _joined(parts: list[tuple[Any, Any, Any, Any, int]]) -> Trees:
    sizes = np.array([len(part[0]) for part in parts])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    return Trees(
        roots=roots,
        feature=np.concatenate([part[0] for part in parts]).astype(np.int64),
        threshold=np.concatenate([part[1] for part in parts]).astype(np.float64),
        children=np.concatenate(
            [part[2] + root for part, root in zip(parts, roots, strict=True)]
        ).astype(np.int64),
        values=np.concatenate([part[3] for part in parts]).astype(np.float64),
        depth=max(part[4] for part in parts),
    )
