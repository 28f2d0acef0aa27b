"""Verdicts on failed database operations."""

import asyncpg
import pytest

from hepscope_common.store.verdicts import (
    VERDICTS,
    Verdict,
    is_missing_leaf,
    verdict_of,
    verdict_of_state,
)

STATES = {
    "a lost connection": ("08006", Verdict.BUSY),
    "bytes that break the protocol": ("08P01", Verdict.FATAL),
    "a character that is no UTF-8": ("22021", Verdict.POISON),
    "a row that no partition takes": ("23514", Verdict.POISON),
    "a deadlock": ("40P01", Verdict.BUSY),
    "a leaf that was dropped": ("42P01", Verdict.BUSY),
    "a column that is not there": ("42703", Verdict.FATAL),
    "no privilege": ("42501", Verdict.FATAL),
    "a full disk": ("53100", Verdict.BUSY),
    "too many connections": ("53300", Verdict.BUSY),
    "an index entry that is too large": ("54000", Verdict.POISON),
    "a lock not available": ("55P03", Verdict.BUSY),
    "a server that shuts down": ("57P01", Verdict.BUSY),
    "a server that starts": ("57P03", Verdict.BUSY),
    "a statement that took too long": ("57014", Verdict.BUSY),
    "a wrong password": ("28P01", Verdict.FATAL),
    "an internal error": ("XX000", Verdict.FATAL),
    "nothing known": ("", Verdict.FATAL),
}


@pytest.mark.parametrize("case", STATES)
def test_state_has_its_verdict(case: str) -> None:
    """The longest prefix in the table decides; unknown states are fatal."""
    state, verdict = STATES[case]

    assert verdict_of_state(state) is verdict


def test_table_holds_whole_states_and_classes_only() -> None:
    """A key of another length would never be looked up."""
    assert {len(key) for key in VERDICTS} == {2, 5}


ERRORS = {
    "no error": (None, Verdict.DONE),
    "a server's error": (asyncpg.DeadlockDetectedError("x"), Verdict.BUSY),
    "a server's data error": (asyncpg.CharacterNotInRepertoireError("x"), Verdict.POISON),
    "a connection refused": (ConnectionRefusedError(), Verdict.BUSY),
    "a connection lost within an operation": (
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        Verdict.BUSY,
    ),
    "a connection lost before": (asyncpg.InterfaceError("connection is closed"), Verdict.BUSY),
    "a connection used twice at once": (
        asyncpg.InterfaceError("cannot perform operation: another operation is in progress"),
        Verdict.FATAL,
    ),
    "a driver confused by a session killed amid a COPY": (
        asyncpg.InternalClientError("cannot switch to state 21"),
        Verdict.BUSY,
    ),
    "a time-out": (TimeoutError(), Verdict.BUSY),
    "a statement outdated by a migration": (
        asyncpg.InvalidCachedStatementError("cached statement plan is invalid"),
        Verdict.BUSY,
    ),
    "a mistake of ours": (KeyError("x"), Verdict.FATAL),
}


@pytest.mark.parametrize("case", ERRORS)
def test_error_has_its_verdict(case: str) -> None:
    """Server, network and time-outs are judged by what helps; our own mistakes are fatal."""
    error, verdict = ERRORS[case]

    assert verdict_of(error) is verdict


def test_only_an_undefined_table_is_a_missing_leaf() -> None:
    """A dropped leaf is told from other errors, so that the cache is forgotten for it alone."""
    assert is_missing_leaf(asyncpg.UndefinedTableError("x"))
    assert not is_missing_leaf(asyncpg.UndefinedColumnError("x"))
