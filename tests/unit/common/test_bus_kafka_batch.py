"""Batches for the broker: what was put in is what a reader unpacks."""

import random

from aiokafka.record.default_records import DefaultRecordBatch
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_common.bus.kafka_batch import FastBatch

Row = tuple[bytes, list[tuple[str, bytes]]]

ROWS = st.lists(
    st.tuples(
        st.binary(max_size=300) | st.integers(1, 3000).map(lambda n: b"SIP/2.0 200 OK\r\n" * n),
        st.lists(st.tuples(st.sampled_from(["origin", "seq"]), st.binary(max_size=16))),
    ),
    min_size=1,
    max_size=20,
)


def build(rows: list[Row], *, max_bytes: int = 10_000_000) -> tuple[bytearray, int]:
    """Return the bytes of a batch of producer 7, epoch 2, from number 5, and how many it took."""
    batch = FastBatch(max_bytes)
    took = 0
    for value, headers in rows:
        if not batch.append(1_700_000_000_000 + took, value, headers):
            break
        took += 1
    batch._set_producer_state(7, 2, 5)
    return batch._build(), took


@given(rows=ROWS)
@settings(max_examples=60, deadline=None)
def test_a_batch_reads_back_as_it_was_filled(rows: list[Row]) -> None:
    """Values, headers, times, numbering and checksum, packed or not."""
    data, took = build(rows)
    batch = DefaultRecordBatch(bytes(data))

    assert took == len(rows)
    assert batch.validate_crc()
    assert (batch.producer_id, batch.producer_epoch, batch.base_sequence) == (7, 2, 5)
    found = list(batch)
    assert [(record.value, list(record.headers)) for record in found] == rows
    assert [record.timestamp - 1_700_000_000_000 for record in found] == [*range(len(rows))]


def test_signalling_is_packed_and_noise_is_not() -> None:
    """A batch never grows by packing."""
    noise = random.Random(1).randbytes(5000)
    text, _ = build([(b"SIP/2.0 200 OK\r\n" * 300, [])])
    plain, _ = build([(noise, [])])

    assert len(text) < 400
    assert DefaultRecordBatch(bytes(text)).compression_type == 3
    assert DefaultRecordBatch(bytes(plain)).compression_type == 0
    assert len(plain) < 5100


def test_a_full_batch_refuses_and_a_first_record_always_fits() -> None:
    """A record longer than a batch goes alone."""
    _, took = build([(bytes(900), [])] * 5, max_bytes=2000)
    _, alone = build([(bytes(9000), []), (b"a", [])], max_bytes=2000)

    assert (took, alone) == (2, 1)


def test_sending_again_sends_the_same_bytes() -> None:
    """The broker knows a repeated batch by its number, so it must not change."""
    batch = FastBatch(1000)
    batch.append(1, b"a", [])
    batch._set_producer_state(1, 0, 0)

    assert batch._build() is batch._build()
