"""The database schema of hepscope and its Alembic migrations."""
