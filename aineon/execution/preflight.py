"""Preflight: trying a plan without consequences before it is submitted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from aineon.chain.decoding import RawLog
from aineon.chain.fees import next_base_fee_wei
from aineon.chain.reader import BlockRef, ChainReader
from aineon.errors import CallReverted, ChainError, ExecutionError, NodeRefused
from aineon.execution.contract import Deployment, creation_code, decode_revert
from aineon.execution.encoding import builder_payment, encode_execute
from aineon.execution.executor import PreflightResult
from aineon.execution.plan import ExecutionPlan
from aineon.execution.planner import MAX_TRANSACTION_GAS
from aineon.execution.simulation import simulate
from aineon.market import Market
from aineon.primitives import SECONDS_PER_BLOCK, Address, Block, Token, TokenAmount, parse_address
from aineon.primitives.units import BPS, ceil_div

_TRADED = "Traded(address,uint8,uint256,uint256,uint256)"
_PROFIT_WORD = 2
_WORD = 32
# A refund takes up to a fifth off the gas that is told (EIP-3529), but not off what must be
# there while it runs; the rest is for slots that others may turn cold or empty before.
_GAS_MARGIN_BPS = 14_000
# In simulations a contract stands here, and creates what it is called with;
# where that fails it reverts with the same words. Not every node simulates a creation itself.
_MAKER = parse_address("0x" + "a1" * 20)
_MAKER_CODE = bytes.fromhex("363d3d37363d34f015600d57005b3d5f5f3e3d5ffd")
_TOO_LITTLE = "too little profit"


def gas_limit(gas_used: int) -> int:
    """Return the limit for a transaction of which a simulation says that it uses `gas_used`.

    Raises:
        ExecutionError: it would be more than a transaction may use (EIP-7825).
    """
    limit = gas_used * _GAS_MARGIN_BPS // BPS
    if limit > MAX_TRANSACTION_GAS:
        raise ExecutionError(
            f"it uses {gas_used} gas, with a margin {limit}; a transaction may use "
            f"{MAX_TRANSACTION_GAS}"
        )
    return limit


class LocalPreflight:
    """Tries plans by our own arithmetic, on the states of the market."""

    async def check(self, plan: ExecutionPlan, market: Market) -> PreflightResult:
        """Return what `plan` would come to on the states of `market`."""
        run = simulate(plan, market)
        return PreflightResult(run.failure, run.amount_out, run.pools_after)


@dataclass(frozen=True, slots=True)
class _Tried:
    """What a node says of a plan: the treasury's profit and the gas, or why it reverts."""

    failure: str
    profit: int = 0
    gas_used: int = 0


class ChainPreflight:
    """Tries plans by our own arithmetic, and then by a node with the real contracts.

    The node must find the very profit that was predicted, to the unit. It is asked by
    `eth_simulateV1`; where it does not know that, by two `eth_call`: with the predicted profit
    as the least one, which must pass, and with one unit more, which must not.

    Args:
        reader: the chain; nothing is ever sent.
        executor: the executor contract's address, or what one would be deployed with: then it is
            deployed within each simulation, for which neither a key nor money is needed.
        operator: who may send trades; nobody signs here.
        native_token: the chain's wrapped native token; see `builder_payment`.
        state: the state that is built upon; None for the block of the market, and what the node
            simulates is then the block after it, with its number, time and base fee.
    """

    def __init__(
        self,
        reader: ChainReader,
        executor: Address | Deployment,
        operator: Address,
        native_token: Token | None,
        state: BlockRef | None = None,
    ) -> None:
        self._reader = reader
        self._deployment = executor if isinstance(executor, Deployment) else None
        self._executor = _simulated_address() if isinstance(executor, Deployment) else executor
        self._operator = operator
        self._native_token = native_token
        self._state = state

    async def check(self, plan: ExecutionPlan, market: Market) -> PreflightResult:
        """Return what `plan` would come to on the states of `market`, and on the chain."""
        run = simulate(plan, market)
        if run.amount_out is None:
            return PreflightResult(run.failure)
        payment = builder_payment(plan, self._native_token)
        predicted = run.amount_out - plan.flash_loan.amount - plan.flash_loan.fee - payment
        try:
            tried = await self._tried(plan, predicted, market.block)
            failure = tried.failure or _failure(plan, predicted, tried)
        except (ChainError, ExecutionError) as error:
            failure = f"it could not be tried on the chain: {error}"
        if failure:
            return PreflightResult(failure)
        passed = PreflightResult("", run.amount_out, run.pools_after)
        return replace(passed, gas_used=tried.gas_used)

    async def _tried(self, plan: ExecutionPlan, predicted: int, block: Block | None) -> _Tried:
        state, overrides = self._state, {}
        if state is None:
            if block is None:
                raise ExecutionError("the market's block is not known")
            state, overrides = block.number, _next_block(block)
        try:
            return await self._simulated(plan, state, overrides)
        except NodeRefused:
            if self._deployment is not None:
                raise
            return await self._called(plan, predicted, state, overrides)

    async def _simulated(
        self, plan: ExecutionPlan, state: BlockRef, overrides: Mapping[str, int]
    ) -> _Tried:
        transactions: list[Mapping[str, Any]] = []
        states: dict[str, Any] = {}
        if self._deployment is not None:
            code = creation_code(self._deployment)
            transactions.append(self._transaction(code, _MAKER))
            states[_MAKER] = {"nonce": 1, "code": _MAKER_CODE}
        transactions.append(self._transaction(encode_execute(plan, self._native_token)))
        *before, last = await self._reader.simulate(
            transactions, state, state_overrides=states, block_overrides=overrides
        )
        for deployed in before:
            if not deployed.succeeded:
                return _Tried(f"the executor cannot be deployed: {decode_revert(deployed.output)}")
        if not last.succeeded:
            why = decode_revert(last.output) if last.output else last.failure
            return _Tried(f"on the chain it would revert: {why or 'without a reason'}")
        return _Tried("", _profit_in(last.logs, self._executor), last.gas_used)

    async def _called(
        self, plan: ExecutionPlan, predicted: int, state: BlockRef, overrides: Mapping[str, int]
    ) -> _Tried:
        place = hex(state) if isinstance(state, int) else state
        block = {name: hex(value) for name, value in overrides.items()}
        exact, more = (
            _spelled(self._transaction(encode_execute(plan, self._native_token, min_profit=least)))
            for least in (max(predicted, 0), max(predicted, 0) + 1)
        )
        try:
            await self._reader.request("eth_call", exact, place, {}, block)
        except CallReverted as refusal:
            return _Tried(f"on the chain it would revert: {decode_revert(refusal.data)}")
        try:
            await self._reader.request("eth_call", more, place, {}, block)
        except CallReverted as refusal:
            if not decode_revert(refusal.data).startswith(_TOO_LITTLE):
                raise
        else:
            return _Tried(
                "on the chain it would leave more than the predicted "
                f"{TokenAmount(plan.base_token, predicted)}"
            )
        gas = int(await self._reader.request("eth_estimateGas", exact, place), 16)
        return _Tried("", predicted, gas)

    def _transaction(self, data: bytes, to: Address | None = None) -> dict[str, Any]:
        return {
            "from": self._operator,
            "to": to or self._executor,
            "data": data,
            "gas": MAX_TRANSACTION_GAS,
        }


