"""What the REST API answers with. Every figure stands beside its book and its provenance.

Amounts are whole numbers in the smallest unit that their name or their token says, written as
text: JSON's numbers would lose the last digits. Times are UTC. `null` is unknown, never zero.
"""

from aineon.server.answers.common import Exact, Sourced, TokenTold
from aineon.server.answers.seen import FunnelAnswer, NearMissAnswer, OpportunityAnswer, StoppedTold
from aineon.server.answers.status import BreakerTold, NodeAnswer, Status, StopTold
from aineon.server.answers.trades import Profit, Run, TradeAnswer, Trades

__all__ = [
    "BreakerTold",
    "Exact",
    "FunnelAnswer",
    "NearMissAnswer",
    "NodeAnswer",
    "OpportunityAnswer",
    "Profit",
    "Run",
    "Sourced",
    "Status",
    "StopTold",
    "StoppedTold",
    "TokenTold",
    "TradeAnswer",
    "Trades",
]
