"""Bandit: learning what no replay can tell: which way of sending really carries."""

from aineon.optimizer.bandit.choosing import Bandit, Choice
from aineon.optimizer.bandit.reach import Reach, Way

__all__ = ["Bandit", "Choice", "Reach", "Way"]
