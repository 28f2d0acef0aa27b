"""Settings of the database: section ``[store]``."""

from pydantic import SecretStr

from hepscope_common.settings import Section


class StoreSettings(Section):
    """Which PostgreSQL holds everything."""

    dsn: SecretStr | None = None
    """``postgresql://user:password@host:port/database`` of a PostgreSQL 15 or newer. Without it
    the standalone command runs one of its own in the data directory."""
