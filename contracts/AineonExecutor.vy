# pragma version 0.4.3
# pragma evm-version cancun
# pragma nonreentrancy on
"""
@title AineonExecutor
@license MIT
@notice Runs one cyclic trade as a whole, or not at all: it takes money, swaps it along a route,
    gives the money back and sends what is left over to the treasury, all in one transaction.
@dev It holds nothing between transactions. Every external function holds one lock, but for the
    callbacks, which answer only to the contract that is being called at that moment.
    The README beside this file says who may do what, and why the money is safe.
"""

from ethereum.ercs import IERC20


interface Pair:
    def getReserves() -> (uint112, uint112, uint32): view
    def swap(
        amount0_out: uint256, amount1_out: uint256, to: address, data: Bytes[1]
    ): nonpayable


interface Pool:
    def swap(
        to: address, zero_for_one: bool, amount: int256, limit: uint160, data: Bytes[1]
    ) -> (int256, int256): nonpayable


# The same two where they pay first. They stand apart, so that other trades need no memory for data
# of that length: it would cost each of them a thousand gas.
interface LendingPair:
    def swap(
        amount0_out: uint256, amount1_out: uint256, to: address, data: Bytes[MOST_DATA]
    ): nonpayable


interface LendingPool:
    def swap(
        to: address, zero_for_one: bool, amount: int256, limit: uint160, data: Bytes[MOST_DATA]
    ) -> (int256, int256): nonpayable


# Some Curve pools return the amount and some nothing: what is returned is not looked at.
interface Curve:
    def exchange(i: int128, j: int128, amount: uint256, min_out: uint256): payable
    def exchange_underlying(i: int128, j: int128, amount: uint256, min_out: uint256): payable


interface CryptoCurve:
    def exchange(i: uint256, j: uint256, amount: uint256, min_out: uint256): payable


struct SingleSwap:
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
    def swap(
        single: SingleSwap, funds: Funds, limit: uint256, deadline: uint256
    ) -> uint256: nonpayable
    def flashLoan(
        recipient: address,
        tokens: DynArray[address, 1],
        amounts: DynArray[uint256, 1],
        data: Bytes[MOST_DATA],
    ): nonpayable


interface Aave:
    def flashLoanSimple(
        receiver: address, asset: address, amount: uint256, data: Bytes[MOST_DATA], referral: uint16
    ): nonpayable


interface WrappedEther:
    def deposit(): payable
    def withdraw(amount: uint256): nonpayable


interface WrappedStakedEther:
    def wrap(amount: uint256) -> uint256: nonpayable
    def unwrap(amount: uint256) -> uint256: nonpayable


# --- what is asked ---------------------------------------------------------------------------

# One swap. `amount_in` is ALL for what the route holds of `token_in`.
# `data` is the fee in millionths for a Uniswap V2 pair, i | j << 8 for a Curve pool, the pool's id
# for Balancer. Steps of one hop follow each other and name the same two tokens.
struct Step:
    kind: uint8
    pool: address
    token_in: address
    token_out: address
    amount_in: uint256
    min_amount_out: uint256
    data: bytes32


# `min_profit` is what the treasury must get at least; `builder_payment`, in wei of ether, comes
# on top of it; `deadline` is the last block in which the trade may run.
struct Trade:
    money: uint8
    base: address
    amount: uint256
    min_profit: uint256
    builder_payment: uint256
    deadline: uint256
    steps: DynArray[Step, MOST_STEPS]


MOST_STEPS: constant(uint256) = 12
# Base, amount, where the steps begin, their number, and seven words a step.
MOST_DATA: constant(uint256) = 32 * (4 + 7 * MOST_STEPS)
MOST_BASES: constant(uint256) = 16
# As an amount. Zero, because bytes that are not cost four times as much to send.
ALL: constant(uint256) = 0
NATIVE: constant(address) = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE

# Where the money comes from.
OWN: constant(uint8) = 0
BALANCER_LOAN: constant(uint8) = 1
AAVE_LOAN: constant(uint8) = 2
FLASH_SWAP: constant(uint8) = 3

