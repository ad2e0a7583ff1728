"""What `aineon doctor --live` asks the chain: contract, roles, money for gas, nodes and clock."""

from __future__ import annotations

from aineon.errors import AineonError
from aineon.execution.live.readiness import readiness
from aineon.runtime.carrying import expectations_of, signer_of
from aineon.runtime.chain_link import connect
from aineon.runtime.doctor import Check, Verdict
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
        expected = expectations_of(settings, link, signer_of(settings).address)
        found = await readiness(link.reader, expected, nodes=link.reader)
    except AineonError as error:
        return (Check("contract", Verdict.PROBLEM, str(error)),)
    finally:
        await link.aclose()
    return tuple(
        Check(each.name, Verdict.OK if each.ok else Verdict.PROBLEM, each.words) for each in found
    )
