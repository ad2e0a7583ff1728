"""What may be attempted, and what may not."""

from aineon.risk.gate import Candidate, Limits, Refusal, RiskGate

__all__ = ["Candidate", "Limits", "Refusal", "RiskGate"]