# What a step is.
UNISWAP_V2: constant(uint8) = 1
UNISWAP_V3: constant(uint8) = 2
CURVE: constant(uint8) = 3
CRYPTO_CURVE: constant(uint8) = 4
BALANCER: constant(uint8) = 5
WRAP_ETHER: constant(uint8) = 6
UNWRAP_ETHER: constant(uint8) = 7
CURVE_UNDERLYING: constant(uint8) = 8
WRAP_STAKED_ETHER: constant(uint8) = 9
UNWRAP_STAKED_ETHER: constant(uint8) = 10

# Which call is awaited from whom: one of these above the caller's address.
LOAN_OF_BALANCER: constant(uint256) = 1 << 160
LOAN_OF_AAVE: constant(uint256) = 2 << 160
FLASH_OF_PAIR: constant(uint256) = 3 << 160
FLASH_OF_POOL: constant(uint256) = 4 << 160
PAYMENT_TO_POOL: constant(uint256) = 5 << 160
ETHER_FROM: constant(uint256) = 6 << 160

FEE_PRECISION: constant(uint256) = 10**6
BPS: constant(uint256) = 10_000
# A swap of Uniswap V3 goes on until the amount is used up: the last prices are its only limits.
LOWEST_PRICE: constant(uint160) = 4295128740
HIGHEST_PRICE: constant(uint160) = 1461446703485210103287273052203988822378723970341

DELAY: public(constant(uint256)) = 2 * 86400

WETH: public(immutable(address))
VAULT: public(immutable(address))
AAVE: public(immutable(address))
WSTETH: public(immutable(address))
MAX_BUILDER_SHARE_BPS: public(immutable(uint256))

# --- what is kept ----------------------------------------------------------------------------

owner: public(address)
pending_owner: public(address)
guardian: public(address)
operator: public(address)
paused: public(bool)

treasury: public(address)
pending_treasury: public(address)
treasury_change_from: public(uint256)

bases: DynArray[address, MOST_BASES]
base_addition_from: public(HashMap[address, uint256])

# By sender and base token, where the profit of a trade goes: the treasury, for the operator while
# nothing is paused; nobody, for all others and all else. It says nothing that does not stand above,
# but a trade reads one slot instead of four.
home: HashMap[address, HashMap[address, address]]

# Only while a transaction runs. `promised` is the hash of the data that a callback brings back,
# `owed_*` what a V3 pool is to be paid, `payer` who pays it where that is not this contract, `held`
# what there was before a flash swap paid out, `base_held` what there was of the base token before
# the trade.
awaited: transient(uint256)
promised: transient(bytes32)
owed_token: transient(address)
owed_amount: transient(uint256)
payer: transient(address)
held: transient(uint256)
base_held: transient(uint256)

# --- what is told ----------------------------------------------------------------------------

event Traded:
    base: indexed(address)
    money: uint8
    amount: uint256
    profit: uint256
    builder_payment: uint256


event Rescued:
    token: indexed(address)
    amount: uint256


event OwnerProposed:
    owner: indexed(address)


event OwnerChanged:
    owner: indexed(address)


event OperatorChanged:
    operator: indexed(address)


event GuardianChanged:
    guardian: indexed(address)


event TreasuryProposed:
    treasury: indexed(address)
    changes_from: uint256


event TreasuryChangeCancelled:
    treasury: indexed(address)


event TreasuryChanged:
    treasury: indexed(address)


event BaseProposed:
    token: indexed(address)
    added_from: uint256


event BaseAdded:
    token: indexed(address)


event BaseRemoved:
    token: indexed(address)


event Paused:
    by: indexed(address)


event Unpaused:
    by: indexed(address)


@deploy
def __init__(
    owner: address,
    operator: address,
    guardian: address,
    treasury: address,
    weth: address,
    vault: address,
    aave: address,
    wsteth: address,
    max_builder_share_bps: uint256,
    bases: DynArray[address, MOST_BASES],
):
    """
    @param owner Sets the other roles, unpauses, proposes changes of the treasury and of the bases.
    @param operator Sends trades, and nothing else.
    @param guardian Pauses, and nothing else.
    @param treasury Gets all profit and all that is rescued; what it allows is the own money that
        trades may use. It may be a contract.
    @param vault, aave, wsteth The zero address where the chain has none.
    @param max_builder_share_bps Most that a builder may be paid, in 1/10,000 of what a trade makes.
    @param bases The tokens that trades may begin and end with, and profit be counted in.
    """
    assert owner != empty(address), "owner is nobody"
    assert treasury != empty(address), "treasury is nobody"
    assert max_builder_share_bps <= BPS, "builder share"
    WETH = weth
    VAULT = vault
    AAVE = aave
    WSTETH = wsteth
    MAX_BUILDER_SHARE_BPS = max_builder_share_bps
    self.owner = owner
    self.operator = operator
    self.guardian = guardian
    self.treasury = treasury
    log OwnerChanged(owner=owner)
    log OperatorChanged(operator=operator)
    log GuardianChanged(guardian=guardian)
    log TreasuryChanged(treasury=treasury)
    for base: address in bases:
        self._add_base(base)
    self._open()


