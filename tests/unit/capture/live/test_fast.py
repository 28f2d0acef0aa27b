"""The short way gives what the long way gives, whatever is on the wire."""

import struct
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hep import decode3
from hepscope_capture.decode.datagrams import Dissector
from hepscope_capture.decode.errors import FrameError
from hepscope_capture.decode.transport import UDP
from hepscope_capture.encoder import Encoder
from hepscope_capture.frame import Frame
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.fast import FastPath
from hepscope_capture.live.ring import Ring
from hepscope_capture.media.heard import Heard, datagram_of
from hepscope_capture.packets import Labels
from hepscope_capture.sip_start import begins_sip, is_usual_sip
from support.frames import (
    BOB,
    ethernet,
    fragments_v4,
    ipv4,
    ipv6,
    make_invite,
    make_options,
    tcp,
    udp,
)
from support.rings import Shown, ring_of

LABELS = Labels(7, b"edge", b"secret")
PORTS = frozenset({5060})
PACKET = ipv4(udp(make_options()))
SIX = ipv6(udp(make_options()))
RESPONSE = make_options().replace(b"OPTIONS sip:bob@example.com SIP/2.0", b"SIP/2.0 200 OK")


class Ways:
    """The short way with the long one behind it, or the long one alone."""

    def __init__(self, ports: frozenset[int] | None = PORTS) -> None:
        self._ports = ports
        self._encoder = Encoder(LABELS)
        self._dissector = Dissector()
        self.counts = FrameCounts()
        self.heard: list[Heard] = []
        self.packets: list[bytes] = []
        self.odd = 0

    def take_short(self, shown: Sequence[Shown]) -> list[bytes]:
        """Work a block off by the short way."""
        path = FastPath(self._encoder, self.counts, self._ports, hear=self.heard.append)

        def work(ring: Ring, at: int, count: int) -> None:
            path.work_off(ring, at, count, self.packets, self._long)

        _, ring, _ = ring_of(list(shown))
        assert ring.work_off(work)
        return self.packets

    def take_long(self, shown: Sequence[Shown]) -> list[bytes]:
        """Work a block off by the long way."""

        def work(ring: Ring, at: int, count: int) -> None:
            for _ in range(count):
                self._long(ring.frame(at))
                at = ring.next_place(at)

        _, ring, _ = ring_of(list(shown))
        assert ring.work_off(work)
        return self.packets

    def _long(self, frame: Frame) -> None:
        self.odd += 1
        try:
            found = self._dissector.dissect(frame)
        except FrameError:
            return
        if found is None or found.protocol != UDP or not begins_sip(found.payload):
            return
        ports = {found.source_port, found.destination_port}
        if self._ports is None or ports & self._ports:
            self.packets.append(self._encoder.encode(found, found.time_us))


