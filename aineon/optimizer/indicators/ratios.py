"""Ratios of arrays whose denominators may be zero."""

from __future__ import annotations

import numpy as np

from aineon.optimizer.indicators.bars import Floats


def share(part: Floats, whole: Floats, otherwise: Floats | float = 0.0) -> Floats:
    """Return part / whole, and `otherwise` where the whole is zero."""
    if np.count_nonzero(whole) == whole.size:
        return part / whole
    nothing = whole == 0
    return np.where(nothing, otherwise, part / np.where(nothing, 1.0, whole))
