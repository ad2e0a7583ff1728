"""Training: from a tape of past opportunities to an `Ensemble`.

scikit-learn is imported inside the functions that need it, and they run in the training process,
the command line and tests alone: whatever decides reads plain arrays.
"""

from __future__ import annotations

from aineon.optimizer.training.fitting import LEAST_ROWS, MOST_ROWS, fit

__all__ = ["LEAST_ROWS", "MOST_ROWS", "fit"]