# --- trading ---------------------------------------------------------------------------------

@external
def execute(trade: Trade):
    """
    @notice Carry a trade out, or revert and leave nothing behind but the gas that it cost.
    """
    base: address = trade.base
    home: address = self.home[msg.sender][base]
    if home == empty(address):
        assert msg.sender == self.operator, "not the operator"
        assert not self.paused, "paused"
        raise "not a base"
    assert block.number <= trade.deadline, "too late"
    # What somebody sent here before is no profit, and no trade can spend it.
    before: uint256 = staticcall IERC20(base).balanceOf(self)
    left: uint256 = 0
    own: uint256 = 0
    if trade.money == OWN:
        own = trade.amount
        to: address = self
        first: Step = trade.steps[0]
        spends_all: bool = first.amount_in == ALL or first.amount_in >= own
        if spends_all and first.kind == UNISWAP_V3:
            # The pool gets it when it asks.
            self.payer = home
        else:
            if spends_all and first.kind == UNISWAP_V2:
                to = first.pool
            self._pull(base, home, to, own)
        left = self._run(trade.steps, 0, base, own, to, base, before)
    else:
        data: Bytes[MOST_DATA] = abi_encode(base, trade.amount, trade.steps)
        self.promised = keccak256(data)
        self.base_held = before
        if trade.money == BALANCER_LOAN:
            self.awaited = LOAN_OF_BALANCER | convert(VAULT, uint256)
            extcall Vault(VAULT).flashLoan(self, [base], [trade.amount], data)
        elif trade.money == AAVE_LOAN:
            self.awaited = LOAN_OF_AAVE | convert(AAVE, uint256)
            extcall Aave(AAVE).flashLoanSimple(self, base, trade.amount, data, 0)
            self._used_up(base, AAVE)
        else:
            # The first step's pool pays first; its callback runs the other steps and pays it.
            assert trade.money == FLASH_SWAP, "unknown money"
            step: Step = trade.steps[0]
            assert step.token_in == base, "broken route"
            to: address = self
            if step.kind == UNISWAP_V3:
                to = self._destination(step, trade.steps[1])
            if to == self:
                self.held = self._balance(step.token_out)
            if step.kind == UNISWAP_V2:
                amount0: uint256 = 0
                amount1: uint256 = 0
                amount0, amount1 = self._pair_amounts(step, trade.amount)
                self.awaited = FLASH_OF_PAIR | convert(step.pool, uint256)
                extcall LendingPair(step.pool).swap(amount0, amount1, self, data)
            else:
                assert step.kind == UNISWAP_V3, "no flash swap"
                falls: bool = convert(step.token_in, uint160) < convert(step.token_out, uint160)
                self.owed_amount = trade.amount
                self.awaited = FLASH_OF_POOL | convert(step.pool, uint256)
                extcall LendingPool(step.pool).swap(
                    to,
                    falls,
                    convert(trade.amount, int256),
                    LOWEST_PRICE if falls else HIGHEST_PRICE,
                    data,
                )
            assert self.awaited == 0, "not called back"
        left = staticcall IERC20(base).balanceOf(self)
    payment: uint256 = trade.builder_payment
    needed: uint256 = before + own + payment
    assert left >= needed, "too little profit"
    profit: uint256 = left - needed
    assert profit >= trade.min_profit, "too little profit"
    # Own money goes home with its profit.
    if own + profit > 0:
        self._transfer(base, home, own + profit)
    if payment > 0:
        assert base == WETH, "builder is paid in ether"
        assert payment * BPS <= (profit + payment) * MAX_BUILDER_SHARE_BPS, "builder share"
        self._unwrap_ether(payment)
        raw_call(block.coinbase, b"", value=payment)
    log Traded(
        base=base, money=trade.money, amount=trade.amount, profit=profit, builder_payment=payment
    )


