"""Search: cycles of swaps that end with more of the base token than they began with."""

from aineon.search.combination import Combination, best_alone, best_combination
from aineon.search.confidence import ConfidenceFactors, confidence_factors
from aineon.search.costs import CostModel, Worths
from aineon.search.explanation import Explanation, Verdict
from aineon.search.opportunity import Opportunity
from aineon.search.parallel import ParallelPools
from aineon.search.route import MOST_STEPS, Hop, Route
from aineon.search.scan import NearMiss, Scan
from aineon.search.scanner import (
    Scanner,
    best_input,
    find_opportunities,
    pays_its_way,
)
from aineon.search.splitting import with_splits
from aineon.search.trust import Trust

__all__ = [
    "MOST_STEPS",
    "Combination",
    "ConfidenceFactors",
    "CostModel",
    "Explanation",
    "Hop",
    "NearMiss",
    "Opportunity",
    "ParallelPools",
    "Route",
    "Scan",
    "Scanner",
    "Trust",
    "Verdict",
    "Worths",
    "best_alone",
    "best_combination",
    "best_input",
    "confidence_factors",
    "find_opportunities",
    "pays_its_way",
    "with_splits",
]
