"""SCTP: every chunk with data, messages of several chunks, what is sent again, and bounds."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hepscope_capture.decode.datagrams import Datagram, Dissector
from hepscope_capture.decode.sctp import IDLE_US, SctpTable
from hepscope_capture.decode.sctp_joining import MAX_BYTES, TIMEOUT_US, WINDOW
from hepscope_capture.frame import Frame
from support.encapsulations import MACS, between, chunk, data, i_data, pieces, sctp
from support.frames import ethernet, ipv4, ipv6, make_options

SACK = chunk(3, 0, bytes(12))
COOKIE_ACK = chunk(11, 0, b"")
MESSAGES = [make_options(f"call-{number}") for number in range(8)]
LARGE = make_options("large")[:-2] + b"X-Long: " + b"y" * 5000 + b"\r\n\r\n"


def packet(
    *chunks: bytes,
    time_us: int = 1,
    tag: int = 1,
    ports: tuple[int, int] = (5060, 5070),
    lacks: int = 0,
) -> Datagram:
    """A packet with chunks, as a frame's decoder gives it; ``lacks`` bytes were not captured."""
    whole = between(ethernet(ipv4(sctp(chunks, tag=tag, ports=ports), protocol=132)))
    frame = whole[: len(whole) - lacks]
    found = Dissector().dissect(Frame(time_us, 1, frame, len(whole)))
    assert found is not None
    return found


def payloads(table: SctpTable, *packets: Datagram) -> list[bytes]:
    """The messages that come out of packets in a row."""
    return [one.payload for each in packets for one in table.feed(each)]


def test_every_chunk_of_a_bundle() -> None:
    """Messages side by side, with chunks of other kinds between them, of any length."""
    table = SctpTable()
    chunks = [COOKIE_ACK, data(MESSAGES[0], 1), SACK, data(MESSAGES[1], 2), data(MESSAGES[2], 3)]
    assert payloads(table, packet(*chunks)) == MESSAGES[:3]
    assert (table.counts.chunks, table.counts.messages, table.counts.packets) == (3, 3, 1)


def test_a_message_tells_its_packet() -> None:
    """Addresses, ports, time and cards are the packet's, the payload the chunk's alone."""
    source = packet(data(MESSAGES[0], 1), time_us=77)
    (found,) = SctpTable().feed(source)
    assert found == Datagram(
        77, 132, source.source, 5060, source.destination, 5070, MESSAGES[0], macs=MACS
    )


def test_over_ipv6() -> None:
    """The head behind IPv6's."""
    frame = ethernet(ipv6(sctp([data(MESSAGES[0], 1)]), following=132))
    found = Dissector().dissect(Frame(1, 1, frame, len(frame)))
    assert found is not None
    assert payloads(SctpTable(), found) == MESSAGES[:1]


@pytest.mark.parametrize("start", [1, 2**32 - 3])
def test_a_message_of_several_chunks(start: int) -> None:
    """In any order of arrival, also where the numbers begin anew."""
    parts = pieces(LARGE, 900, start)
    for seed in range(20):
        random.Random(seed).shuffle(shuffled := list(enumerate(parts)))
        table = SctpTable()
        found = [table.feed(packet(part, time_us=number)) for number, part in shuffled]
        assert [len(each) for each in found] == [0] * (len(parts) - 1) + [1]
        assert found[-1][0].payload == LARGE
        assert found[-1][0].time_us == shuffled[-1][0]
        assert (table.counts.joined, table.waiting_bytes) == (1, 0)


def test_messages_of_several_chunks_in_a_row() -> None:
    """The end of one is not the beginning of the next."""
    others = [LARGE.replace(b"large", b"other"), LARGE.replace(b"large", b"third")]
    first, second = pieces(LARGE, 2000, 1), pieces(others[0], 2000, 4)
    third = pieces(others[1], 2000, 7)
    table = SctpTable()
    order = [first[1], second[0], first[2], third[2], second[1], third[0], second[2], first[0]]
    assert payloads(table, *map(packet, order)) == [others[0], LARGE]
    assert payloads(table, packet(third[1])) == [others[1]]


