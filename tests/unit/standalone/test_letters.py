"""Dead letters as text."""

from hypothesis import given
from hypothesis import strategies as st

from hep import admit
from hepscope_common.bus.browsing import Taken
from hepscope_common.bus.protocol import Record
from hepscope_standalone.letters import Letter, describe, hex_lines, letter_of, peer_text
from support.builders import BASE_US, make_packet, make_request

PEER = bytes([192, 0, 2, 9]) + (9060).to_bytes(2, "big")


def make_letter(packet: bytes, **headers: bytes) -> Letter:
    """Return a letter as it stands on the bus."""
    record = Record("dead", 0, 7, packet, 1, tuple(headers.items()))
    return letter_of(Taken(record, BASE_US))


def test_a_letter_of_ingest_names_its_sender() -> None:
    """It never stood on the bus."""
    letter = make_letter(b"junk", reason=b"not_hep", peer=PEER, offset=b"3")

    assert (letter.reason, letter.peer) == ("not_hep", "192.0.2.9:9060")
    assert letter.came_from == "ingest"


def test_a_letter_of_the_writer_names_its_place() -> None:
    """The sender is in the packet."""
    packet = admit(make_packet(b"x"), received_at_us=1, peer=PEER).packet
    letter = make_letter(packet, topic=b"t", partition=b"2", offset=b"33", index=b"4")

    assert (letter.peer, letter.came_from) == ("192.0.2.9:9060", "t[2] 33.4")
    assert letter.reason == "unknown"


def test_everything_that_can_be_read_is_shown() -> None:
    """The headers, what HEP says, the message and the bytes."""
    letter = make_letter(make_packet(make_request("INVITE", "call-1")), reason=b"refused")

    text = describe(letter, max_bytes=32)

    for part in (
        "offset    7",
        "2026-11-23T08:53:20",
        "Call-ID   call-1",
        "192.0.2.1:5060 to 192.0.2.2:5060",
        "| INVITE sip:bob@example.org SIP/2.0",
        "000000  48 45 50 33",
        "more bytes (--full)",
    ):
        assert part in text


def test_ipv6_peers_are_bracketed() -> None:
    """And anything of another width is no peer."""
    assert peer_text(bytes(15) + b"\x01" + b"\x00\x50") == "[::1]:80"
    assert peer_text(b"123") == ""


def test_hex_has_sixteen_bytes_a_line() -> None:
    """Offset, hex and what is printable."""
    assert hex_lines(b"ABC\x00" * 5) == [
        "000000  41 42 43 00 41 42 43 00 41 42 43 00 41 42 43 00  ABC.ABC.ABC.ABC.",
        "000010  41 42 43 00                                      ABC.",
    ]


@given(
    st.binary(max_size=200),
    st.dictionaries(st.sampled_from(["reason", "peer", "topic"]), st.binary()),
)
def test_any_letter_is_text_that_no_terminal_obeys(
    packet: bytes, headers: dict[str, bytes]
) -> None:
    """Whatever the bytes and headers are."""
    letter = make_letter(packet, **headers)

    text = describe(letter, max_bytes=None)

    controls = {chr(code) for code in (*range(32), *range(127, 160))} - {"\n", "\t"}
    assert controls.isdisjoint(text)
    assert controls.isdisjoint(letter.came_from + letter.reason + letter.peer)
