"""Many decision trees as flat arrays, walked all at once.

All nodes of all trees stand in one table. A step moves every tree, for every row asked, one
level down; a leaf leads to itself, so after as many steps as the deepest tree has levels all
have arrived. That is a handful of numpy calls whatever the number of trees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aineon.errors import ModelRefused
from aineon.optimizer.models.curves import Floats

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trees:
    """A forest, or the stages of a boosting.

    Attributes:
        roots: each tree's first node.
        feature: which number of a row a node asks for; 0 at a leaf.
        threshold: a row goes left where its number is not above this.
        children: (nodes, 2): left and right; a leaf's are itself.
        values: (nodes, outputs): what a leaf says.
        depth: levels below the deepest tree's root.
    """

    roots: Ints
    feature: Ints
    threshold: Floats
    children: Ints
    values: Floats
    depth: int

    def leaves(self, rows: Floats) -> Floats:
        """Return what the leaf of each tree says of each row: (trees, rows, outputs)."""
        which = np.arange(len(rows))
        node = np.repeat(self.roots[:, None], len(rows), axis=1)
        flat = self.children.ravel()
        for _ in range(self.depth):
            right = rows[which, self.feature[node]] > self.threshold[node]
            node = flat[2 * node + right]
        leaves: Floats = self.values[node]
        return leaves

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return all there is, as plain arrays."""
        return {
            "roots": self.roots,
            "feature": self.feature,
            "threshold": self.threshold,
            "children": self.children,
            "values": self.values,
            "depth": np.array(self.depth, dtype=np.int64),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]], width: int) -> Self:
        """Return the trees that `arrays` described, for rows of `width` numbers.

        Raises:
            ModelRefused: a node names a number or a node that is not there.
        """
        trees = cls(
            roots=arrays["roots"].astype(np.int64),
            feature=arrays["feature"].astype(np.int64),
            threshold=arrays["threshold"].astype(np.float64),
            children=arrays["children"].astype(np.int64),
            values=arrays["values"].astype(np.float64),
            depth=int(arrays["depth"]),
        )
        nodes = len(trees.feature)
        fits = (
            trees.children.shape == (nodes, 2)
            and trees.threshold.shape == (nodes,)
            and trees.values.shape[:1] == (nodes,)
            and _within(trees.roots, nodes)
            and _within(trees.children, nodes)
            and _within(trees.feature, width)
            and 0 <= trees.depth <= nodes
        )
        if not fits:
            raise ModelRefused("the trees of a model point outside of themselves")
        return trees


def _within(values: Ints, size: int) -> bool:
    return bool(((values >= 0) & (values < size)).all())
