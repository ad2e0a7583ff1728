"""Every error AINEON raises on purpose.

All derive from `AineonError`, so a script can catch the library's own refusals with one
clause. A message is one sentence that names the thing, the value it had, and what is allowed.
"""

from __future__ import annotations

from aineon import base_error

AineonError = base_error.AineonError
InvalidValue = base_error.InvalidValue
UnsafeFile = base_error.UnsafeFile

# --- pools ---------------------------------------------------------------------------------


class PoolError(AineonError):
    """Base of errors raised while building or quoting a pool."""


class InvalidPoolState(PoolError):
    """The integers given for a pool cannot be the state of such a contract."""


class UnknownToken(PoolError):
    """A token was named that the pool (or the market) does not hold."""


class SameToken(PoolError):
    """A quote was asked from a token into itself."""


class InvalidAmount(PoolError):
    """An amount is zero, negative, not an int, or beyond what the contract's type can hold."""


class InsufficientLiquidity(PoolError):
    """The pool holds less than what was asked for."""


class UnsupportedToken(PoolError):
    """A token moves other amounts than it is asked to, in a way the pool cannot follow exactly."""


class IncompleteState(PoolError):
    """The state given does not tell what was asked; the message names what is missing."""


class PoolPaused(PoolError):
    """The pool is paused (or killed): its contract refuses every swap."""


class InvalidPriceLimit(PoolError):
    """A price limit lies on the wrong side of the current price (the contract's `SPL`)."""


# --- market --------------------------------------------------------------------------------


class MarketError(AineonError):
    """Base of errors raised by the market of pools."""


class UnknownPool(MarketError):
    """An address was named that the market does not hold."""


class DuplicatePool(MarketError):
    """Two pools with one address."""


class SharedBasePool(MarketError):
    """A pool swaps through a base pool that another pool of the market swaps in, or reads."""


class BlockOutOfOrder(MarketError):
    """An update does not follow the market's current block."""


class ReorgTooDeep(MarketError):
    """A rewind was asked to a block older than the market remembers."""


# --- chain ---------------------------------------------------------------------------------


class InvalidHeader(AineonError):
    """Figures that cannot be those of a block's header."""


class InvalidLog(AineonError):
    """A log that was removed by a reorg, or whose fields are not those of its event."""


class ChainError(AineonError):
    """A chain cannot be read; what follows are its kinds."""


class NodeUnavailable(ChainError):
    """A node does not answer, or what it answers is no answer."""


class RateLimited(ChainError):
    """A node wants to be asked less often.

    Attributes:
        retry_after_s: how long it wants to be left alone; None where it does not say.
    """

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RangeTooWide(ChainError):
    """A node refuses a range of blocks, or so many logs at once.

    Attributes:
        blocks: how many blocks it would take; None where it does not say.
    """

    def __init__(self, message: str, blocks: int | None = None) -> None:
        super().__init__(message)
        self.blocks = blocks


class WrongChain(ChainError):
    """A node reads another chain: its chain id or its genesis block differs."""


class UnknownBlock(ChainError):
    """A node does not know the block asked for: it is behind, or the block is gone."""


