"""SQL files of the package, run inside the migration's transaction.

A file holds several statements, which prepared execution refuses; they go to asyncpg's simple
query protocol below SQLAlchemy, on the same connection.
"""

from importlib import resources

import asyncpg
from alembic import op
from sqlalchemy import Connection, text


def read_file(name: str) -> str:
    """Return the text of ``sql/<name>``."""
    return resources.files(__package__).joinpath("sql", name).read_text(encoding="utf-8")


def run_file(name: str) -> None:
    """Run ``sql/<name>`` on the connection of the migration that is under way."""
    run_script(op.get_bind(), read_file(name))


def run_script(connection: Connection, script: str) -> None:
    """Run several statements in the transaction of ``connection``."""

    async def execute(driver: asyncpg.Connection) -> None:
        await driver.execute(script)

    # SQLAlchemy begins its transaction with the first statement that passes through itself.
    connection.execute(text("select 1"))
    adapted = connection.connection.dbapi_connection
    if adapted is None:
        raise RuntimeError("the migration's connection is closed")
    adapted.run_async(execute)
