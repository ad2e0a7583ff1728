# pragma version ~=0.4.3
"""
@title Swaps and nothing else
@notice What gas is compared with: it holds its money and endless allowances, is told every amount,
    checks nothing, and anybody may call it.
"""

from ethereum.ercs import IERC20


interface Pair:
    def swap(amount0_out: uint256, amount1_out: uint256, to: address, data: Bytes[32]): nonpayable


interface Pool:
    def swap(
        to: address, zero_for_one: bool, amount: int256, limit: uint160, data: Bytes[32]
    ) -> (int256, int256): nonpayable


struct Single:
    pool_id: bytes32
    kind: uint8
    token_in: address
    token_out: address
    amount: uint256
    data: Bytes[32]


struct Funds:
    sender: address
    from_internal: bool
    recipient: address
    to_internal: bool


interface Vault:
    def swap(single: Single, funds: Funds, limit: uint256, deadline: uint256) -> uint256: nonpayable
    def flashLoan(
        to: address,
        tokens: DynArray[address, 1],
        amounts: DynArray[uint256, 1],
        data: Bytes[MOST_DATA],
    ): nonpayable


interface Aave:
    def flashLoanSimple(
        to: address, asset: address, amount: uint256, data: Bytes[MOST_DATA], referral: uint16
    ): nonpayable


struct Step:
    kind: uint8
    pool: address
    token_in: address
    token_out: address
    amount_in: uint256
    amount_out: uint256
    data: bytes32


MOST_DATA: constant(uint256) = 32 * (2 + 7 * 4)
VAULT: immutable(address)
AAVE: immutable(address)


@deploy
def __init__(vault: address, aave: address, tokens: DynArray[address, 4]):
    VAULT = vault
    AAVE = aave
    for token: address in tokens:
        extcall IERC20(token).approve(vault, max_value(uint256))
        extcall IERC20(token).approve(aave, max_value(uint256))


@external
def run(steps: DynArray[Step, 4]):
    self._run(steps)


@external
def run_with_own(
    lender: address, token: address, amount: uint256, back: uint256, steps: DynArray[Step, 4]
):
    extcall IERC20(token).transferFrom(lender, self, amount)
    self._run(steps)
    extcall IERC20(token).transfer(lender, back)


@external
def run_with_balancer(token: address, amount: uint256, steps: DynArray[Step, 4]):
    extcall Vault(VAULT).flashLoan(self, [token], [amount], abi_encode(steps))


@external
def run_with_aave(token: address, amount: uint256, steps: DynArray[Step, 4]):
    extcall Aave(AAVE).flashLoanSimple(self, token, amount, abi_encode(steps), 0)


@internal
def _run(steps: DynArray[Step, 4]):
    for step: Step in steps:
        falling: bool = convert(step.token_in, uint160) < convert(step.token_out, uint160)
        if step.kind == 1:
            extcall IERC20(step.token_in).transfer(step.pool, step.amount_in)
            if falling:
                extcall Pair(step.pool).swap(0, step.amount_out, self, b"")
            else:
                extcall Pair(step.pool).swap(step.amount_out, 0, self, b"")
        elif step.kind == 2:
            limit: uint160 = 1461446703485210103287273052203988822378723970341
            if falling:
                limit = 4295128740
            extcall Pool(step.pool).swap(
                self, falling, convert(step.amount_in, int256), limit, abi_encode(step.token_in)
            )
        else:
            extcall Vault(VAULT).swap(
                Single(
                    pool_id=step.data,
                    kind=0,
                    token_in=step.token_in,
                    token_out=step.token_out,
                    amount=step.amount_in,
                    data=b"",
                ),
                Funds(sender=self, from_internal=False, recipient=self, to_internal=False),
                0,
                max_value(uint256),
            )


@external
def uniswapV3SwapCallback(amount0: int256, amount1: int256, data: Bytes[32]):
    extcall IERC20(abi_decode(data, address)).transfer(
        msg.sender, convert(max(amount0, amount1), uint256)
    )


@external
def receiveFlashLoan(
    tokens: DynArray[address, 1],
    amounts: DynArray[uint256, 1],
    fees: DynArray[uint256, 1],
    data: Bytes[MOST_DATA],
):
    self._run(abi_decode(data, DynArray[Step, 4]))
    extcall IERC20(tokens[0]).transfer(VAULT, amounts[0] + fees[0])


@external
def executeOperation(
    asset: address, amount: uint256, premium: uint256, initiator: address, data: Bytes[MOST_DATA]
) -> bool:
    self._run(abi_decode(data, DynArray[Step, 4]))
    return True