def test_interleaved_messages() -> None:
    """I-DATA: pieces of one message between those of another, each with numbers of its own."""
    half = len(LARGE) // 2
    other = LARGE.replace(b"large", b"other")
    chunks = [
        i_data(LARGE[:half], 1, last=False, message=4),
        i_data(other[:half], 2, last=False, message=4, stream=1),
        i_data(MESSAGES[0], 3, message=5),
        i_data(other[half:], 4, first=False, message=4, stream=1, piece=1),
        i_data(LARGE[half:], 5, first=False, message=4, piece=1),
    ]
    assert payloads(SctpTable(), *map(packet, chunks)) == [MESSAGES[0], other, LARGE]


def test_what_is_sent_again_comes_out_once() -> None:
    """Known by its number, whole or as a piece, from another address too."""
    table = SctpTable()
    parts = pieces(LARGE, 3000, 10)
    one = packet(data(MESSAGES[0], 9))
    again = packet(data(MESSAGES[0], 9), SACK)
    again.source = b"\x0a\0\0\1"
    assert payloads(table, one, again) == MESSAGES[:1]
    assert payloads(table, *map(packet, (parts[0], parts[0], parts[1], parts[1]))) == [LARGE]
    assert table.counts.again == 3


def test_late_is_not_again() -> None:
    """A number behind the newest that had not come is new; far behind nothing is known."""
    table = SctpTable()
    for tsn in (500, 499, 400, 500 + WINDOW - 1, 501, 7_000_000, 6_000_000):
        assert len(table.feed(packet(data(MESSAGES[0], tsn)))) == 1
    assert table.feed(packet(data(MESSAGES[0], 6_000_000))) == []


def test_associations_are_told_apart() -> None:
    """By tag and ports."""
    table = SctpTable()
    for tag, ports in ((1, (5060, 5070)), (2, (5060, 5070)), (1, (5070, 5060))):
        assert payloads(table, packet(data(MESSAGES[0], 1), tag=tag, ports=ports)) == MESSAGES[:1]
    assert len(table) == 3
    first, last = pieces(LARGE, 3000, 2)
    assert payloads(table, packet(first, tag=1), packet(last, tag=2)) == []


def test_what_is_no_sip_is_counted() -> None:
    """Signalling of mobile networks has the same transport."""
    table = SctpTable()
    assert payloads(table, packet(data(b"\0\x11\0\x2d", 1), data(MESSAGES[0], 2))) == MESSAGES[:1]
    assert table.counts.not_sip == 1


def test_a_cut_packet() -> None:
    """The last message is sent as far as it goes; a piece that is cut is of no use."""
    table = SctpTable()
    (found,) = table.feed(packet(data(MESSAGES[0], 1), lacks=30))
    assert (found.payload, found.is_cut) == (MESSAGES[0][: -30 + -len(MESSAGES[0]) % 4], True)
    two = [data(MESSAGES[1], 2), data(MESSAGES[2], 3)]
    found, last = table.feed(packet(*two, lacks=30))
    assert (found.payload, found.is_cut, last.is_cut) == (MESSAGES[1], False, True)
    assert table.feed(packet(*pieces(LARGE, 3000, 4)[:1], lacks=9)) == []
    assert table.counts.cut == 1
    assert not table.feed(packet(SACK, lacks=14))
    assert table.counts.malformed == 0


@pytest.mark.parametrize(
    "bad",
    [
        b"\0",
        b"\0\3\0",
        b"\0\3\0\0" + bytes(20),
        b"\0\3\0\3" + bytes(20),
        chunk(0, 3, bytes(12)),
        chunk(64, 3, bytes(16)),
        chunk(0, 3, bytes(3)),
        b"\0\3\x01\0" + bytes(40),
    ],
)
def test_chunks_that_cannot_be(bad: bytes) -> None:
    """What is before them counts, what is behind them cannot be found."""
    table = SctpTable()
    assert payloads(table, packet(data(MESSAGES[0], 1), bad)) == MESSAGES[:1]
    assert table.counts.malformed == 1


