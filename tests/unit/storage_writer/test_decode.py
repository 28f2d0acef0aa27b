"""Tests of the way from a record to a batch."""

import struct
import zlib
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hepscope_common.bus.protocol import Record
from hepscope_storage_writer.batch import Batch
from hepscope_storage_writer.decode import Decoder
from hepscope_storage_writer.expiry import Expiry
from hepscope_storage_writer.times import DAY_US
from support.builders import BASE_US, make_call, make_packet, make_request


def decode(value: bytes, *, with_calls: bool = True, leave_out: Collection[int] = ()) -> Batch:
    """Return the batch that one record makes."""
    decoder = Decoder(now_us=lambda: BASE_US, expiry=Expiry(), with_calls=with_calls)
    batch = Batch(DAY_US)
    decoder.add(batch, Record("t", 0, 7, value, 1), leave_out=leave_out)
    return batch


def row_count(batch: Batch) -> int:
    """Return how many rows a batch holds."""
    return sum(len(rows) for _, rows in batch.groups())


def test_a_record_becomes_rows_and_facts() -> None:
    """Every packet a row, every call its facts, every node its count."""
    batch = decode(b"".join(make_call()))

    (facts,) = batch.call_facts()
    assert (row_count(batch), batch.packets, facts.message_count) == (7, 7, 7)
    assert {name: node.packets for name, node in batch.nodes.items()} == {"7": 7}
    assert batch.dead_letters == []


def test_without_calls_there_are_only_rows() -> None:
    """No facts are gathered that nobody stores."""
    batch = decode(b"".join(make_call()), with_calls=False)

    assert (row_count(batch), list(batch.call_facts())) == (7, [])


def test_packets_can_be_left_out() -> None:
    """The record still counts as taken."""
    batch = decode(b"".join(make_call()), leave_out={0, 3})

    assert (row_count(batch), len(batch.records)) == (5, 1)


@pytest.mark.parametrize("garbage", [b"junk", b"HEP3\0\x02", b"\0"])
def test_a_broken_end_is_one_dead_letter(garbage: bytes) -> None:
    """What came before it is stored; the letter holds the rest as it came."""
    packets = make_call()

    batch = decode(b"".join(packets) + garbage)

    (letter,) = batch.dead_letters
    assert row_count(batch) == 7
    assert (letter.index, letter.packet) == (7, garbage)


def test_a_packet_that_cannot_be_decoded_costs_only_itself() -> None:
    """A compressed payload that is none is a dead letter between two rows."""
    broken = bytearray(make_packet(b"") + b"\0\0\0\x10\0\x09\xff\xff\xff")
    broken[4:6] = len(broken).to_bytes(2, "big")
    good = make_packet(make_request())

    batch = decode(good + bytes(broken) + good)

    (letter,) = batch.dead_letters
    assert (row_count(batch), letter.index, letter.reason) == (2, 1, "inflate")


def test_a_batch_weighs_what_its_payloads_unpack_to() -> None:
    """Or a thousand small packets would fill the memory before the batch is full."""
    payload = make_request() + b" " * 200_000
    chunk = zlib.compress(payload)
    packet = bytearray(make_packet(b"") + struct.pack("!HHH", 0, 0x10, 6 + len(chunk)) + chunk)
    packet[4:6] = len(packet).to_bytes(2, "big")

    batch = decode(bytes(packet) * 3)

    assert batch.size_bytes == 3 * len(payload)


def test_a_packet_without_receive_time_gets_the_present() -> None:
    """Bus records of foreign producers have no such chunk."""
    batch = decode(make_packet(make_request(), time_us=0))

    ((group, _),) = batch.groups()
    assert group.time_us == BASE_US - BASE_US % 60_000_000
    assert sum(batch.times.values()) == 1


@given(st.binary(max_size=300))
def test_any_record_gives_a_batch(value: bytes) -> None:
    """Whatever a record holds, every byte is in a row's packet or in a dead letter."""
    batch = decode(value)

    assert row_count(batch) == batch.packets
    if value and not value.startswith(b"HEP3"):
        assert b"".join(letter.packet for letter in batch.dead_letters) == value


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_payload_is_stored(payloads: list[bytes]) -> None:
    """Payloads that are no SIP are rows as well."""
    batch = decode(b"".join(make_packet(payload) for payload in payloads))

    assert row_count(batch) == len(payloads)
    assert batch.dead_letters == []
