"""What costs packets, speed or safety is told with the setting that mends it."""

import logging
import resource
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from hepscope_common.store.tuning import Server, judge
from hepscope_common.tuning import Check, Finding, Tuning, machine

GB = 1024**3
TUNED = Server(
    version="17.5",
    version_number=17,
    locks_per_transaction=256,
    connections=100,
    shared_bytes=4 * GB,
    wal_bytes=4 * GB,
    locks_wanted=5000,
    settings={
        "fsync": "on",
        "full_page_writes": "on",
        "autovacuum": "on",
        "random_page_cost": "1.1",
        "data_checksums": "on",
    },
)


def with_settings(**changes: str) -> Server:
    """Return a tuned server with some settings changed."""
    return replace(TUNED, settings={**TUNED.settings, **changes})


def checks(findings: list[Finding], *, hints: bool = False) -> list[Check]:
    """Return what was found, hints or warnings."""
    return [finding.check for finding in findings if finding.is_hint == hints]


def test_a_tuned_server_is_not_complained_of() -> None:
    """Neither with a bus in memory nor with Kafka; there faster commits are a hint."""
    assert judge(TUNED, is_ours=False, bus_keeps=False, commit="on") == []
    found = judge(TUNED, is_ours=False, bus_keeps=True, commit="on")
    assert checks(found) == []
    assert checks(found, hints=True) == [Check.SYNCHRONOUS_COMMIT]


WANTING: Mapping[str, tuple[Server, Check, str]] = {
    "fsync": (with_settings(fsync="off"), Check.DURABILITY, "set fsync = on"),
    "pages": (
        with_settings(full_page_writes="off"),
        Check.DURABILITY,
        "set full_page_writes = on",
    ),
    "vacuum": (with_settings(autovacuum="off"), Check.AUTOVACUUM, "set autovacuum = on"),
    "buffers": (replace(TUNED, shared_bytes=GB // 8), Check.SHARED_BUFFERS, "set shared_buffers"),
    "log": (replace(TUNED, wal_bytes=GB), Check.WAL_SIZE, "set max_wal_size = '4GB'"),
    "old": (
        replace(TUNED, version="14.2", version_number=14),
        Check.DATABASE_VERSION,
        "a release from 15 to 18",
    ),
    "new": (
        replace(TUNED, version="19.0", version_number=19),
        Check.DATABASE_VERSION,
        "a release from 15 to 18",
    ),
    "locks": (
        replace(TUNED, locks_per_transaction=64, locks_wanted=40_000),
        Check.DATABASE_LOCKS,
        "set max_locks_per_transaction = 512, and a restart",
    ),
}


@pytest.mark.parametrize("case", WANTING)
def test_a_setting_that_hurts_is_a_warning_with_its_remedy(case: str) -> None:
    """One for each."""
    server, check, remedy = WANTING[case]
    (found,) = judge(server, is_ours=False, bus_keeps=False, commit="on")
    assert (found.check, found.is_hint) == (check, False)
    assert remedy in str(found)


def test_what_is_only_worth_knowing_is_a_hint() -> None:
    """Checksums, and the costs that the planner reckons with."""
    server = with_settings(data_checksums="off", random_page_cost="4")
    found = judge(server, is_ours=False, bus_keeps=False, commit="on")
    assert checks(found) == []
    assert checks(found, hints=True) == [Check.PLANNER, Check.CHECKSUMS]


def test_sizes_of_our_own_server_are_our_own_affair() -> None:
    """Its locks are looked at all the same, as their number follows the retention."""
    small = replace(TUNED, shared_bytes=64 * 1024**2, wal_bytes=GB // 4, locks_wanted=10**6)
    assert checks(judge(small, is_ours=True, bus_keeps=False, commit="on")) == [
        Check.DATABASE_LOCKS
    ]


def test_a_commit_that_kafka_still_has_may_be_lost() -> None:
    """With Kafka ``off`` is well; without it packets may be lost, and the setting is named."""
    assert judge(TUNED, is_ours=False, bus_keeps=True, commit="off") == []
    (found,) = judge(TUNED, is_ours=False, bus_keeps=False, commit="off")
    assert (found.check, found.is_hint) == (Check.SYNCHRONOUS_COMMIT, False)
    assert found.remedy == "writer.synchronous_commit = on"


def test_a_small_receive_buffer_is_told_with_the_kernels_setting(tmp_path: Path) -> None:
    """In bytes, as sysctl wants them; where the kernel does not tell, nothing is said."""
    (found,) = machine.receive_buffer(33_554_432, 212_992)
    assert found.remedy == "sysctl -w net.core.rmem_max=33554432"
    assert "0.2 MB of 32.0 MB" in found.detail
    assert machine.receive_buffer(33_554_432, 33_554_432) == []
    assert machine.receive_buffer(33_554_432, None) == []
    (tmp_path / "rmem_max").write_text("212992\n")
    assert machine.rmem_max(tmp_path / "rmem_max") == 212_992
    assert machine.rmem_max(tmp_path / "none") is None


def test_open_files_are_raised_as_far_as_allowed_and_told_beyond() -> None:
    """The soft limit is ours to raise; the hard one is the unit's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
        assert machine.open_files(soft) == []
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == soft
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if hard != resource.RLIM_INFINITY:
        (found,) = machine.open_files(hard + 1)
        assert found.remedy.startswith(f"LimitNOFILE={hard + 1} ")


def test_a_full_disk_is_told_also_where_the_directory_is_not_made_yet(tmp_path: Path) -> None:
    """The nearest directory above is looked at."""
    (found,) = machine.disk_space("spool", tmp_path / "not" / "yet", 1 << 60)
    assert found.check is Check.DISK_SPACE
    assert f"free at {tmp_path}," in found.detail
    assert machine.disk_space("spool", tmp_path, 1) == []


def test_looking_at_the_clock_changes_nothing() -> None:
    """Whether it is synchronised depends on the machine; the answer is one of two."""
    assert [found.check for found in machine.clock()] in ([], [Check.CLOCK])


async def test_findings_are_logged_and_exposed_and_stop_no_start(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning a line; a look that fails is a hint."""
    monkeypatch.setattr(logging.getLogger("hepscope"), "propagate", True)
    caplog.set_level("INFO", "hepscope.tuning")

    async def warns() -> list[Finding]:
        return [
            Finding(Check.WAL_SIZE, "too small", "set it"),
            Finding(Check.CHECKSUMS, "off", "turn them on", is_hint=True),
        ]

    async def fails() -> list[Finding]:
        raise ConnectionError("away")

    registry = CollectorRegistry()
    async with Tuning(registry, [fails, warns]) as tuning:
        assert [found.check for found in tuning.findings] == [
            Check.NOT_LOOKED_AT,
            Check.WAL_SIZE,
            Check.CHECKSUMS,
        ]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("INFO", "could not look: ConnectionError: away: hepscope doctor"),
        ("WARNING", "too small: set it"),
        ("INFO", "off: turn them on"),
    ]

    def value(check: Check) -> float | None:
        return registry.get_sample_value("hepscope_tuning_warnings", {"check": check.value})

    assert (value(Check.WAL_SIZE), value(Check.CHECKSUMS), value(Check.CLOCK)) == (1, 0, 0)
