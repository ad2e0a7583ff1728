"""Evaluation: how good the optimizer really is, measured walk-forward and against plain rules."""
