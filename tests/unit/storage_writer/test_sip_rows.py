"""Tests of the rows of SIP messages; what reads back is tested on a database."""

import pytest

from hep import HepPacket
from hep.sip import parse
from hepscope_storage_writer.sip_rows import COLUMNS, SipRows, class_of, transport_of
from hepscope_storage_writer.times import Reading
from support.builders import BASE_US, make_request, make_response


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (make_request("INVITE"), 1),
        (make_request("NOTIFY"), 1),
        (make_response(200, "OK", "BYE"), 1),
        (make_request("REGISTER"), 2),
        (make_response(401, "No", "REGISTER"), 2),
        (make_request("OPTIONS"), 3),
        (make_request("FOO"), 3),
        (b"", 3),
        (b"no SIP", 3),
    ],
)
def test_the_class_follows_the_method(payload: bytes, expected: int) -> None:
    """An answer lies with its request; what cannot be read is other SIP."""
    assert class_of(parse(payload)) == expected


@pytest.mark.parametrize(
    ("ip_protocol", "via", "expected"),
    [
        (17, "udp", 1),
        (17, "tls", 1),
        (6, "tcp", 2),
        (6, "", 2),
        (132, "", 4),
        (22, "", 3),
        (22, "wss", 6),
        (50, "", 5),
        (50, "tls", 3),
        (0, "udp", 1),
        (99, "odd", 0),
    ],
)
def test_the_top_via_decides_where_the_ip_protocol_cannot(
    ip_protocol: int, via: str, expected: int
) -> None:
    """UDP, TCP and SCTP are believed; 22, 50 and the unknown ask the Via."""
    assert transport_of(ip_protocol, via) == expected


def test_a_row_has_every_column() -> None:
    """Walking the lengths of a row gives as many fields as there are columns, and no rest."""
    packet = HepPacket(payload=make_request(), received_at_us=BASE_US)

    row = SipRows().row(packet, parse(packet.payload), Reading(BASE_US, BASE_US), 1, "node")

    assert int.from_bytes(row[:2], "big") == len(COLUMNS)
    at, fields = 2, 0
    while at < len(row):
        length = int.from_bytes(row[at : at + 4], "big", signed=True)
        at += 4 + max(length, 0)
        fields += 1
    assert (at, fields) == (len(row), len(COLUMNS))


def test_a_row_from_memory_is_the_same() -> None:
    """Remembered fields change nothing."""
    rows = SipRows()
    packet = HepPacket(payload=make_response(486, "Busy Here"), received_at_us=BASE_US)
    message = parse(packet.payload)

    first = rows.row(packet, message, Reading(BASE_US, BASE_US), 1, "node")

    assert rows.row(packet, message, Reading(BASE_US, BASE_US), 1, "node") == first
