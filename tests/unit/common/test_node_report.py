"""Reports on nodes: what goes onto the bus comes back, and whatever lies there is judged."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hep import HepPacket, admit, decode3, scan
from hep.packet import Quirk
from hepscope_common.node_report import (
    MAX_LISTENERS,
    MAX_NAME,
    MAX_SLOTS,
    STATES_PER_PACKET,
    ListenerState,
    NodeKind,
    NodeReport,
    NodeState,
    ReportError,
    decode_report,
    encode_reports,
    is_report,
    node_text,
)
from hepscope_common.store.node_reports import ReportedNodes
from support.hep_wire import sip_packet

NOW_US = 1_795_424_030_000_001
STATE = NodeState(
    slot=7,
    kind=NodeKind.ADDRESS,
    name="192.0.2.9 \u20ac\x07",
    node_id=2001,
    packets=5,
    packet_bytes=1 << 62,
    refused={"auth_key": 3, "network": 1},
    packets_per_s=0.25,
    bytes_per_s=1e6,
    refused_per_s=1 / 3,
    first_seen_us=NOW_US - 9,
    last_seen_us=NOW_US - 8,
    last_refused_us=NOW_US - 7,
    clock_skew_us=-1_500_000,
    hep_versions=[2, 3],
    quirks={str(quirk.name).lower(): 1 for quirk in Quirk},
)
WORST = STATE.model_copy(
    update={
        "name": "\x01" * MAX_NAME,
        "refused": {f"{'r' * 60}_{number:03}": (1 << 63) - 1 for number in range(60)},
    }
)


LISTENERS = [
    ListenerState(transport="t" * 64, host="a" * 64, port=65_535, received=(1 << 63) - 1)
] * MAX_LISTENERS


def report(*nodes: NodeState) -> NodeReport:
    """A report of an ingest called by its address."""
    return NodeReport(
        instance="edge:9060",
        started_us=NOW_US - 60_000_000,
        reported_us=NOW_US,
        period_ms=10_000,
        nodes=list(nodes),
        listeners=LISTENERS,
    )


def on_bus(*nodes: NodeState) -> list[HepPacket]:
    """The packets of a report, as a reader of the bus finds them."""
    record = b"".join(encode_reports(report(*nodes)))
    return [decode3(packet) for packet in scan(record)]


def test_a_report_comes_back_as_it_was() -> None:
    """Every field of the states and of the ingest itself."""
    (packet,) = on_bus(NodeState(slot=0, kind=NodeKind.OTHER), STATE)

    assert is_report(packet)
    assert decode_report(packet) == report(NodeState(slot=0, kind=NodeKind.OTHER), STATE)
    assert (packet.time_us, packet.received_at_us, packet.node_name) == (
        NOW_US,
        NOW_US,
        b"edge:9060",
    )


@pytest.mark.parametrize("state", [STATE, WORST], ids=["usual", "longest"])
def test_a_full_table_takes_several_packets(state: NodeState) -> None:
    """Each of them says whose it is; also the longest states fit, compressed where they must be."""
    nodes = [state.model_copy(update={"slot": slot}) for slot in range(MAX_SLOTS)]

    packets = on_bus(*nodes)

    assert len(packets) == -(-MAX_SLOTS // STATES_PER_PACKET)
    found = [decode_report(packet) for packet in packets]
    assert [node for one in found for node in one.nodes] == nodes
    assert {(one.instance, one.reported_us) for one in found} == {("edge:9060", NOW_US)}


def test_no_packet_from_outside_is_a_report() -> None:
    """The mark is removed on the way in, and counted; the payload stays a log line."""
    (forged,) = encode_reports(report(STATE))

    admitted = admit(forged, received_at_us=NOW_US, peer=b"", keep_origin=True)

    assert not is_report(decode3(admitted.packet))
    # Time of arrival, routing key and the mark itself.
    assert admitted.stripped_own_chunks == 3


def test_other_packets_are_no_reports() -> None:
    """Neither plain SIP nor a packet with foreign chunks of the same number."""
    (packet,) = on_bus(STATE)

    assert not is_report(decode3(sip_packet(b"OPTIONS sip:a SIP/2.0\r\n\r\n")))
    assert not is_report(replace(packet, extra=((0, 5, b"\x01"), (0x4853, 6, b"\x01"))))


def test_a_later_form_is_refused_and_a_later_field_passed_over() -> None:
    """Ingest may be newer than what reads."""
    (packet,) = on_bus(STATE)

    later = packet.payload.replace(b'{"instance"', b'{"weather":[1],"instance"')
    assert decode_report(replace(packet, payload=later)).nodes == [STATE]
    silent = packet.payload.replace(b',"listeners":', b',"weather":')
    assert decode_report(replace(packet, payload=silent)).listeners is None
    with pytest.raises(ReportError, match="form"):
        decode_report(replace(packet, extra=((0x4853, 5, b"\x02"),)))
    with pytest.raises(ReportError, match="form"):
        decode_report(replace(packet, extra=((0x4853, 5, b"\x01"), (0x4853, 5, b"\x01"))))


HOSTILE = {
    "nothing": b"",
    "no object": b"[]",
    "cut": b'{"instance":"a"',
    "nested": b"[" * 50_000,
    "not UTF-8": b'{"instance":"\xff"}',
    "a name that is a number": b'"instance":"edge:9060"=>"instance":7',
    "no name": b'"instance":"edge:9060"=>"instance":""',
    "NUL in a name": b'"name":"192=>"name":"\\u0000192',
    "a lone surrogate": b'"name":"192=>"name":"\\ud800192',
    "a long name": b'"name":"192=>"name":"' + b"9" * 300,
    "a slot beyond the table": b'"slot":7=>"slot":1024',
    "a negative slot": b'"slot":7=>"slot":-1',
    "a slot that is text": b'"slot":7=>"slot":"7"',
    "an unknown kind": b'"kind":"address"=>"kind":"planet"',
    "a count over 63 bits": b'"packets":5=>"packets":9223372036854775808',
    "a count without end": b'"packets":5=>"packets":' + b"9" * 5000,
    "a fraction for a count": b'"packets":5=>"packets":5.5',
    "a rate without end": b'"packets_per_s":0.25=>"packets_per_s":1e400',
    "no number": b'"packets_per_s":0.25=>"packets_per_s":NaN',
    "a time after 2100": b'"reported_us":1795424030000001=>"reported_us":4102444800000001',
    "a time before 1970": b'"last_seen_us":1795424029999993=>"last_seen_us":-1',
    "a reason that is a sentence": b'"auth_key":3=>"Oh, no":3',
    "a version that is none": b'"hep_versions":[2,3]=>"hep_versions":[2,9]',
    "states without end": b'"nodes":[=>"nodes":[' + b'{"slot":1},' * 1100,
    "reasons without end": b'"auth_key":3=>' + b",".join(b'"r%d":1' % n for n in range(200)),
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_forged_report_is_an_error_that_says_where(change: bytes) -> None:
    """Nothing of it is believed, and what it says is never part of the message."""
    (packet,) = on_bus(STATE)
    old, arrow, new = change.partition(b"=>")
    assert not arrow or old in packet.payload
    payload = packet.payload.replace(old, new) if arrow else change

    with pytest.raises(ReportError) as refusal:
        decode_report(replace(packet, payload=payload))

    assert 0 < len(str(refusal.value)) <= 200
    assert "planet" not in str(refusal.value)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode()))
def test_any_payload_is_a_report_or_an_error(payload: bytes) -> None:
    """One class of error, whatever comes."""
    try:
        decode_report(HepPacket(payload=payload, extra=((0x4853, 5, b"\x01"),)))
    except ReportError:
        pass
    else:
        pytest.fail("made of noise")


def test_of_a_slot_the_last_state_is_kept() -> None:
    """A batch may hold several reports; the clock of their ingest may have gone back meanwhile."""
    first = NodeState(slot=1, name="a", packets=1)
    reported = ReportedNodes()
    reported.add(report(first, NodeState(slot=2, name="b")))
    later = report(first.model_copy(update={"packets": 9}))
    reported.add(later.model_copy(update={"reported_us": NOW_US - 1}))

    assert (reported.packets, len(reported)) == (2, 2)
    assert [(row["name"], row["packets"]) for row in reported.rows()] == [("a", 9), ("b", 0)]


@pytest.mark.parametrize(
    ("name", "number", "text"),
    [
        (b"edge", 7, "edge"),
        (b"", 7, "7"),
        (b"a\0b\xff", 0, "a\ufffdb\ufffd"),
        ("\u20ac".encode() * 400, 0, "\u20ac" * 256),
    ],
)
def test_a_node_is_called_as_the_writer_calls_it(name: bytes, number: int, text: str) -> None:
    """Or its report would not find the node that is stored."""
    assert node_text(name, number) == text
