"""Alembic's entry point: runs migrations on the connection that ``hepscope_migrations`` opened.

The ``alembic`` command has no connection to hand over, so it takes the address from the
environment variable HEPSCOPE_STORE__DSN.
"""

import os

from alembic import context
from sqlalchemy import Connection

from hepscope_migrations.media_models import metadata
from hepscope_migrations.partitions import leaf_filter
from hepscope_migrations.sessions import SCHEMA, run_on


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=SCHEMA,
        include_schemas=True,
        include_name=leaf_filter(connection),
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _main() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _run(connection)
        return
    dsn = os.environ.get("HEPSCOPE_STORE__DSN")
    if not dsn:
        raise SystemExit("set HEPSCOPE_STORE__DSN to the database's address")
    run_on(dsn, _run)


_main()
