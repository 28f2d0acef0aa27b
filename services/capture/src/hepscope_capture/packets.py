"""Datagrams to HEP packets: who saw it (node), with which key, on which network."""

from dataclasses import dataclass

from hep import HepPacket
from hepscope_capture.decode.datagrams import Datagram

VLAN_CHUNK, SOURCE_MAC_CHUNK, DESTINATION_MAC_CHUNK, FLAGS_CHUNK, TOS_CHUNK = 18, 20, 21, 23, 24
MOS_CHUNK = 32
_FAMILY_IPV4, _FAMILY_IPV6 = 2, 10

MACS_BYTES = 12
# A MAC is the low six bytes of eight (HEP specification, revision 37).
_MAC_PADDING = bytes(2)
# The loopback's.
_NO_MACS = bytes(MACS_BYTES)


@dataclass(frozen=True, slots=True)
class Labels:
    """What each packet of one agent says about the agent."""

    node_id: int
    node_name: bytes = b""  # empty = not said
    auth_key: bytes | None = None


def packet_of(datagram: Datagram, labels: Labels, time_us: int) -> HepPacket:
    """Return the HEP packet of a message, seen at a time (microseconds, 0 = not known)."""
    return HepPacket(
        family=_FAMILY_IPV4 if len(datagram.source) == 4 else _FAMILY_IPV6,
        ip_protocol=datagram.protocol,
        source=datagram.source,
        destination=datagram.destination,
        source_port=datagram.source_port,
        destination_port=datagram.destination_port,
        time_us=time_us,
        protocol_type=datagram.kind,
        node_id=labels.node_id,
        payload=datagram.payload,
        node_name=labels.node_name,
        correlation_id=datagram.correlation_id,
        auth_key=labels.auth_key,
        extra=tuple(extra_of(datagram)),
    )


def extra_of(datagram: Datagram) -> list[tuple[int, int, bytes]]:
    """Return the chunks that only some packets have: what is not known is left out."""
    found = []
    if datagram.vlan:
        found.append((0, VLAN_CHUNK, datagram.vlan.to_bytes(2, "big")))
    if len(datagram.macs) == MACS_BYTES and datagram.macs != _NO_MACS:
        found.append((0, SOURCE_MAC_CHUNK, _MAC_PADDING + datagram.macs[6:]))
        found.append((0, DESTINATION_MAC_CHUNK, _MAC_PADDING + datagram.macs[:6]))
    if datagram.flags:
        found.append((0, FLAGS_CHUNK, bytes((datagram.flags & 0xFF,))))
    if datagram.tos:
        found.append((0, TOS_CHUNK, bytes((datagram.tos & 0xFF,))))
    if datagram.mos:
        found.append((0, MOS_CHUNK, datagram.mos.to_bytes(2, "big")))
    return found
