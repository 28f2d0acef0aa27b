"""Upgrade of real databases to the newest schema."""

import hepscope_migrations


async def test_upgrade_brings_an_empty_database_to_head(empty_database: str) -> None:
    """After upgrade the database says the revision that the code needs."""
    assert await hepscope_migrations.current(empty_database) is None

    await hepscope_migrations.upgrade(empty_database)

    assert await hepscope_migrations.current(empty_database) == hepscope_migrations.head()
