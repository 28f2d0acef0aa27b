"""Verdict on a failed database operation: the one table from SQLSTATE to what to do next.

A SQLSTATE is five characters, its first two the class. The longest prefix in the table decides;
what is not in it is fatal, because going on with an error that nobody foresaw hides it.
"""

import re
from enum import StrEnum
from typing import Final

import asyncpg


class Verdict(StrEnum):
    """What the caller of a database operation does next."""

    DONE = "done"
    """It worked."""
    BUSY = "busy"
    """The server or the way to it: keep everything and try again later, on a new connection."""
    POISON = "poison"
    """The data: halve the batch until the bad packet stands alone, for the dead letter."""
    FATAL = "fatal"
    """Neither: end the process; what was not stored is replayed."""


VERDICTS: Final[dict[str, Verdict]] = {
    "00": Verdict.DONE,
    "08": Verdict.BUSY,  # connection exception
    "08P01": Verdict.FATAL,  # protocol violation: our own encoding is wrong
    "21": Verdict.POISON,  # cardinality violation: two facts of one key in a batch
    "22": Verdict.POISON,  # data exception
    "23": Verdict.POISON,  # integrity constraint violation; a row without partition (23514) too
    "25006": Verdict.BUSY,  # read-only transaction: a standby, until it is promoted
    "25P03": Verdict.BUSY,  # idle in transaction timeout: we were frozen
    "25P04": Verdict.BUSY,  # transaction timeout
    "40": Verdict.BUSY,  # serialization failure, deadlock
    "42P01": Verdict.BUSY,  # undefined table: a leaf was dropped; forget it and ask again
    "53": Verdict.BUSY,  # disk full, out of memory, too many connections
    "54": Verdict.POISON,  # program limit exceeded: an index entry or a row too large
    "55006": Verdict.BUSY,  # object in use
    "55P03": Verdict.BUSY,  # lock not available
    "57": Verdict.BUSY,  # shutdown, crash of another session, cancelled statement
    "58030": Verdict.BUSY,  # I/O error
}


# asyncpg has one class for all misuse, and reports a lost connection by its words alone.
_CLOSED: Final = re.compile("connection (is|was) closed")


def verdict_of_state(sqlstate: str) -> Verdict:
    """Return the verdict on a SQLSTATE; FATAL for one that the table does not know."""
    return VERDICTS.get(sqlstate) or VERDICTS.get(sqlstate[:2]) or Verdict.FATAL


def verdict_of(error: BaseException | None) -> Verdict:
    """Return the verdict on how an operation ended; None means that it worked.

    A time-out and a lost connection are BUSY. Of asyncpg's own interface errors only those of a
    connection that went away are; the others are mistakes of the caller, hence FATAL.
    """
    if error is None:
        return Verdict.DONE
    # A migration changed a table under a prepared statement; a new connection prepares it anew.
    if isinstance(error, asyncpg.InvalidCachedStatementError | asyncpg.OutdatedSchemaCacheError):
        return Verdict.BUSY
    if isinstance(error, asyncpg.PostgresError):
        return verdict_of_state(error.sqlstate or "")
    if isinstance(error, asyncpg.InterfaceError):
        return Verdict.BUSY if _CLOSED.search(str(error)) else Verdict.FATAL
    # OSError covers refused and reset connections and, as TimeoutError, every time-out; a session
    # killed amid a COPY confuses the driver, which then finds an error in itself.
    if isinstance(error, OSError | EOFError | asyncpg.InternalClientError):
        return Verdict.BUSY
    return Verdict.FATAL


def is_missing_leaf(error: BaseException) -> bool:
    """Return whether a table that was there has gone: its partition was dropped."""
    return isinstance(error, asyncpg.UndefinedTableError)