@internal
def _run(
    steps: DynArray[Step, MOST_STEPS],
    first: uint256,
    token: address,
    amount: uint256,
    at: address,
    base: address,
    before: uint256,
) -> uint256:
    """
    @dev Walk a route that starts with `amount` of `token`, which lies `at` this contract or at the
        first pair, and ends in `base`. A step spends only what the steps before it obtained, and
        each hop spends that to the last unit: nothing else that this contract may hold is touched,
        and nothing of the route is left over. Returns what is held of `base` at the end.
    """
    token_in: address = empty(address)
    token_out: address = token
    available: uint256 = 0
    obtained: uint256 = amount
    to: address = at
    held: uint256 = 0
    for place: uint256 in range(first, len(steps), bound=MOST_STEPS):
        step: Step = steps[place]
        is_paid: bool = False
        if step.token_in != token_in or step.token_out != token_out:
            assert step.token_in == token_out, "broken route"
            assert available == 0, "leftover"
            token_in = token_out
            token_out = step.token_out
            available = obtained
            obtained = 0
            is_paid = to != self
            to = self
            # Asked here as well: where no pair follows, which is often, nothing is copied for it.
            if place + 1 < len(steps) and steps[place + 1].kind == UNISWAP_V2:
                to = self._destination(step, steps[place + 1])
            # All that the trade had of its base token was spent before it obtains some again.
            if token_out == base:
                held = before
            elif to == self:
                held = self._balance(token_out)
        spent: uint256 = step.amount_in
        if spent == ALL:
            spent = available
        assert spent <= available, "more than there is"
        available -= spent
        received: uint256 = self._swap(step, spent, is_paid, to)
        if to == self:
            # What a contract says it paid is not believed.
            now: uint256 = self._balance(token_out)
            assert now > held, "too little out"
            received = now - held
            held = now
        assert received >= step.min_amount_out, "too little out"
        obtained += received
    assert available == 0, "leftover"
    assert token_out == base, "broken route"
    return held


@internal
@view
def _destination(step: Step, following: Step) -> address:
    """
    @dev A swap pays the pair of the step after it, if that spends it all: no detour through this
        contract. What was said to be paid but was not, that pair refuses.
    """
    if following.kind != UNISWAP_V2 or following.amount_in != ALL:
        return self
    if following.token_in != step.token_out:
        return self
    if step.kind != UNISWAP_V2 and step.kind != UNISWAP_V3 and step.kind != BALANCER:
        return self
    return following.pool


@internal
def _swap(step: Step, amount: uint256, is_paid: bool, to: address) -> uint256:
    """
    @dev Returns what the step says that it paid, where it can pay elsewhere than here; else 0.
    """
    if step.kind == UNISWAP_V2:
        if not is_paid:
            self._transfer(step.token_in, step.pool, amount)
        amount0: uint256 = 0
        amount1: uint256 = 0
        amount0, amount1 = self._pair_amounts(step, amount)
        extcall Pair(step.pool).swap(amount0, amount1, to, b"")
        return amount0 + amount1
    if step.kind == UNISWAP_V3:
        self.owed_token = step.token_in
        self.owed_amount = amount
        self.awaited = PAYMENT_TO_POOL | convert(step.pool, uint256)
        falls: bool = convert(step.token_in, uint160) < convert(step.token_out, uint160)
        paid0: int256 = 0
        paid1: int256 = 0
        paid0, paid1 = extcall Pool(step.pool).swap(
            to, falls, convert(amount, int256), LOWEST_PRICE if falls else HIGHEST_PRICE, b""
        )
        assert self.awaited == 0, "not called back"
        return convert(-min(paid0, paid1), uint256)
    if step.kind == BALANCER:
        self._approve(step.token_in, VAULT, amount)
        paid: uint256 = extcall Vault(VAULT).swap(
            SingleSwap(
                pool_id=step.data,
                kind=0,
                token_in=step.token_in,
                token_out=step.token_out,
                amount=amount,
                data=b"",
            ),
            Funds(sender=self, from_internal=False, recipient=to, to_internal=False),
            0,
            max_value(uint256),
        )
        self._used_up(step.token_in, VAULT)
        return paid
    if step.kind == CURVE or step.kind == CRYPTO_CURVE or step.kind == CURVE_UNDERLYING:
        self._exchange(step, amount)
    elif step.kind == WRAP_ETHER:
        assert step.token_in == NATIVE and step.token_out == WETH, "not ether"
        extcall WrappedEther(WETH).deposit(value=amount)
    elif step.kind == UNWRAP_ETHER:
        assert step.token_in == WETH and step.token_out == NATIVE, "not ether"
        self._unwrap_ether(amount)
    elif step.kind == WRAP_STAKED_ETHER:
        self._approve(step.token_in, WSTETH, amount)
        extcall WrappedStakedEther(WSTETH).wrap(amount)
        self._used_up(step.token_in, WSTETH)
    else:
        assert step.kind == UNWRAP_STAKED_ETHER, "unknown step"
        assert step.token_in == WSTETH, "not staked ether"
        extcall WrappedStakedEther(WSTETH).unwrap(amount)
    return 0


