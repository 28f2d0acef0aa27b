"""Media: reports on streams as typed rows, where calls expect their media, sums by the minute.

New tables only: nothing that an older release uses is touched or locked.
"""

from hepscope_migrations.statements import run_file

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables beside those that are there."""
    run_file("0006_media.sql")


def downgrade() -> None:
    """Refuse: an older release works with the newer schema as it is."""
    raise NotImplementedError
