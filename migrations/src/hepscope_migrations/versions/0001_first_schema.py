"""First schema: messages, packets, calls, registrations and what keeps their books.

Statements are plain SQL files, because most of them (partitions, functions, grants) have no
counterpart in Alembic's operations.
"""

from hepscope_migrations.statements import run_file

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create everything in an empty schema ``hepscope``."""
    for name in ("tables", "trigrams", "functions", "policies", "grants"):
        run_file(f"0001_{name}.sql")


def downgrade() -> None:
    """Refuse: the way back from the first schema is to drop the database."""
    raise NotImplementedError
