"""The spool as a part of ingest: off unless a directory is named."""

from pathlib import Path

from hepscope_common.bus import TOPICS, TopicPartition
from support.builders import make_call
from unit.ingest.conftest import MakeRig, Rig
from unit.ingest.test_listeners import send_tcp


async def read_calls(rig: Rig, wanted: int) -> list[bytes]:
    """Read and commit as a writer does; returns the bytes of each record."""
    found: list[bytes] = []
    packets = 0
    async with rig.bus.consumer("writer", TOPICS) as reader:
        while packets < wanted:
            for record in await reader.poll(max_bytes=50_000, timeout_seconds=0.2):
                found.append(record.value)
                packets += record.packets
                at = TopicPartition(record.topic, record.partition)
                reader.commit({at: record.offset + 1})
    return found


async def test_readers_that_are_away_fill_the_spool_and_not_the_senders(
    make_rig: MakeRig, tmp_path: Path
) -> None:
    """Reading from the network goes on, and everything arrives once they are back."""
    calls = [packet for n in range(100) for packet in make_call(f"{n}@x")]
    settings = {"spool_dir": tmp_path, "spool_after_ms": 10, "record_bytes": 10_000}
    async with make_rig(max_bytes=50_000, **settings) as rig:
        await send_tcp(rig, b"".join(calls))
        await rig.until(lambda: rig.count("accepted_total", version="3") == len(calls))
        await rig.until(lambda: rig.count("held_packets") == 0)
        assert rig.ingest.ready()[0]
        assert 50_000 < rig.count("spool_bytes") < rig.count("spool_limit_bytes")
        assert rig.count("spool_records") == rig.count("spooled_total")
        assert len(await read_calls(rig, len(calls))) > 5
        await rig.until(lambda: rig.count("spool_bytes") == 0)
        assert rig.count("spool_errors_total") == rig.count("spool_damaged_total") == 0


async def test_an_end_leaves_the_spool_to_the_next_start(make_rig: MakeRig, tmp_path: Path) -> None:
    """The bus of the first one is gone with it; the second has everything of its own files."""
    calls = [packet for n in range(20) for packet in make_call(f"{n}@x")]
    async with make_rig(max_bytes=10_000, spool_dir=tmp_path, spool_after_ms=10) as rig:
        await send_tcp(rig, b"".join(calls))
        await rig.until(lambda: rig.count("accepted_total", version="3") == len(calls))
    async with make_rig(spool_dir=tmp_path) as rig:
        await rig.until(lambda: len(rig.on_bus()) == len(calls))
        await read_calls(rig, len(calls))
        await rig.until(lambda: rig.count("spool_bytes") == 0)


async def test_without_a_directory_there_is_no_spool(make_rig: MakeRig) -> None:
    """Its metrics say nothing then, rather than zero."""
    async with make_rig() as rig:
        assert rig.registry.get_sample_value("hepscope_ingest_spool_bytes") is None