@internal
@view
def _pair_amounts(step: Step, amount: uint256) -> (uint256, uint256):
    """
    @dev What a pair pays for `amount`, by its own reserves: (amount0, amount1), one of them 0.
    """
    reserve0: uint112 = 0
    reserve1: uint112 = 0
    at: uint32 = 0
    reserve0, reserve1, at = staticcall Pair(step.pool).getReserves()
    held0: uint256 = convert(reserve0, uint256)
    held1: uint256 = convert(reserve1, uint256)
    kept: uint256 = amount * (FEE_PRECISION - convert(step.data, uint256))
    if convert(step.token_in, uint160) < convert(step.token_out, uint160):
        return 0, kept * held1 // (held0 * FEE_PRECISION + kept)
    return kept * held0 // (held1 * FEE_PRECISION + kept), 0


@internal
def _exchange(step: Step, amount: uint256):
    sent: uint256 = 0
    if step.token_in == NATIVE:
        sent = amount
    else:
        self._approve(step.token_in, step.pool, amount)
    if step.token_out == NATIVE:
        self.awaited = ETHER_FROM | convert(step.pool, uint256)
    i: uint256 = convert(step.data, uint256) & 255
    j: uint256 = (convert(step.data, uint256) >> 8) & 255
    # The least amount is checked by what arrives, whatever the pool.
    if step.kind == CURVE:
        extcall Curve(step.pool).exchange(
            convert(i, int128), convert(j, int128), amount, 0, value=sent
        )
    elif step.kind == CRYPTO_CURVE:
        extcall CryptoCurve(step.pool).exchange(i, j, amount, 0, value=sent)
    else:
        extcall Curve(step.pool).exchange_underlying(
            convert(i, int128), convert(j, int128), amount, 0, value=sent
        )
    self.awaited = 0
    if step.token_in != NATIVE:
        self._used_up(step.token_in, step.pool)


@internal
def _unwrap_ether(amount: uint256):
    self.awaited = ETHER_FROM | convert(WETH, uint256)
    extcall WrappedEther(WETH).withdraw(amount)
    self.awaited = 0


# --- callbacks -------------------------------------------------------------------------------

@external
@payable
@reentrant
def __default__():
    """
    @notice Ether is taken only from the contract that is being asked for it.
    """
    assert self.awaited == ETHER_FROM | convert(msg.sender, uint256), "not awaited"


@external
@reentrant
def receiveFlashLoan(
    tokens: DynArray[address, 1],
    amounts: DynArray[uint256, 1],
    fees: DynArray[uint256, 1],
    data: Bytes[MOST_DATA],
):
    """
    @notice Balancer's Vault has lent, and takes back what it finds afterwards.
    """
    self._answer(LOAN_OF_BALANCER, data)
    base: address = empty(address)
    amount: uint256 = 0
    base, amount = self._carry_out(data, 0, 0)
    self._transfer(base, VAULT, amount + fees[0])


