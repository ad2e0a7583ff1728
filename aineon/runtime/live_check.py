"""What `aineon doctor --live` asks: the chain, its nodes, the key, the clock, and the operator."""

from __future__ import annotations

from aineon.errors import AineonError
from aineon.execution.live.readiness import Finding
from aineon.runtime.chain_link import connect
from aineon.runtime.doctor import Check, Verdict
from aineon.runtime.going_live import live_findings
from aineon.runtime.settings import Settings


async def look_at_chain(settings: Settings) -> tuple[Check, ...]:
    """Return what the chain says of the settings' contract, key and nodes; nothing is sent.

    What cannot be asked for lack of a node, a key or a contract is one problem that says so.
    """
    try:
        link = await connect(settings)
    except AineonError as error:
        return (Check("nodes", Verdict.PROBLEM, str(error)),)
    try:
        found = await live_findings(settings, link)
    except AineonError as error:
        return (Check("contract", Verdict.PROBLEM, str(error)),)
    finally:
        await link.aclose()
    return tuple(map(check_of, found))


def check_of(finding: Finding) -> Check:
    """Return a finding as the doctor shows it."""
    return Check(finding.name, _verdict(finding), finding.words)


def _verdict(finding: Finding) -> Verdict:
    if not finding.ok:
        return Verdict.PROBLEM
    return Verdict.NOTE if finding.is_warning else Verdict.OK
