"""The Loki sink alone: lines a second on one core, from bus records to bodies of pushes.

No HTTP and no Loki: what a push costs there depends on Loki. Structured metadata is on.
"""

from collections.abc import Sequence
from time import process_time

from prometheus_client import CollectorRegistry

from bench.report import Row
from hep import admit, decode3
from hepscope_common.bus import SIGNALLING
from hepscope_common.bus.protocol import Record
from hepscope_common.clock import wall_clock_us
from hepscope_storage_writer.loki.client import make_form
from hepscope_storage_writer.loki.lines import Lines
from hepscope_storage_writer.loki.load import Load
from hepscope_storage_writer.loki.metrics import LokiMetrics
from hepscope_storage_writer.loki.settings import Compression, LokiSettings

ROUNDS = 3
RECORD_PACKETS = 100
PEER = bytes((127, 0, 0, 1, 0, 80))
FLOOR = 40e3


def measure(messages: Sequence[bytes]) -> list[Row]:
    """Return the rates for these HEP3 packets."""
    records = _records(messages)
    rows: list[Row] = []
    for compression, floor in ((Compression.SNAPPY, FLOOR), (Compression.GZIP, None)):
        settings = LokiSettings(url="http://127.0.0.1:3100", compression=compression)
        seconds, size = min(_encode(records, settings) for _ in range(ROUNDS))
        rate = len(messages) / seconds
        note = f"{1e6 / rate:.1f} us and {size / len(messages):.0f} bytes a line"
        rows.append(Row(f"lines for Loki, {compression}", rate, "lines/s/core", floor, note=note))
    return rows


def _records(messages: Sequence[bytes]) -> list[Record]:
    arrived = [
        admit(data, received_at_us=decode3(data).time_us, peer=PEER).packet for data in messages
    ]
    return [
        Record(SIGNALLING, 0, number, b"".join(arrived[at : at + RECORD_PACKETS]), RECORD_PACKETS)
        for number, at in enumerate(range(0, len(arrived), RECORD_PACKETS))
    ]


def _encode(records: Sequence[Record], settings: LokiSettings) -> tuple[float, int]:
    """Return the processor time of writing everything as pushes, and their bytes."""
    form = make_form(settings)
    metrics = LokiMetrics(CollectorRegistry())
    lines = Lines(settings, form, metrics, now_us=wall_clock_us)
    size = 0
    begin = process_time()
    load = Load()
    for record in records:
        lines.read(load, record)
        if load.size_bytes >= settings.batch_bytes or record is records[-1]:
            for push in load.plan(settings.batch_bytes):
                size += len(form.body(push.parts, with_metadata=True))
    return process_time() - begin, size