@external
@reentrant
def executeOperation(
    asset: address, amount: uint256, premium: uint256, initiator: address, data: Bytes[MOST_DATA]
) -> bool:
    """
    @notice Aave has lent, and pulls the loan and its premium when this returns.
    """
    self._answer(LOAN_OF_AAVE, data)
    assert initiator == self, "not our loan"
    base: address = empty(address)
    lent: uint256 = 0
    base, lent = self._carry_out(data, 0, 0)
    self._approve(base, AAVE, lent + premium)
    return True


@external
@reentrant
def uniswapV2Call(sender: address, amount0: uint256, amount1: uint256, data: Bytes[MOST_DATA]):
    """
    @notice A pair of Uniswap V2's kind has paid first, and checks afterwards that it was paid.
    """
    self._answer(FLASH_OF_PAIR, data)
    assert sender == self, "not our loan"
    self._finish_flash_swap(data, 0)


@external
@reentrant
def uniswapV3SwapCallback(amount0: int256, amount1: int256, data: Bytes[MOST_DATA]):
    """
    @notice A pool of Uniswap V3's kind has paid, and is paid what the trade offered: no more, and
        no less either, which refuses a swap that ran out of liquidity.
    """
    is_flash: bool = self.awaited == FLASH_OF_POOL | convert(msg.sender, uint256)
    if is_flash:
        self._answer(FLASH_OF_POOL, data)
    else:
        assert self.awaited == PAYMENT_TO_POOL | convert(msg.sender, uint256), "not awaited"
        self.awaited = 0
    owed: uint256 = convert(max(amount0, amount1), uint256)
    assert owed == self.owed_amount, "partial fill"
    if is_flash:
        self._finish_flash_swap(data, convert(-min(amount0, amount1), uint256))
        return
    payer: address = self.payer
    if payer == empty(address):
        self._transfer(self.owed_token, msg.sender, owed)
    else:
        self.payer = empty(address)
        self._pull(self.owed_token, payer, msg.sender, owed)


@internal
def _finish_flash_swap(data: Bytes[MOST_DATA], paid: uint256):
    base: address = empty(address)
    amount: uint256 = 0
    base, amount = self._carry_out(data, 1, paid)
    self._transfer(base, msg.sender, amount)


@internal
def _carry_out(data: Bytes[MOST_DATA], first: uint256, paid: uint256) -> (address, uint256):
    """
    @dev Run the steps of a trade from `first` on: all of them, or those after a flash swap that
        `paid` the pair of the next step, or what this contract finds that it was paid.
    """
    base: address = empty(address)
    amount: uint256 = 0
    steps: DynArray[Step, MOST_STEPS] = []
    base, amount, steps = abi_decode(data, (address, uint256, DynArray[Step, MOST_STEPS]))
    token: address = base
    received: uint256 = amount
    at: address = self
    if first == 1:
        token = steps[0].token_out
        received = paid
        if steps[0].kind == UNISWAP_V3:
            at = self._destination(steps[0], steps[1])
        if at == self:
            received = self._balance(token) - self.held
        assert received >= steps[0].min_amount_out, "too little out"
    self._run(steps, first, token, received, at, base, self.base_held)
    return base, amount


@internal
def _answer(call: uint256, data: Bytes[MOST_DATA]):
    """
    @dev Let a callback in once: from the contract that was called, with the data it was given.
    """
    assert self.awaited == call | convert(msg.sender, uint256), "not awaited"
    assert self.promised == keccak256(data), "other data"
    self.awaited = 0


# --- tokens ----------------------------------------------------------------------------------

@internal
@view
def _balance(token: address) -> uint256:
    if token == NATIVE:
        return self.balance
    return staticcall IERC20(token).balanceOf(self)


@internal
def _transfer(token: address, to: address, amount: uint256):
    """
    @dev A token that returns nothing is taken at its word; one that returns False is refused.
    """
    assert extcall IERC20(token).transfer(to, amount, default_return_value=True), "transfer refused"


@internal
def _pull(token: address, owner: address, to: address, amount: uint256):
    assert extcall IERC20(token).transferFrom(
        owner, to, amount, default_return_value=True
    ), "transfer refused"


@internal
def _approve(token: address, spender: address, amount: uint256):
    assert extcall IERC20(token).approve(
        spender, amount, default_return_value=True
    ), "approval refused"


