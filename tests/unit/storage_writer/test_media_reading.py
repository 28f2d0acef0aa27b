"""What is read of packets and messages, and what hostile ones cost."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep.media.errors import Reason
from hep.rtcp import ReceiverReport, ReportBlock, encode
from hepscope_common.bus.protocol import Record
from hepscope_common.store.media_minutes import MinuteSums
from hepscope_storage_writer.batch import Batch
from hepscope_storage_writer.decode import REPORT_BYTES, Decoder
from hepscope_storage_writer.expiry import Expiry
from hepscope_storage_writer.media_plan import count
from hepscope_storage_writer.media_rating import rate
from hepscope_storage_writer.media_reading import MAX_REPORTS
from hepscope_storage_writer.media_row import COLUMNS, MediaRow
from hepscope_storage_writer.media_row import encode as encode_row
from hepscope_storage_writer.times import DAY_US
from support.builders import BASE_US, make_packet, make_request

MEDIA_TYPES = (5, 20, 32, 34, 35, 38, 58, 99)


def decode(*packets: bytes) -> Batch:
    """Return the batch that packets make."""
    decoder = Decoder(now_us=lambda: BASE_US, expiry=Expiry(), with_calls=True)
    batch = Batch(DAY_US)
    decoder.add(batch, Record("t", 0, 7, b"".join(packets), len(packets)))
    return batch


def check(row: MediaRow) -> None:
    """Check that a row can be rated, summed up and stored."""
    rate(row, "8 PCMA/8000")
    count(MinuteSums(), row)
    assert int.from_bytes(encode_row(row)[:2], "big") == len(COLUMNS)


def report(*ssrcs: int) -> bytes:
    """Return RTCP JSON with a block for each SSRC."""
    blocks = [{"source_ssrc": ssrc, "fraction_lost": 1, "ia_jitter": 8} for ssrc in ssrcs]
    return json.dumps({"ssrc": 1, "type": 201, "report_blocks": blocks}).encode()


def test_each_report_of_a_packet_is_a_row() -> None:
    """They share time and id of the packet; numbers count within it."""
    batch = decode(make_packet(report(7, 8), protocol_type=5, node_name=b"m1"))

    assert [(row.number, row.ssrc) for row in batch.media.rows] == [(0, 7), (1, 8)]
    assert {(row.time, row.node, row.protocol_type) for row in batch.media.rows} == {
        (BASE_US, "m1", 5)
    }
    assert len({row.id for row in batch.media.rows}) == 1


def test_rtcp_as_bytes_is_read_too() -> None:
    """Some agents send it so under the type of its JSON."""
    data = encode(ReceiverReport(1, (ReportBlock(7, 26, 3, 1000, 80, 0, 0),)))
    (row,) = decode(make_packet(data, protocol_type=5)).media.rows

    assert (row.kind, row.ssrc, row.packets_lost) == ("rtcp", 7, 3)


def test_too_many_reports_are_refused_as_a_whole() -> None:
    """The packet is stored as it came."""
    batch = decode(make_packet(report(*range(1, MAX_REPORTS + 2)), protocol_type=5))

    assert batch.media.rows == []
    assert batch.media.refused == {Reason.TOO_MANY: 1}
    assert sum(len(rows) for _, rows in batch.groups()) == 1


def test_reports_count_for_the_size_of_a_batch() -> None:
    """A packet of 1.5 kB makes 64 rows, so a batch of such packets is closed before it is huge."""
    packet = make_packet(report(*range(1, 51)), protocol_type=5)

    assert decode(packet).size_bytes == len(packet) + 50 * REPORT_BYTES


def test_a_body_that_is_no_report_is_counted_once() -> None:
    """Its message is stored as any other."""
    message = make_request("PUBLISH", headers="Content-Type: application/vq-rtcpxr\r\n", body="x")
    batch = decode(make_packet(message))

    assert batch.media.refused == {Reason.BAD_SHAPE: 1}
    assert sum(len(rows) for _, rows in batch.groups()) == 1


@given(st.sampled_from(MEDIA_TYPES), st.binary(max_size=300))
@settings(max_examples=300)
def test_any_payload_gives_rows_that_can_be_stored(protocol_type: int, payload: bytes) -> None:
    """Or is counted by its reason; the packet is stored either way."""
    batch = decode(make_packet(payload, protocol_type=protocol_type))

    assert sum(len(rows) for _, rows in batch.groups()) == 1
    for row in batch.media.rows:
        check(row)


_NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=5), st.none(), st.booleans()
)


_FIELDS = ("source_ssrc", "fraction_lost", "packets_lost", "ia_jitter", "lsr", "dlsr")


@given(st.dictionaries(st.sampled_from(_FIELDS), _NUMBERS))
@settings(max_examples=300)
def test_any_numbers_in_a_report_can_be_stored(block: dict[str, object]) -> None:
    """Impossible ones are unknown."""
    payload = json.dumps({"ssrc": 1, "type": 201, "report_blocks": [block]}).encode()
    for row in decode(make_packet(payload, protocol_type=5)).media.rows:
        check(row)


@pytest.mark.parametrize(
    "header", ["X-RTP-Stat: PS=1;PR=2;PL=1,0;JI=3", "RTP-RxStat: Dur=5,Pkt=9,LostPkt=2,AvgJit=1"]
)
def test_statistics_headers_are_of_their_message(header: str) -> None:
    """The Call-ID is the message's."""
    batch = decode(make_packet(make_request("BYE", headers=header + "\r\n")))

    assert {(row.call_id, row.joined_by) for row in batch.media.rows} == {
        ("call-1@example.org", "report")
    }
