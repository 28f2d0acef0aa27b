"""Batches as brokers store them (record batch, magic 2), packed by fast LZ4.

The library packs by its slow, tighter level, which costs 7 to 10 us a packet, more than all else
that ingest does with it; the fast one costs 1. So a batch is built plain and its records, the
bytes behind the header of 61, are packed here. Numbers are big-endian; the checksum is CRC-32C
over everything from the attributes on.
"""

import struct
from typing import Final, cast

import cramjam
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

HEADER_BYTES: Final = 61
PLAIN: Final = 0
LZ4: Final = 3
LEVEL: Final = 1

_LENGTH: Final = struct.Struct(">i")
_LENGTH_AT: Final = 8
_COUNTED_FROM: Final = 12
_CRC: Final = struct.Struct(">I")
_CRC_AT: Final = 17
_ATTRIBUTES: Final = struct.Struct(">h")
_ATTRIBUTES_AT: Final = 21


class FastBatch:
    """A batch to be filled, then given to the library's producer, which calls the rest."""

    __slots__ = ("_buffer", "_builder", "_count")

    def __init__(self, max_bytes: int) -> None:
        self._builder = DefaultRecordBatchBuilder(
            2,
            PLAIN,
            is_transactional=0,
            producer_id=-1,
            producer_epoch=-1,
            base_sequence=0,
            batch_size=max_bytes,
        )
        self._buffer: bytearray | None = None
        self._count = 0

    def append(self, time_ms: int, value: bytes, headers: list[tuple[str, bytes]]) -> bool:
        """Take a record, the first one of any size; False when it is full."""
        took = self._builder.append(self._count, time_ms, key=None, value=value, headers=headers)
        if took is None:
            return False
        self._count += 1
        return True

    def record_count(self) -> int:
        """Return how many records were taken."""
        return self._count

    def closed(self) -> bool:
        """Tell the library that nothing will be added."""
        return True

    def _set_producer_state(self, producer_id: int, epoch: int, sequence: int) -> None:
        """Note who sends it, and the number of its first record."""
        self._builder.set_producer_state(producer_id, epoch, sequence)

    def _build(self) -> bytearray:
        """Return the bytes, the same when they are sent again."""
        if self._buffer is None:
            self._buffer = pack(self._builder.build())
        return self._buffer


def pack(plain: bytearray) -> bytearray:
    """Return a batch with its records packed, or as it is when that makes it no smaller."""
    # Brokers take no blocks that refer to earlier ones.
    packer = cramjam.lz4.Compressor(level=LEVEL, content_checksum=False, block_linked=False)
    packer.compress(bytes(memoryview(plain)[HEADER_BYTES:]))
    packed = bytes(cast("bytes", packer.finish()))
    if len(packed) >= len(plain) - HEADER_BYTES:
        return plain
    batch = plain[:HEADER_BYTES] + packed
    (attributes,) = _ATTRIBUTES.unpack_from(batch, _ATTRIBUTES_AT)
    _ATTRIBUTES.pack_into(batch, _ATTRIBUTES_AT, attributes | LZ4)
    _LENGTH.pack_into(batch, _LENGTH_AT, len(batch) - _COUNTED_FROM)
    _CRC.pack_into(batch, _CRC_AT, calc_crc32c(batch[_ATTRIBUTES_AT:]))
    return batch
