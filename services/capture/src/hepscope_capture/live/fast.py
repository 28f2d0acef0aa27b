"""From the ring to HEP in one step, for the packets that nearly all are.

Whole UDP over IP in Ethernet, with at most the VLAN tag that the kernel took off, that carries a
usual SIP message. What it gives equals what the long way gives (``ring``, ``pipeline``,
``packer``), at a third of the price; whatever is odd about a packet, it takes the long way.
"""

import struct
import sys
from array import array
from collections.abc import Callable

from hep.chunks import CHUNK_HEAD_BYTES, MAGIC, MAX_PACKET_BYTES
from hepscope_capture.decode.transport import UDP
from hepscope_capture.encoder import Encoder
from hepscope_capture.frame import Frame
from hepscope_capture.frame_counts import FrameCounts
from hepscope_capture.live.form import Form
from hepscope_capture.live.ring import Ring
from hepscope_capture.live.usual import FLOW_BYTES, LINK_AT, SAID_BYTES, Flows, Links
from hepscope_capture.media.glance import Look, glance
from hepscope_capture.media.heard import Heard

_ETHERNET_BYTES, _IP_BYTES, _SIX_BYTES, _UDP_BYTES = 14, 20, 40, 8
_IP_AND_UDP_BYTES = _IP_BYTES + _UDP_BYTES
_PAYLOAD_AT = LINK_AT + _ETHERNET_BYTES + _IP_AND_UDP_BYTES
_SIX_PAYLOAD_AT = LINK_AT + _ETHERNET_BYTES + _SIX_BYTES + _UDP_BYTES

# Of the packet's head: next, seconds, nanoseconds, captured, wire, what is said of the link. Of
# the frame: MACs to class of service; total length; fragment, time to live and protocol in one;
# addresses and ports; length.
_FIELDS = struct.Struct(f"=5I{SAID_BYTES}s24x16sH2xI2x{FLOW_BYTES}sH")
_UNPACK = _FIELDS.unpack_from
# The same for IPv6: its length is that of what follows its head.
_FIELDS_SIX = struct.Struct(f"=4x4I{SAID_BYTES}s24x16s2xHBx36sH")
_UNPACK_SIX = _FIELDS_SIX.unpack_from

# Neither of a datagram in pieces nor of another protocol.
_GUARDED, _WHOLE_UDP = (
    int.from_bytes(one, sys.byteorder) for one in (b"\x3f\xff\0\xff", bytes((0, 0, 0, UDP)))
)
# A number of the network by its bytes as this machine reads them: dearer to work out than to find.
_NUMBERS = array("H", range(1 << 16))
if sys.byteorder == "little":
    _NUMBERS.byteswap()
_ETHERTYPE = slice(12, 14)
_IPV6 = b"\x86\xdd"

Hear = Callable[[Heard], None]
"""Takes the messages that may tell of media."""


class FastPath:
    """Works off the packets of a block that are usual."""

    def __init__(
        self,
        encoder: Encoder,
        counts: FrameCounts,
        ports: frozenset[int] | None,
        *,
        hear: Hear | None,
    ) -> None:
        """Make a path. Raises EncodeError for labels that HEP cannot carry."""
        self._counts = counts
        self._hear = hear
        self._form, self._form_six = Form(encoder, 4), Form(encoder, 16)
        self._links, self._links_six = Links(4), Links(6)
        self._flows, self._flows_six = (
            Flows(form, ports, counts) for form in (self._form, self._form_six)
        )

    def work_off(
        self, ring: Ring, at: int, count: int, packets: list[bytes], other: Callable[[Frame], None]
    ) -> None:
        """Append the packets of so many frames from a place on; ``other`` takes the odd ones."""
        memory, odd = ring.memory, ring.frame
        hear, links, flows, form, take_six = (
            self._hear, self._links, self._flows, self._form, self._take_six,
        )  # fmt: skip
        pack, size, micros, labels = form.pack, form.size, form.micros, form.labels
        numbers, media = _NUMBERS, int(Look.MEDIA)
        append, last, found = packets.append, len(memory) - _FIELDS.size, 0
        for _ in range(count):
            if at > last:
                other(odd(at))
                at = ring.next_place(at)
                continue
            step, sec, nanos, captured, wire, said, head, total, guard, flow, length = _UNPACK(
                memory, at
            )
            length = numbers[length] - _UDP_BYTES
            total = numbers[total]
            if (
                guard & _GUARDED != _WHOLE_UDP
                or captured != wire
                or not 0 < length <= total - _IP_AND_UDP_BYTES
                or total + _ETHERNET_BYTES > captured
            ):
                if head[_ETHERTYPE] == _IPV6 and take_six(ring, at, packets):
                    found += 1
                else:
                    other(odd(at))
                at += step
                continue
            extra = links[said][head]
            if extra is None:
                # What lies where flow and length would be is something else.
                other(odd(at))
                at += step
                continue
            places = flows[flow]
            start = at + _PAYLOAD_AT
            payload = memory[start : start + length]
            look = glance(payload)
            if not places or not look:
                other(odd(at))
                at += step
                continue
            whole = size + length + len(extra)
            if whole > MAX_PACKET_BYTES:
                other(odd(at))
                at += step
                continue
            append(
                pack(
                    MAGIC, whole, places, sec, micros, nanos // 1000, labels,
                    CHUNK_HEAD_BYTES + length,
                )
                + payload
                + extra
            )  # fmt: skip
            found += 1
            if look == media and hear is not None:
                hear((sec * 1_000_000 + nanos // 1000, flow, payload))
            at += step
        self._counts.frames += found
        self._counts.messages += found

    def _take_six(self, ring: Ring, at: int, packets: list[bytes]) -> bool:
        """Append the packet of a frame with IPv6; return False for an odd one."""
        memory, form = ring.memory, self._form_six
        if at > len(memory) - _FIELDS_SIX.size:
            return False
        sec, nanos, captured, wire, said, head, total, protocol, flow, length = _UNPACK_SIX(
            memory, at
        )
        length = _NUMBERS[length] - _UDP_BYTES
        total = _NUMBERS[total]
        is_usual = (
            protocol == UDP
            and captured == wire
            and 0 < length <= total - _UDP_BYTES
            and total + _ETHERNET_BYTES + _SIX_BYTES <= captured
        )
        if not is_usual:
            return False
        extra = self._links_six[said][head]
        if extra is None:
            return False
        places = self._flows_six[flow]
        start = at + _SIX_PAYLOAD_AT
        payload = memory[start : start + length]
        look = glance(payload)
        if not places or not look:
            return False
        whole = form.size + length + len(extra)
        if whole > MAX_PACKET_BYTES:
            return False
        micros = nanos // 1000
        packed = form.pack(
            MAGIC, whole, places, sec, form.micros, micros, form.labels, CHUNK_HEAD_BYTES + length
        )
        packets.append(packed + payload + extra)
        if self._hear is not None and look == Look.MEDIA:
            self._hear((sec * 1_000_000 + micros, flow, payload))
        return True