def test_pieces_are_given_up_after_a_time() -> None:
    """And counted; so are those that wait at the end."""
    table = SctpTable()
    first, last = pieces(LARGE, 3000, 1)
    assert payloads(table, packet(first), packet(last, time_us=2 + TIMEOUT_US)) == []
    assert table.counts.incomplete == 1
    assert table.waiting_bytes > 0
    table.finish()
    assert (table.counts.incomplete, table.waiting_bytes, len(table)) == (2, 0, 0)


def test_an_association_that_is_silent_is_forgotten() -> None:
    """With what it had waiting."""
    table = SctpTable()
    table.feed(packet(pieces(LARGE, 3000, 1)[0]))
    table.feed(packet(data(MESSAGES[0], 1), tag=2, time_us=2 + IDLE_US))
    assert (len(table), table.waiting_bytes, table.counts.incomplete) == (1, 0, 1)


def test_one_association_is_bounded() -> None:
    """Beginnings without an end push each other out, whatever their size."""
    for size in (1, 1400):
        table = SctpTable()
        for tsn in range(0, 20_000, 2):
            table.feed(packet(data(bytes(size), tsn, last=False)))
            assert table.waiting_bytes <= MAX_BYTES
        assert table.counts.evicted > 0


def test_the_table_is_bounded() -> None:
    """In bytes and in associations; the one that was silent for longest goes."""
    table = SctpTable(most_directions=30, most_bytes=20_000)
    for tag in range(40):
        table.feed(packet(data(bytes(1400), 1, last=False), tag=tag))
        assert table.waiting_bytes <= 20_000
    assert table.counts.evicted == 40 - len(table)
    for tag in range(40):
        table.feed(packet(data(MESSAGES[0], 2), tag=tag))
    assert len(table) <= 30


CHUNKS = st.lists(
    st.one_of(
        st.builds(chunk, st.sampled_from((0, 3, 64)), st.integers(0, 7), st.binary(max_size=40)),
        st.builds(
            data,
            st.sampled_from((b"x", MESSAGES[0])),
            st.integers(-3, 3),
            first=st.booleans(),
            last=st.booleans(),
        ),
        st.builds(
            i_data,
            st.sampled_from((b"x", MESSAGES[0])),
            st.integers(-3, 3),
            first=st.booleans(),
            last=st.booleans(),
            message=st.integers(0, 1),
            piece=st.integers(0, 3),
        ),
        st.binary(max_size=30),
    ),
    max_size=12,
)


@given(st.lists(CHUNKS, max_size=6), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_chunks_never_raise_and_account_for_what_waits(
    packets: list[list[bytes]], is_cut: bool
) -> None:
    """Contradictions too: two pieces with one number, ends without beginnings."""
    table = SctpTable()
    for at, chunks in enumerate(packets):
        whole = packet(time_us=at * TIMEOUT_US // 2)
        whole.payload, whole.is_cut = b"".join(chunks), is_cut
        table.feed(whole)
        assert table.waiting_bytes >= 0
    table.finish()
    assert table.waiting_bytes == 0


@given(st.permutations(pieces(LARGE, 700, 2**32 - 4)), st.data())
@settings(max_examples=60, deadline=None)
def test_any_bundling_of_pieces_gives_the_message_once(
    parts: list[bytes], draw: st.DataObject
) -> None:
    """Whatever the order, the packets that they come in, and what is sent again."""
    again = draw.draw(st.lists(st.sampled_from(parts), max_size=4))
    table = SctpTable()
    found: list[bytes] = []
    left = parts + again
    while left:
        size = draw.draw(st.integers(1, len(left)))
        found += payloads(table, packet(*left[:size]))
        left = left[size:]
    assert found == [LARGE]
