"""Node reports: what each ingest says of its capture nodes.

A new table: nothing that an older release uses is touched or locked.
"""

from hepscope_migrations.statements import run_file

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table beside those that are there."""
    run_file("0004_node_reports.sql")


def downgrade() -> None:
    """Refuse: an older release works with the newer schema as it is."""
    raise NotImplementedError
