"""Origins and gaps: what a writer knows of each bus partition beside its position.

Only new tables and a function: nothing that an older release uses is touched or locked.
"""

from hepscope_migrations.statements import run_file

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables beside those of the first schema."""
    run_file("0002_origins.sql")


def downgrade() -> None:
    """Refuse: an older release works with the newer schema as it is."""
    raise NotImplementedError