def _failure(plan: ExecutionPlan, predicted: int, tried: _Tried) -> str:
    """Why a plan that passed on the chain is not good enough; empty where it is."""
    token = plan.base_token
    if tried.profit != predicted:
        return (
            f"the chain's simulation leaves {TokenAmount(token, tried.profit)}, "
            f"our own arithmetic {TokenAmount(token, predicted)}"
        )
    gas_limit(tried.gas_used)
    # The plan's least profit is what its estimated gas costs.
    gas_cost = ceil_div(plan.min_profit * tried.gas_used, plan.gas_units)
    if tried.profit < gas_cost:
        return (
            f"the chain's simulation uses {tried.gas_used} gas, worth "
            f"{TokenAmount(token, gas_cost)}, and leaves {TokenAmount(token, tried.profit)}"
        )
    return ""


def _next_block(block: Block) -> dict[str, int]:
    """What is known of the block after `block`, as overrides of a simulation."""
    known = {"number": block.number + 1}
    if block.timestamp is not None:
        known["time"] = block.timestamp + SECONDS_PER_BLOCK
    if block.base_fee_wei is None:
        return known
    fee = block.base_fee_wei
    if block.gas_used is not None and block.gas_limit is not None:
        fee = next_base_fee_wei(fee, block.gas_used, block.gas_limit)
    return known | {"baseFeePerGas": fee}


def _profit_in(logs: Iterable[RawLog], executor: Address) -> int:
    """What the treasury got, by the executor's own event."""
    from eth_utils.crypto import keccak

    name = keccak(text=_TRADED)
    for log in logs:
        if log["address"].lower() == executor and _content(log["topics"][0]) == name:
            words = _content(log["data"])
            return int.from_bytes(words[_WORD * _PROFIT_WORD :][:_WORD], "big")
    raise ExecutionError(f"the simulation at {executor} tells of no trade")


def _content(value: Any) -> bytes:
    return bytes.fromhex(value[2:]) if isinstance(value, str) else bytes(value)


def _spelled(transaction: Mapping[str, Any]) -> dict[str, str]:
    data, gas = transaction["data"], transaction["gas"]
    return {**transaction, "data": f"0x{data.hex()}", "gas": hex(gas)}


def _simulated_address() -> Address:
    """Where the first contract of `_MAKER` stands: Keccak of RLP of its address and nonce 1."""
    from eth_utils.crypto import keccak

    maker = bytes.fromhex(_MAKER[2:])
    # A list of 22 bytes: a string of 20, and a 1.
    digest = keccak(bytes([0xC0 + 22, 0x80 + 20]) + maker + b"\x01")
    return parse_address("0x" + digest[-20:].hex())
