"""Attempts: what RFC 6076 counts, measured from stored calls, and its sums by the minute.

New tables, a function and a replaced one: nothing that an older release uses is touched or locked.
"""

from hepscope_migrations.statements import run_file

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables beside those that are there."""
    run_file("0005_attempts.sql")


def downgrade() -> None:
    """Refuse: an older release works with the newer schema as it is."""
    raise NotImplementedError
