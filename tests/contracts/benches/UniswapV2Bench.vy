# pragma version ~=0.4.3
"""
@title Many swaps of one Uniswap V2 pair in one call
@notice A step that the pair refuses leaves no trace, and its reason is returned.
"""

interface Token:
    def set_balance(owner: address, amount: uint256): nonpayable
    def mint(owner: address, amount: uint256): nonpayable


interface Pair:
    def sync(): nonpayable
    def swap(amount0_out: uint256, amount1_out: uint256, to: address, data: Bytes[1]): nonpayable
    def getReserves() -> (uint256, uint256, uint256): view


interface Router:
    def getAmountOut(amount_in: uint256, reserve_in: uint256, reserve_out: uint256) -> uint256: pure
    def getAmountIn(amount_out: uint256, reserve_in: uint256, reserve_out: uint256) -> uint256: pure


# What a step does.
PLACE: constant(uint256) = 0  # give the pair these reserves (a, b)
SWAP: constant(uint256) = 1  # pay a of token0 and b of token1 in, take c and d out
AMOUNT_OUT: constant(uint256) = 2  # ask the router what a buys at the reserves b, c
AMOUNT_IN: constant(uint256) = 3  # ask the router what buys a at the reserves b, c

struct Step:
    kind: uint256
    a: uint256
    b: uint256
    c: uint256
    d: uint256


struct Result:
    done: bool
    reason: bytes32
    a: uint256
    b: uint256


# Some refusals burn all the gas that they are given.
GAS_A_STEP: constant(uint256) = 16777216
PAIR: immutable(address)
ROUTER: immutable(address)
TOKEN0: immutable(address)
TOKEN1: immutable(address)


@deploy
def __init__(pair: address, router: address, token0: address, token1: address):
    PAIR = pair
    ROUTER = router
    TOKEN0 = token0
    TOKEN1 = token1


@external
def run(steps: DynArray[Step, 512]) -> DynArray[Result, 512]:
    results: DynArray[Result, 512] = []
    for step: Step in steps:
        done: bool = False
        answer: Bytes[128] = b""
        done, answer = raw_call(
            self,
            abi_encode(step, method_id=method_id("attempt((uint256,uint256,uint256,uint256,uint256))")),
            max_outsize=128,
            gas=GAS_A_STEP,
            revert_on_failure=False,
        )
        if done:
            a: uint256 = 0
            b: uint256 = 0
            a, b = abi_decode(answer, (uint256, uint256))
            results.append(Result(done=True, reason=empty(bytes32), a=a, b=b))
        elif len(answer) >= 100:
            results.append(Result(done=False, reason=extract32(answer, 68), a=0, b=0))
        else:
            results.append(Result(done=False, reason=empty(bytes32), a=0, b=0))
    return results


@external
def attempt(step: Step) -> (uint256, uint256):
    if step.kind == AMOUNT_OUT:
        return staticcall Router(ROUTER).getAmountOut(step.a, step.b, step.c), 0
    if step.kind == AMOUNT_IN:
        return staticcall Router(ROUTER).getAmountIn(step.a, step.b, step.c), 0
    if step.kind == PLACE:
        extcall Token(TOKEN0).set_balance(PAIR, step.a)
        extcall Token(TOKEN1).set_balance(PAIR, step.b)
        extcall Pair(PAIR).sync()
    else:
        if step.a > 0:
            extcall Token(TOKEN0).mint(PAIR, step.a)
        if step.b > 0:
            extcall Token(TOKEN1).mint(PAIR, step.b)
        extcall Pair(PAIR).swap(step.c, step.d, self, b"")
    reserve0: uint256 = 0
    reserve1: uint256 = 0
    moment: uint256 = 0
    reserve0, reserve1, moment = staticcall Pair(PAIR).getReserves()
    return reserve0, reserve1
