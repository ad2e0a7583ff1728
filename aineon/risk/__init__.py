"""What may be attempted, and what may not."""

from aineon.risk.gate import RiskGate
from aineon.risk.limits import Candidate, Limits, Refusal

__all__ = ["Candidate", "Limits", "Refusal", "RiskGate"]