USUAL = {
    "request": Shown(ethernet(PACKET)),
    "response": Shown(ethernet(ipv4(udp(RESPONSE, ports=(9, 5060))))),
    "loopback": Shown(ethernet(PACKET), device=772),
    "tag taken off": Shown(ethernet(PACKET), status=0x51, tag=0x6005, tag_type=0x8100),
    "tag without a type": Shown(ethernet(PACKET), status=0x11, tag=0x6005),
    "padding behind": Shown(ethernet(PACKET) + bytes(9)),
    "cards": Shown(bytes(range(12)) + ethernet(PACKET)[12:]),
    "class of service": Shown(ethernet(PACKET[:1] + b"\xb8" + PACKET[2:])),
    "ipv6": Shown(ethernet(SIX), protocol=0x86DD),
    "ipv6, class and label": Shown(ethernet(b"\x6b\x87\x65\x43" + SIX[4:]), protocol=0x86DD),
    "ipv6, tag taken off": Shown(
        ethernet(SIX), status=0x51, tag=7, tag_type=0x88A8, protocol=0x86DD
    ),
    "do not fragment": Shown(ethernet(ipv4(udp(make_options()), dont_fragment=True))),
}
ODD = {
    "another port": Shown(ethernet(ipv4(udp(make_options(), ports=(9, 10))))),
    "not SIP": Shown(ethernet(ipv4(udp(b"\r\n\r\n")))),
    "own method": Shown(ethernet(ipv4(udp(make_options().replace(b"OPTIONS", b"KDMQ"))))),
    "bare line end": Shown(ethernet(ipv4(udp(b"BYE sip:a\n b SIP/2.0\r\n\r\n")))),
    "bare return": Shown(ethernet(ipv4(udp(b"BYE sip:a\r b SIP/2.0\r\n\r\n")))),
    "empty": Shown(ethernet(ipv4(udp(b"")))),
    "bad length": Shown(ethernet(ipv4(udp(make_options(), length=4)))),
    "long length": Shown(ethernet(ipv4(udp(make_options(), length=900)))),
    "cut": Shown(ethernet(PACKET)[:100], wire=len(ethernet(PACKET))),
    "options": Shown(ethernet(ipv4(udp(make_options()), options=bytes(8)))),
    "tcp": Shown(ethernet(ipv4(tcp(make_options()), protocol=6))),
    "ipv6 with a head before UDP": Shown(
        ethernet(ipv6(b"\x11\0" + bytes(6) + udp(make_options()), following=60)), protocol=0x86DD
    ),
    "ipv6, another port": Shown(
        ethernet(ipv6(udp(make_options(), ports=(9, 10)))), protocol=0x86DD
    ),
    "ipv6, cut": Shown(ethernet(SIX)[:100], wire=len(ethernet(SIX)), protocol=0x86DD),
    "ipv6, bad length": Shown(ethernet(ipv6(udp(make_options(), length=900))), protocol=0x86DD),
    "ipv6 in tcp": Shown(ethernet(ipv6(tcp(make_options()), following=6)), protocol=0x86DD),
    "tag inside": Shown(ethernet(PACKET, kind=0x0800, tags=((0x8100, 7),)), protocol=0x8100),
    "two tags": Shown(
        ethernet(PACKET, kind=0x0800, tags=((0x8100, 7),)),
        status=0x51,
        tag=9,
        tag_type=0x88A8,
        protocol=0x8100,
    ),
    "strange tag": Shown(ethernet(PACKET), status=0x51, tag=9, tag_type=0x1234),
    "no link layer": Shown(PACKET, device=65534, link_bytes=0),
    "tunnel": Shown(b"tunnel--" + PACKET, device=778, link_bytes=8),
    "foreign link of fourteen bytes": Shown(ethernet(PACKET), device=512),
    "port of a tunnel": Shown(ethernet(ipv4(udp(make_options(), ports=(5060, 4789))))),
    "nothing": Shown(b""),
}


@pytest.mark.parametrize("name", USUAL)
def test_the_usual_goes_the_short_way(name: str) -> None:
    """Byte for byte as by the long one, which is not asked."""
    short, long = Ways(), Ways()
    assert short.take_short([USUAL[name]] * 3) == long.take_long([USUAL[name]] * 3)
    assert (len(short.packets), short.odd) == (3, 0)
    assert (short.counts.frames, short.counts.messages) == (3, 3)


@pytest.mark.parametrize("name", ODD)
def test_the_odd_goes_the_long_way(name: str) -> None:
    """And what is usual around it does not suffer."""
    shown = [USUAL["request"], ODD[name], ODD[name], USUAL["response"]]
    short, long = Ways(), Ways()
    assert short.take_short(shown) == long.take_long(shown)
    assert short.odd == 2


def test_fragments_are_odd() -> None:
    """All of them."""
    shown = [Shown(ethernet(one)) for one in fragments_v4(udp(make_options()), 128)]
    short, long = Ways(), Ways()
    assert short.take_short(shown) == long.take_long(shown)
    assert len(short.packets) == 1
    assert short.odd == len(shown)


