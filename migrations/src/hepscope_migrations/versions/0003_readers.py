"""Readers beside the API: views that are HOMER 7's, and a role that may only read.

No table is touched: a function is replaced, views and grants are made.
"""

from alembic import op

from hepscope_migrations.readers import HAS_HOMER, VIEWS
from hepscope_migrations.statements import run_file

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make what this database allows; ``hepscope migrate`` names and makes up for the rest."""
    if op.get_bind().exec_driver_sql(HAS_HOMER).scalar():
        run_file(VIEWS)
    run_file("0003_readers.sql")


def downgrade() -> None:
    """Refuse: an older release works with the newer schema as it is."""
    raise NotImplementedError
