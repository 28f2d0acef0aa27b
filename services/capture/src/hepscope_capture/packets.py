"""Datagrams to HEP packets: who saw it (node), with which key, in which VLAN."""

from dataclasses import dataclass

from hep import HepPacket
from hepscope_capture.decode.datagrams import Datagram

SIP_TYPE = 1  # HEP chunk 11
VLAN_CHUNK = 18
_FAMILY_IPV4, _FAMILY_IPV6 = 2, 10


@dataclass(frozen=True, slots=True)
class Labels:
    """What each packet of one agent says about the agent."""

    node_id: int
    node_name: bytes = b""  # empty = not said
    auth_key: bytes | None = None


def packet_of(datagram: Datagram, labels: Labels, time_us: int) -> HepPacket:
    """Return the HEP packet of a SIP message, seen at a time (microseconds, 0 = not known)."""
    vlan = datagram.vlan
    return HepPacket(
        family=_FAMILY_IPV4 if len(datagram.source) == 4 else _FAMILY_IPV6,
        ip_protocol=datagram.protocol,
        source=datagram.source,
        destination=datagram.destination,
        source_port=datagram.source_port,
        destination_port=datagram.destination_port,
        time_us=time_us,
        protocol_type=SIP_TYPE,
        node_id=labels.node_id,
        payload=datagram.payload,
        node_name=labels.node_name,
        auth_key=labels.auth_key,
        extra=((0, VLAN_CHUNK, vlan.to_bytes(2, "big")),) if vlan else (),
    )