@internal
@view
def _used_up(token: address, spender: address):
    assert staticcall IERC20(token).allowance(self, spender) == 0, "allowance left"


# --- roles -----------------------------------------------------------------------------------

@external
def pause():
    """
    @notice No trade runs until the owner unpauses.
    """
    assert msg.sender == self.guardian or msg.sender == self.owner, "not the guardian"
    self.paused = True
    self._close()
    log Paused(by=msg.sender)


@external
def unpause():
    self._only_owner()
    self.paused = False
    self._open()
    log Unpaused(by=msg.sender)


@external
def set_operator(operator: address):
    """
    @notice At once, and without unpausing: a stolen operator key is replaced without delay.
    """
    self._only_owner()
    self._close()
    self.operator = operator
    self._open()
    log OperatorChanged(operator=operator)


@external
def set_guardian(guardian: address):
    self._only_owner()
    self.guardian = guardian
    log GuardianChanged(guardian=guardian)


@external
def propose_owner(owner: address):
    """
    @notice The new owner accepts; the zero address takes a proposal back.
    """
    self._only_owner()
    self.pending_owner = owner
    log OwnerProposed(owner=owner)


@external
def accept_ownership():
    assert msg.sender == self.pending_owner, "not the next owner"
    self.owner = msg.sender
    self.pending_owner = empty(address)
    log OwnerChanged(owner=msg.sender)


@external
def propose_treasury(treasury: address):
    """
    @notice Two days later it can be changed; a second proposal replaces the first, and waits anew.
    """
    self._only_owner()
    assert treasury != empty(address), "treasury is nobody"
    self.pending_treasury = treasury
    self.treasury_change_from = block.timestamp + DELAY
    log TreasuryProposed(treasury=treasury, changes_from=block.timestamp + DELAY)


@external
def cancel_treasury():
    self._only_owner()
    log TreasuryChangeCancelled(treasury=self.pending_treasury)
    self.pending_treasury = empty(address)


@external
def change_treasury():
    self._only_owner()
    treasury: address = self.pending_treasury
    assert treasury != empty(address), "nothing proposed"
    assert block.timestamp >= self.treasury_change_from, "too early"
    self.treasury = treasury
    self.pending_treasury = empty(address)
    self._open()
    log TreasuryChanged(treasury=treasury)


@external
def propose_base(token: address):
    """
    @notice Two days later it can be added.
    """
    self._only_owner()
    self.base_addition_from[token] = block.timestamp + DELAY
    log BaseProposed(token=token, added_from=block.timestamp + DELAY)


@external
def add_base(token: address):
    self._only_owner()
    added_from: uint256 = self.base_addition_from[token]
    assert added_from != 0, "nothing proposed"
    assert block.timestamp >= added_from, "too early"
    self.base_addition_from[token] = 0
    self._add_base(token)
    self._open()


@external
def remove_base(token: address):
    """
    @notice At once; it also takes a proposal back.
    """
    self._only_owner()
    self.base_addition_from[token] = 0
    self._close()
    kept: DynArray[address, MOST_BASES] = []
    for base: address in self.bases:
        if base != token:
            kept.append(base)
    self.bases = kept
    self._open()
    log BaseRemoved(token=token)


@internal
def _add_base(token: address):
    assert token not in self.bases, "a base already"
    self.bases.append(token)
    log BaseAdded(token=token)


@internal
def _close():
    """
    @dev Nobody trades, until `_open`.
    """
    for base: address in self.bases:
        self.home[self.operator][base] = empty(address)


@internal
def _open():
    """
    @dev The operator trades with what are bases now, for the treasury of now, unless paused.
    """
    if not self.paused:
        for base: address in self.bases:
            self.home[self.operator][base] = self.treasury


@external
@view
def is_base(token: address) -> bool:
    return token in self.bases


@external
def rescue(token: address):
    """
    @notice Send to the treasury what was sent here by mistake; ether is 0xEeee….
    """
    self._only_owner()
    amount: uint256 = self._balance(token)
    if token == NATIVE:
        raw_call(self.treasury, b"", value=amount)
    else:
        self._transfer(token, self.treasury, amount)
    log Rescued(token=token, amount=amount)


@internal
@view
def _only_owner():
    assert msg.sender == self.owner, "not the owner"
