"""Capture files: heads, checksums, and TCP streams that continue."""

import struct
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_query_api.export.pcap import FILE_HEAD, Packet, Writer
from hepscope_query_api.export.wire import crc32c, path_of, sctp, tcp, udp

V4 = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 2])
V6 = bytes.fromhex("20010db8" + "00" * 11 + "01"), bytes.fromhex("20010db8" + "00" * 11 + "02")
TIME_US = 1_700_000_000_123_456


def packet(payload: bytes = b"x", *, transport: str = "udp", back: bool = False) -> Packet:
    """Return a message between two IPv4 hosts."""
    ends = [(V4[0], 40000), (V4[1], 5060)]
    (source, source_port), (destination, port) = reversed(ends) if back else ends
    return Packet(TIME_US, source, source_port, destination, port, transport, payload)


def records(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield time and bytes of each record; the lengths must add up."""
    at = 0
    while at < len(raw):
        seconds, micros, kept, length = struct.unpack_from("<IIII", raw, at)
        assert kept == length
        yield seconds * 1_000_000 + micros, raw[at + 16 : at + 16 + kept]
        at += 16 + kept
    assert at == len(raw)


def ones_sum(octets: bytes) -> int:
    """Return the ones' complement sum, 0xFFFF for what holds its own right checksum."""
    total = 0
    for at in range(0, len(octets), 2):
        total += int.from_bytes(octets[at : at + 2].ljust(2, b"\0"), "big")
        total = (total & 0xFFFF) + (total >> 16)
    return total


def check_sums(raw: bytes) -> bytes:
    """Assert the checksums of an IP packet with UDP or TCP; returns what IP holds."""
    if raw[0] >> 4 == 4:
        assert ones_sum(raw[:20]) == 0xFFFF
        assert int.from_bytes(raw[2:4], "big") == len(raw)
        addresses, protocol, inner = raw[12:20], raw[9], raw[20:]
    else:
        assert int.from_bytes(raw[4:6], "big") == len(raw) - 40
        addresses, protocol, inner = raw[8:40], raw[6], raw[40:]
    pseudo = addresses + struct.pack("!II", len(inner), protocol)
    assert ones_sum(pseudo + inner) == 0xFFFF
    return inner


def test_the_file_begins_as_classic_pcap_of_raw_ip() -> None:
    """Little-endian, microseconds, version 2.4, link type 101."""
    assert struct.unpack("<IHHiIII", FILE_HEAD) == (0xA1B2C3D4, 2, 4, 0, 0, 262144, 101)


@given(st.binary(max_size=300), st.sampled_from([V4, V6]), st.integers(0, 65535))
def test_datagrams_have_right_lengths_and_checksums(
    payload: bytes, ends: tuple[bytes, bytes], port: int
) -> None:
    """IPv4 and IPv6, odd and even, whatever the sum comes to."""
    inner = check_sums(udp(path_of(ends[0], port, ends[1], 5060), payload))

    assert struct.unpack("!HHH", inner[:6]) == (port, 5060, 8 + len(payload))
    assert inner[6:8] != b"\0\0"
    assert inner[8:] == payload


@given(st.binary(max_size=300), st.sampled_from([V4, V6]))
def test_segments_have_right_checksums(payload: bytes, ends: tuple[bytes, bytes]) -> None:
    """Sequence numbers wrap at 32 bits."""
    path = path_of(ends[0], 1, ends[1], 2)
    inner = check_sums(tcp(path, payload, seq=(1 << 32) + 7, ack=9, flags=0x18))

    assert struct.unpack("!HHIIBB", inner[:14]) == (1, 2, 7, 9, 0x50, 0x18)
    assert inner[20:] == payload


def test_crc32c_is_that_of_the_rfc() -> None:
    """RFC 3720 B.4: 32 bytes of zero, and of ones."""
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43


def test_sctp_chunks_are_padded_to_four() -> None:
    """The chunk's length is that without padding."""
    raw = sctp(path_of(V4[0], 1, V4[1], 2), b"abcde", tsn=3, tag=4)

    assert raw[9] == 132
    assert struct.unpack("!BBHI", raw[32:40]) == (0, 3, 16 + 5, 3)
    assert raw[48:] == b"abcde\0\0\0"


@pytest.mark.parametrize(
    ("source", "destination", "written"),
    [
        (b"", b"", (bytes(4), bytes(4))),
        (V4[0], b"", (V4[0], bytes(4))),
        (V6[0], b"", (V6[0], bytes(16))),
        (V6[0], V4[1], (V6[0], bytes(10) + b"\xff\xff" + V4[1])),
    ],
)
def test_unknown_and_mixed_addresses_are_written(
    source: bytes, destination: bytes, written: tuple[bytes, bytes]
) -> None:
    """Unknown is 0.0.0.0 or ::, IPv4 beside IPv6 is mapped."""
    path = path_of(source, 1, destination, 2)

    assert (path.source, path.destination) == written


def test_a_datagram_message_is_one_record_at_its_time() -> None:
    """UDP needs no more than the message; times before 1970 are 0."""
    ((time_us, raw),) = records(Writer().records(packet(b"hello")))

    assert (time_us, raw[28:]) == (TIME_US, b"hello")
    early = Packet(-5, b"", 0, b"", 0, "", b"")
    assert [time for time, _ in records(Writer().records(early))] == [0]


def segments(raw: bytes) -> list[tuple[int, int, int, bytes]]:
    """Return seq, ack, flags and payload of each record."""
    found = []
    for _, one in records(raw):
        inner = check_sums(one)
        seq, ack = struct.unpack("!II", inner[4:12])
        found.append((seq, ack, inner[13], inner[20:]))
    return found


def test_a_stream_opens_once_and_continues_in_both_directions() -> None:
    """Handshake, then each direction goes on where it was and acknowledges the other."""
    writer = Writer()
    first = segments(writer.records(packet(b"INVITE", transport="tcp")))
    answer = segments(writer.records(packet(b"200 OK...", transport="tcp", back=True)))
    more = segments(writer.records(packet(b"ACK", transport="tcp")))

    assert first == [
        (1000, 0, 0x02, b""),
        (1000, 1001, 0x12, b""),
        (1001, 1001, 0x10, b""),
        (1001, 1001, 0x18, b"INVITE"),
    ]
    assert answer == [(1001, 1007, 0x18, b"200 OK...")]
    assert more == [(1007, 1010, 0x18, b"ACK")]


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 200_000), st.booleans()), max_size=6))
def test_streams_hold_every_byte_in_order(messages: list[tuple[int, bool]]) -> None:
    """Whatever the sizes, both directions reassemble, and no segment is over-long."""
    writer = Writer()
    sent: dict[bool, bytes] = {False: b"", True: b""}
    got: dict[bool, bytes] = {False: b"", True: b""}
    for number, (size, back) in enumerate(messages):
        payload = bytes([number]) * size
        sent[back] += payload
        for _, one in records(writer.records(packet(payload, transport="tcp", back=back))):
            assert len(one) <= 65535
            inner = one[20:]
            backwards = inner[:2] == (5060).to_bytes(2, "big")
            if inner[20:]:
                assert int.from_bytes(inner[4:8], "big") == 1001 + len(got[backwards])
            got[backwards] += inner[20:]

    assert got == sent


def test_what_no_datagram_holds_is_written_as_a_stream() -> None:
    """A payload that was inflated may be longer than UDP can carry."""
    found = segments(Writer().records(packet(b"x" * 65_508)))

    assert b"".join(payload for *_, payload in found) == b"x" * 65_508
