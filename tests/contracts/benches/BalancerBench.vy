# pragma version ~=0.4.3
"""
@title A new Balancer V2 pool and many swaps of it in one call
@notice A swap that is refused leaves no trace, and its reason is returned.
"""

MOST_TOKENS: constant(uint256) = 9

interface Token:
    def configure(decimals: uint8, rate: uint256): nonpayable
    def set_balance(owner: address, amount: uint256): nonpayable


interface Pool:
    def getPoolId() -> bytes32: view


struct Join:
    assets: DynArray[address, MOST_TOKENS]
    most: DynArray[uint256, MOST_TOKENS]
    data: Bytes[1024]
    internal_balance: bool


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
    def getPoolTokens(
        pool_id: bytes32
    ) -> (DynArray[address, MOST_TOKENS], DynArray[uint256, MOST_TOKENS], uint256): view
    def joinPool(pool_id: bytes32, sender: address, to: address, join: Join): nonpayable
    def swap(single: Single, funds: Funds, limit: uint256, deadline: uint256) -> uint256: nonpayable


struct TokenState:
    token: address
    decimals: uint256
    rate: uint256


# What a step does: kind 0 swaps, kind 1 swaps and undoes it.
struct Step:
    kind: uint256
    given_out: uint256
    index_in: uint256
    index_out: uint256
    amount: uint256


struct Answer:
    amount: uint256
    balances: uint256[MOST_TOKENS]


struct Result:
    done: bool
    reason: bytes32
    answer: Answer


# Some refusals burn all the gas that they are given.
GAS_A_STEP: constant(uint256) = 16777216
VAULT: immutable(address)


@deploy
def __init__(vault: address):
    VAULT = vault


@external
def run(
    factory: address,
    creation: Bytes[4096],
    tokens: DynArray[TokenState, MOST_TOKENS],
    amounts: DynArray[uint256, MOST_TOKENS],
    steps: DynArray[Step, 256],
) -> DynArray[Result, 256]:
    for state: TokenState in tokens:
        extcall Token(state.token).configure(convert(state.decimals, uint8), state.rate)
        extcall Token(state.token).set_balance(self, 1 << 160)
    created: Bytes[32] = raw_call(factory, creation, max_outsize=32)
    pool: address = abi_decode(created, address)
    pool_id: bytes32 = staticcall Pool(pool).getPoolId()
    held: DynArray[address, MOST_TOKENS] = []
    balances: DynArray[uint256, MOST_TOKENS] = []
    changed: uint256 = 0
    held, balances, changed = staticcall Vault(VAULT).getPoolTokens(pool_id)
    most: DynArray[uint256, MOST_TOKENS] = []
    initial: DynArray[uint256, MOST_TOKENS] = []
    # Steps and answers count the pool's own token, where it holds it, as the last one.
    ordered: DynArray[address, MOST_TOKENS] = []
    own: uint256 = MOST_TOKENS
    for token: address in held:
        most.append(max_value(uint256))
        if token == pool:
            own = len(ordered)
            initial.append(0)
        else:
            initial.append(amounts[len(ordered)])
            ordered.append(token)
    if own < MOST_TOKENS:
        ordered.append(pool)
    # Kind 0 of a join gives a pool its first balances.
    first: uint256 = 0
    extcall Vault(VAULT).joinPool(
        pool_id,
        self,
        self,
        Join(assets=held, most=most, data=abi_encode(first, initial), internal_balance=False),
    )
    results: DynArray[Result, 256] = []
    for step: Step in steps:
        done: bool = False
        answer: Bytes[320] = b""
        done, answer = raw_call(
            self,
            abi_encode(
                pool_id,
                ordered[step.index_in],
                ordered[step.index_out],
                own,
                step,
                method_id=method_id(
                    "attempt(bytes32,address,address,uint256,(uint256,uint256,uint256,uint256,uint256))"
                ),
            ),
            max_outsize=320,
            gas=GAS_A_STEP,
            revert_on_failure=False,
        )
        # A swap that is undone ends in a revert that carries the answer; a refusal is shorter.
        if len(answer) == 320:
            results.append(
                Result(done=True, reason=empty(bytes32), answer=abi_decode(answer, Answer))
            )
        elif len(answer) >= 100:
            results.append(
                Result(done=False, reason=extract32(answer, 68), answer=empty(Answer))
            )
        else:
            results.append(Result(done=False, reason=empty(bytes32), answer=empty(Answer)))
    return results


@external
def attempt(
    pool_id: bytes32, token_in: address, token_out: address, own: uint256, step: Step
) -> Answer:
    answer: Answer = empty(Answer)
    limit: uint256 = 0
    if step.given_out == 1:
        limit = max_value(uint256)
    answer.amount = extcall Vault(VAULT).swap(
        Single(
            pool_id=pool_id,
            kind=convert(step.given_out, uint8),
            token_in=token_in,
            token_out=token_out,
            amount=step.amount,
            data=b"",
        ),
        Funds(sender=self, from_internal=False, recipient=self, to_internal=False),
        limit,
        max_value(uint256),
    )
    held: DynArray[address, MOST_TOKENS] = []
    balances: DynArray[uint256, MOST_TOKENS] = []
    changed: uint256 = 0
    held, balances, changed = staticcall Vault(VAULT).getPoolTokens(pool_id)
    place: uint256 = 0
    for index: uint256 in range(len(balances), bound=MOST_TOKENS):
        if index != own:
            answer.balances[place] = balances[index]
            place += 1
    if own < MOST_TOKENS:
        answer.balances[place] = balances[own]
    if step.kind == 1:
        raw_revert(abi_encode(answer))
    return answer
