# pragma version ~=0.4.3
"""
@title A new Uniswap V3 pool and many steps with it in one call
@notice A step that the pool refuses leaves no trace, and its reason is returned.
"""

interface Token:
    def mint(owner: address, amount: uint256): nonpayable


interface Factory:
    def createPool(token_a: address, token_b: address, fee: uint24) -> address: nonpayable
    def enableFeeAmount(fee: uint24, spacing: int24): nonpayable
    def feeAmountTickSpacing(fee: uint24) -> int24: view


interface Pool:
    def initialize(price: uint160): nonpayable
    def setFeeProtocol(of0: uint8, of1: uint8): nonpayable
    def mint(
        owner: address, lower: int24, upper: int24, amount: uint128, data: Bytes[1]
    ) -> (uint256, uint256): nonpayable
    def burn(lower: int24, upper: int24, amount: uint128) -> (uint256, uint256): nonpayable
    def swap(
        to: address, falling: bool, amount: int256, limit: uint160, data: Bytes[1]
    ) -> (int256, int256): nonpayable
    def slot0() -> (uint160, int24, uint256, uint256, uint256, uint256, bool): view
    def liquidity() -> uint128: view
    def ticks(tick: int24) -> (uint128, int128): view


# What a step does.
MINT: constant(int256) = 0  # liquidity c between the ticks a and b
BURN: constant(int256) = 1
SWAP: constant(int256) = 2  # amount b (negative: out) up to the price c; a = 1: the price falls
QUOTE: constant(int256) = 3  # the same, and undo it
TICK: constant(int256) = 4  # read the tick a

struct Step:
    kind: int256
    a: int256
    b: int256
    c: int256


struct State:
    amount0: int256
    amount1: int256
    price: uint256
    tick: int256
    liquidity: uint256


struct Result:
    done: bool
    reason: bytes32
    state: State


# Some refusals burn all the gas that they are given.
GAS_A_STEP: constant(uint256) = 1073741824
FACTORY: immutable(address)
TOKEN0: immutable(address)
TOKEN1: immutable(address)


@deploy
def __init__(factory: address, token0: address, token1: address):
    FACTORY = factory
    TOKEN0 = token0
    TOKEN1 = token1


@external
def run(
    fee: uint24, spacing: int24, price: uint160, protocol_fee: uint8, steps: DynArray[Step, 512]
) -> DynArray[Result, 512]:
    if staticcall Factory(FACTORY).feeAmountTickSpacing(fee) == 0:
        extcall Factory(FACTORY).enableFeeAmount(fee, spacing)
    pool: address = extcall Factory(FACTORY).createPool(TOKEN0, TOKEN1, fee)
    extcall Pool(pool).initialize(price)
    extcall Pool(pool).setFeeProtocol(protocol_fee, protocol_fee)
    results: DynArray[Result, 512] = []
    for step: Step in steps:
        done: bool = False
        answer: Bytes[160] = b""
        done, answer = raw_call(
            self,
            abi_encode(
                pool, step, method_id=method_id("attempt(address,(int256,int256,int256,int256))")
            ),
            max_outsize=160,
            gas=GAS_A_STEP,
            revert_on_failure=False,
        )
        # A quote ends in a revert that carries the state; a refusal is shorter.
        if len(answer) == 160:
            results.append(
                Result(done=True, reason=empty(bytes32), state=abi_decode(answer, State))
            )
        elif len(answer) >= 100:
            results.append(Result(done=done, reason=extract32(answer, 68), state=empty(State)))
        else:
            results.append(Result(done=done, reason=empty(bytes32), state=empty(State)))
    return results


@external
def attempt(pool: address, step: Step) -> State:
    state: State = empty(State)
    moved0: uint256 = 0
    moved1: uint256 = 0
    if step.kind == MINT:
        moved0, moved1 = extcall Pool(pool).mint(
            self, convert(step.a, int24), convert(step.b, int24), convert(step.c, uint128), b""
        )
    elif step.kind == BURN:
        moved0, moved1 = extcall Pool(pool).burn(
            convert(step.a, int24), convert(step.b, int24), convert(step.c, uint128)
        )
    elif step.kind == TICK:
        gross: uint128 = 0
        net: int128 = 0
        gross, net = staticcall Pool(pool).ticks(convert(step.a, int24))
        state.amount0 = convert(gross, int256)
        state.amount1 = convert(net, int256)
        return state
    else:
        state.amount0, state.amount1 = extcall Pool(pool).swap(
            self, step.a == 1, step.b, convert(step.c, uint160), b""
        )
    if step.kind < SWAP:
        state.amount0 = convert(moved0, int256)
        state.amount1 = convert(moved1, int256)
    price: uint160 = 0
    tick: int24 = 0
    a: uint256 = 0
    b: uint256 = 0
    c: uint256 = 0
    d: uint256 = 0
    unlocked: bool = False
    price, tick, a, b, c, d, unlocked = staticcall Pool(pool).slot0()
    state.price = convert(price, uint256)
    state.tick = convert(tick, int256)
    state.liquidity = convert(staticcall Pool(pool).liquidity(), uint256)
    if step.kind == QUOTE:
        raw_revert(abi_encode(state))
    return state


@external
def uniswapV3MintCallback(amount0: uint256, amount1: uint256, data: Bytes[1]):
    if amount0 > 0:
        extcall Token(TOKEN0).mint(msg.sender, amount0)
    if amount1 > 0:
        extcall Token(TOKEN1).mint(msg.sender, amount1)


@external
def uniswapV3SwapCallback(amount0: int256, amount1: int256, data: Bytes[1]):
    if amount0 > 0:
        extcall Token(TOKEN0).mint(msg.sender, convert(amount0, uint256))
    if amount1 > 0:
        extcall Token(TOKEN1).mint(msg.sender, convert(amount1, uint256))
