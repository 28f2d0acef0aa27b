"""The query API as a process of its own."""

import signal

import httpx

from support.daemon import Daemon


def test_it_serves_a_migrated_database_and_ends_when_asked(database: str) -> None:
    """Ready, version and metrics on the ops port; SIGTERM ends it with code 0."""
    settings = {"HEPSCOPE_STORE__DSN": database, "HEPSCOPE_API__LISTEN": "127.0.0.1:0"}
    with Daemon("hepscope_query_api", settings) as api:
        api.wait_ready()

        assert (
            httpx.get(f"{api.ops}/version", trust_env=False, timeout=60).json()["name"]
            == "hepscope"
        )
        assert api.metrics().value("process_resident_memory_bytes") > 0
        assert api.signal(signal.SIGTERM) == 0


def test_without_a_database_it_runs_and_says_so() -> None:
    """A database that is not there yet is no reason to crash and be restarted."""
    dsn = "postgresql://nobody@127.0.0.1:1/none"
    settings = {"HEPSCOPE_STORE__DSN": dsn, "HEPSCOPE_API__LISTEN": "127.0.0.1:0"}
    with Daemon("hepscope_query_api", settings) as api:
        found = api.readiness()

        assert not found["ready"]
        assert api.signal(signal.SIGTERM) == 0
