"""${message.capitalize()}."""

from hepscope_migrations.statements import run_file

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Expand only: what the previous release needs is dropped a release later."""
    run_file("${up_revision}_.sql")


def downgrade() -> None:
    """Refuse: the way back is a backup."""
    raise NotImplementedError
