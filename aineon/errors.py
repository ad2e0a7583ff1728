"""Every error AINEON raises on purpose.

All derive from `AineonError`, so a script can catch the library's own refusals with one
clause. A message is one sentence that names the thing, the value it had, and what is allowed.
"""

from __future__ import annotations

from aineon import base_error

AineonError = base_error.AineonError
InvalidValue = base_error.InvalidValue

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


# --- search --------------------------------------------------------------------------------


class InvalidRoute(AineonError):
    """Hops that do not join, use one pool twice, or do not end where they began."""


class InvalidSearch(AineonError):
    """A search was asked with a limit, a number of hops or base tokens that make no sense."""


# --- money ---------------------------------------------------------------------------------


class MixedBooks(AineonError):
    """An entry or a database of one book (simulation, rehearsal, live) met those of another."""


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


class EngineError(AineonError):
    """The engine cannot start or go on."""


class StartError(AineonError):
    """A process cannot be started: its port or folder is taken, or a part of it is missing."""


class ConfigurationError(AineonError):
    """A setting has a value that is not allowed; the message names variable, value and range."""