class NodeRefused(ChainError):
    """A node answered with a JSON-RPC error.

    Attributes:
        code: the error's number.
        reason: its text.
        data: what came along with it, as the node spelled it.
    """

    def __init__(self, message: str, code: int, reason: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.data = data


class CallReverted(ChainError):
    """A contract refused a call.

    Attributes:
        data: what it returned with the refusal; empty where it, or the node, said nothing.
    """

    def __init__(self, message: str, data: bytes = b"") -> None:
        super().__init__(message)
        self.data = data


class AllNodesDown(ChainError):
    """No node can be asked now; the message says of each why not."""


# --- search --------------------------------------------------------------------------------


class InvalidRoute(AineonError):
    """Hops that do not join, use one pool twice, or do not end where they began."""


class InvalidSearch(AineonError):
    """A search was asked with a limit, a number of hops or base tokens that make no sense."""


# --- money ---------------------------------------------------------------------------------


class MixedBooks(AineonError):
    """An entry or a database of one book (simulation, rehearsal, live) met those of another."""


# --- optimizer -----------------------------------------------------------------------------


class OptimizerError(AineonError):
    """A table of past opportunities, or what was asked of it, is malformed."""


class ModelRefused(OptimizerError):
    """A model file is missing, damaged, of another version, or was made for other features."""


class ChampionChanged(OptimizerError):
    """Another model became the champion than the one that a challenger competed with."""


# --- feeds, execution, ledger, engine ------------------------------------------------------


class FeedError(AineonError):
    """A feed cannot deliver what it promises."""


class InvalidRecording(FeedError):
    """A recording is missing, truncated, of an unknown format, or contradicts itself."""


class ExecutionError(AineonError):
    """A plan cannot be built or carried out."""


class LedgerError(AineonError):
    """The ledger cannot be read or written; nothing of the refused entry was kept."""


class LedgerNotFound(LedgerError):
    """There is no such database yet; a writer has not created it."""


class RequestClosed(LedgerError):
    """A request of the console has its answer already, or is not there."""


class SettingMoved(LedgerError):
    """A setting was changed by somebody else since it was looked at."""


class CommandClosed(LedgerError):
    """A command has its answer already, or is not there."""


class CommandAltered(LedgerError):
    """A command was sent again with the same token and another content."""


class AuditUnwritable(LedgerError):
    """A decision could not be kept in the audit; what it is about must not be done."""


class BackupError(LedgerError):
    """A backup cannot be made, is not what was made, or may not be put back like this."""


class EngineError(AineonError):
    """The engine cannot start or go on."""


class StartError(AineonError):
    """A process cannot be started: its port or folder is taken, or a part of it is missing."""


class ConfigurationError(AineonError):
    """A setting has a value that is not allowed; the message names variable, value and range."""


class SettingRefused(ConfigurationError):
    """A change of settings is not allowed; the message has a line for each problem."""


# --- safety and sending --------------------------------------------------------------------


class SafetyError(AineonError):
    """The emergency stop could not be kept, or may not be cleared like this."""


class StopLatched(AineonError):
    """The emergency stop is set: nothing is signed and nothing leaves."""


class IllegalBreakerMove(SafetyError):
    """The breaker was to enter a state that cannot follow the one it is in."""


class BreakerMoved(SafetyError):
    """The breaker was moved by somebody else meanwhile."""


class SendingError(AineonError):
    """Something cannot be signed or sent."""


class InvalidIntent(SendingError):
    """An intent contradicts itself, or another one of the same name."""


class InvalidKey(SendingError):
    """A text is no private key, or a key that may not be used; it is never in the message."""


class KeyNotHere(SendingError):
    """Nothing is signed for an account whose key is not here any more."""


class KeystoreError(SendingError):
    """A keystore file cannot be used; the message names the file, and never what is in it."""


class KeystoreUnreadable(KeystoreError):
    """The file is not there, cannot be read, or can be read by others."""


class NotAKeystore(KeystoreError):
    """What the file holds is no V3 keystore, or one that asks for too much memory or time."""


class WrongPassword(KeystoreError):
    """The password does not open the keystore, or the keystore was changed: both look the same."""


class KeystoreExists(KeystoreError):
    """A keystore is there already; none is ever overwritten."""


class LeaseHeld(SendingError):
    """Another engine may sign for this sender now."""


class LeaseLost(SendingError):
    """Another engine has taken over; this one may not sign or book any more."""


class NonceFenced(SendingError):
    """The chain knows a nonce of our key that the outbox does not explain."""


class NonceWaiting(SendingError):
    """An earlier transaction holds the nonce, and may not be displaced by this one."""


class Underpriced(SendingError):
    """A replacement does not pay enough more than what it replaces."""


class IllegalTransition(SendingError):
    """A transaction was to enter a state that cannot follow the one it is in."""


# --- access --------------------------------------------------------------------------------


class SealError(AineonError):
    """A secret cannot be sealed or opened; the message shows neither the secret nor a key."""


class InvalidSealKey(SealError):
    """What was given is no key for sealing, or none can be had."""


class NotSealed(SealError):
    """A text is no sealed secret, or one of a format that this version does not know."""


class SealTruncated(SealError):
    """A part of a sealed secret is missing."""


class SealTampered(SealError):
    """A sealed secret was changed after it was sealed."""


class WrongPurpose(SealError):
    """A secret was sealed for another purpose than the one it is opened for."""


class WrongSealKey(SealError):
    """A secret was sealed with a key that is not at hand."""


class AccessError(AineonError):
    """Base of errors about who may use AINEON; no message holds a password, code or token."""


class UnknownRole(AccessError):
    """A word names none of the roles."""


class InvalidUser(AccessError):
    """A user's name, e-mail address or display name cannot be what was given."""


class UserExists(AccessError):
    """There is a user of this name already."""


class UnknownUser(AccessError):
    """There is no user of this name."""


class LastSuperAdmin(AccessError):
    """Nobody would be left who may manage users."""


class PasswordRefused(AccessError):
    """A new password is too short, too long or too well known; or the present one is wrong."""


class InvalidCredentials(AccessError):
    """A file of credentials is not in streamlit-authenticator's format, or cannot be taken over."""


class SignInRefused(AccessError):
    """Name, password and code do not belong together; nothing tells which of them is wrong."""


class TooManyTries(AccessError):
    """Too many tries; nothing was looked at, and `wait` seconds later it will be again.

    Attributes:
        wait: seconds.
    """

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class SignInThrottled(TooManyTries):
    """Too many tries to sign in."""


class CodeThrottled(TooManyTries):
    """Too many one-time codes were tried."""


class EnrolmentRefused(AccessError):
    """A second factor is not set up or replaced: the code is wrong, or nothing was begun."""


class SetupRefused(AccessError):
    """The first user is not created: there are users, no token is set, or it is another one."""


# --- treasury ------------------------------------------------------------------------------


class TreasuryError(AineonError):
    """A withdrawal cannot be asked for, approved or carried out; nothing was changed."""


class TreasuryClosed(TreasuryError):
    """Nothing can be withdrawn from here; the message says what is missing."""


class InvalidWithdrawal(TreasuryError):
    """What was asked for is no withdrawal: amount, asset, destination or name are malformed."""


class WithdrawalRefused(TreasuryError):
    """A limit or a rule of the policy forbids it; the message names limit and value."""


class UnknownWorth(WithdrawalRefused):
    """What an amount is worth in ether is not known, so no limit can be checked."""


class DestinationRefused(TreasuryError):
    """An address may not be paid, or not yet."""


class ApprovalRefused(TreasuryError):
    """Somebody may not approve this, or approves something else than what stands there."""


class UnknownWithdrawal(TreasuryError):
    """There is no such withdrawal, destination or rule."""


class WithdrawalMoved(TreasuryError):
    """A withdrawal was changed by somebody else meanwhile."""


class IllegalWithdrawalMove(TreasuryError):
    """A withdrawal was to enter a state that cannot follow the one it is in."""


class InvalidSchedule(TreasuryError):
    """A text is no schedule of five fields, or one that never comes."""


# --- rehearsal -----------------------------------------------------------------------------


class RehearsalError(AineonError):
    """The rehearsal's own chain cannot be started, or refused what setting it up asked."""


class Unavailable(RehearsalError):
    """Something that the rehearsal needs cannot be had on this machine; one sentence says what."""


class RehearsalRefused(RehearsalError):
    """The rehearsal's node refused a request."""


class RehearsalReverted(RehearsalRefused):
    """A contract on the rehearsal's chain refused a call; `data` is what it says."""

    def __init__(self, message: str, data: bytes) -> None:
        super().__init__(message)
        self.data = data
