"""Search: cycles of swaps that end with more of the base token than they began with."""

from aineon.search.confidence import ConfidenceFactors, confidence_factors
from aineon.search.costs import CostModel
from aineon.search.opportunity import Opportunity
from aineon.search.route import Hop, Route
from aineon.search.scanner import (
    NearMiss,
    Scan,
    Scanner,
    best_input,
    find_opportunities,
    pays_its_way,
)

__all__ = [
    "ConfidenceFactors",
    "CostModel",
    "Hop",
    "NearMiss",
    "Opportunity",
    "Route",
    "Scan",
    "Scanner",
    "best_input",
    "confidence_factors",
    "find_opportunities",
    "pays_its_way",
]
