"""The embedded PostgreSQL of the standalone process."""

from hepscope_standalone.postgres.component import EmbeddedPostgres
from hepscope_standalone.postgres.errors import StartupError

__all__ = ["EmbeddedPostgres", "StartupError"]
