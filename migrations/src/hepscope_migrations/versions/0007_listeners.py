"""Listeners: where an ingest listens, as a column of its reports.

An older release names its columns, so it neither sees the new one nor misses it.
"""

from hepscope_migrations.statements import run_file

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    run_file("0007_listeners.sql")


def downgrade() -> None:
    """Refuse: an older release works with the newer schema as it is."""
    raise NotImplementedError
