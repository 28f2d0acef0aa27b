"""One line for the operator out of a failed migration."""

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from hepscope_migrations.errors import explain, sqlstate_of

LINES = {
    "no extension, as of 18": (
        asyncpg.FeatureNotSupportedError('extension "pg_trgm" is not available'),
        "install its contrib package",
    ),
    "no extension, up to 17": (
        asyncpg.UndefinedFileError('could not open extension control file "/x/pg_trgm.control"'),
        "install its contrib package",
    ),
    "no right to create": (
        asyncpg.InsufficientPrivilegeError("permission denied for database x"),
        "grant create on database",
    ),
    "anything else": (
        asyncpg.DiskFullError("could not extend file\nHINT: check free disk space"),
        "could not extend file (SQLSTATE 53100)",
    ),
}


@pytest.mark.parametrize("case", LINES)
def test_failure_is_told_in_one_line_that_names_the_way_out(case: str) -> None:
    """Below SQLAlchemy or through it, the line is the same."""
    error, expected = LINES[case]
    wrapped = DBAPIError("select 1", None, error)

    assert expected in str(explain(error))
    assert str(explain(wrapped)) == str(explain(error))
    assert "\n" not in str(explain(error))


def test_error_without_sqlstate_has_an_empty_one() -> None:
    """A driver's own error has no state, and is still told."""
    error = DBAPIError("select 1", None, ValueError("odd"))

    assert sqlstate_of(error) == ""
    assert "odd (SQLSTATE unknown)" in str(explain(error))