def test_a_message_too_large_for_hep_is_odd() -> None:
    """The codec compresses it."""
    shown = [Shown(ethernet(ipv4(udp(make_options() + b"y" * 65_200))))]
    short = Ways()
    short.take_short(shown)
    assert short.odd == 1
    assert len(decode3(short.packets[0]).payload) > 65_000


def test_what_may_tell_of_media_is_learned_from() -> None:
    """Descriptions and the ends of calls; other requests tell nothing."""
    ways = Ways()
    body = make_invite("call-7", "192.0.2.1", 4000)
    bye = make_options().replace(b"OPTIONS", b"BYE")
    ways.take_short([Shown(ethernet(ipv4(udp(one)))) for one in (make_options(), body, bye)])
    assert [payload for _, _, payload in ways.heard] == [body, bye]
    first = datagram_of(ways.heard[0])
    assert (first.source, first.source_port) == (bytes((192, 0, 2, 1)), 5060)
    assert (first.destination, first.destination_port) == (bytes((198, 51, 100, 2)), 5070)
    assert first.time_us == 1_700_000_000_123_456


def test_strangers_do_not_fill_the_memory() -> None:
    """Sources and cards without end: the packets are right, and what was looked up is let go."""
    short, long = Ways(), Ways()

    def blocks() -> Iterator[list[Shown]]:
        for block in range(20):
            yield [
                Shown(
                    struct.pack("!QI", block, number)
                    + ethernet(ipv4(udp(make_options(), ports=(number, 5060))))[12:]
                )
                for number in range(1, 1000)
            ]

    for shown in blocks():
        short.take_short(shown)
        long.take_long(shown)
    assert short.packets == long.packets


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*USUAL.values(), *ODD.values()]),
            st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=4),
            st.integers(0, 40),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_change_of_a_packet(
    packets: list[tuple[Shown, list[tuple[int, int]], int]],
) -> None:
    """Bytes altered, ends cut off."""
    shown = []
    for one, changes, cut in packets:
        frame = bytearray(one.frame)
        for at, value in changes:
            if at < len(frame):
                frame[at] = value
        data = bytes(frame[: max(len(frame) - cut, 0)])
        wire = len(frame) if cut % 2 else -1
        shown.append(
            Shown(data, wire, one.status, one.tag, one.tag_type, one.protocol, one.device,
                  one.link_bytes)
        )  # fmt: skip
    assert Ways().take_short(shown) == Ways().take_long(shown)
    assert Ways(None).take_short(shown) == Ways(None).take_long(shown)


@given(st.binary(max_size=64), st.sampled_from([b"", b"INVITE sip:", b"SIP/2.0 200", b"ACK sips:"]))
def test_what_is_usual_is_sip(data: bytes, start: bytes) -> None:
    """Nothing else passes the quick test."""
    for payload in (start + data, start + data + b" SIP/2.0\r\n"):
        if is_usual_sip(payload):
            assert begins_sip(payload)


def test_hosts_are_known_by_the_short_way() -> None:
    """Both directions of one pair, one of another; not of what is on other ports."""
    ways = Ways()
    there, back = ("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.1")
    lonely = ("fd00::1", "fd00::2")
    shown = [Shown(ethernet(ipv4(udp(make_options()), hosts=hosts))) for hosts in (there, back)]
    shown += [Shown(ethernet(ipv6(udp(make_options()), hosts=lonely)), protocol=0x86DD)]
    shown += [Shown(ethernet(ipv4(udp(make_options(), ports=(9, 9)), hosts=("1.1.1.1", BOB))))]
    # Options of IP that look like such ports, and a length.
    options = struct.pack("!HHHH", 5060, 9, 16, 0)
    packet = ipv4(udp(make_options(), ports=(9, 9)), hosts=("2.2.2.2", BOB), options=options)
    shown += [Shown(ethernet(packet))]
    ways.take_short(shown)
    assert (len(ways.counts.hosts), ways.counts.hosts.one_way) == (2, 1)
