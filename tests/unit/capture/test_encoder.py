"""The quick way to HEP gives the bytes of the thorough one."""

import pytest

from hep import EncodeError, decode3, encode3
from hepscope_capture.decode.datagrams import Datagram
from hepscope_capture.encoder import Encoder
from hepscope_capture.packets import Labels, packet_of
from support.frames import make_options

SIX = bytes(range(16))
FOUR = (b"\1\2\3\4", b"\5\6\7\x08")
MACS = bytes(range(12))
LABELS = [
    Labels(2001),
    Labels(0, b"edge-1"),
    Labels(2**32 - 1, "Köln".encode(), b"secret"),
    Labels(7, b"", b""),
]
DATAGRAMS = [
    Datagram(0, 17, b"\1\2\3\4", 5060, b"\5\6\7\x08", 65_535, make_options()),
    Datagram(0, 6, SIX, 0, SIX[::-1], 5061, b"x" * 60_000),
    Datagram(0, 17, b"\1\2\3\4", 5060, b"\5\6\7\x08", 5060, make_options(), vlan=7),
    Datagram(0, 17, b"\1\2\3\4", 5060, b"\5\6\7\x08", 5060, b""),
    Datagram(0, 17, b"\1\2\3\4", 5060, b"\5\6\7\x08", 5060, b"y" * 65_500),
    Datagram(0, 17, FOUR[0], 1, FOUR[1], 2, b"x", vlan=9, tos=0xB8, macs=MACS),
    Datagram(0, 6, FOUR[0], 1, FOUR[1], 2, b"x", macs=MACS, flags=0x18),
    Datagram(0, 17, FOUR[0], 1, FOUR[1], 2, b"{}", kind=5, correlation_id=b"call-1"),
    Datagram(0, 17, SIX, 1, SIX, 2, b"{}", tos=1, kind=100, correlation_id=b"c" * 65_000),
    Datagram(0, 17, FOUR[0], 1, FOUR[1], 2, b"z" * 65_400, macs=MACS),
]
TIMES = [0, 1_700_000_000_123_456, (2**32 - 1) * 1_000_000 + 999_999, 2**32 * 1_000_000]


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("time_us", TIMES)
@pytest.mark.parametrize("number", range(len(DATAGRAMS)))
def test_equals_the_codec(labels: Labels, time_us: int, number: int) -> None:
    """Byte for byte, whatever the widths, labels and sizes."""
    datagram = DATAGRAMS[number]
    encoded = Encoder(labels).encode(datagram, time_us)
    assert encoded == encode3(packet_of(datagram, labels, time_us))
    assert decode3(encoded).payload == datagram.payload


@pytest.mark.parametrize(
    "labels", [Labels(2001, b"n" * 65_530), Labels(2**32), Labels(1, b"", b"k" * 65_400)]
)
def test_what_hep_cannot_carry_is_refused(labels: Labels) -> None:
    """Message by message, as by the codec."""
    encoder = Encoder(labels)
    with pytest.raises(EncodeError):
        encoder.encode(DATAGRAMS[0], 1)


def test_many_networks_are_not_kept_for_ever() -> None:
    """Whatever was kept before, the bytes are right."""
    encoder = Encoder(Labels(1))
    for number in range(10_000):
        one = Datagram(0, 17, FOUR[0], 1, FOUR[1], 2, b"x", macs=number.to_bytes(12, "big"))
        encoded = encoder.encode(one, 0)
        if not number % 1000:
            assert encoded == encode3(packet_of(one, Labels(1), 0))
