"""The demo's captures as HEP3, as an agent on the server that saw them would send."""

import ipaddress
from functools import lru_cache

from hep import HepPacket, encode3
from hep.packet import FAMILY_IPV4, FAMILY_IPV6
from hepscope_standalone.demo.scene import Capture

# TLS and WebSocket are seen behind the encryption, and numbered 22, as Kamailio does.
IP_PROTOCOLS = {"UDP": 17, "TCP": 6, "TLS": 22, "WSS": 22}


def hep_packet(capture: Capture) -> bytes:
    """Return one capture as a HEP3 packet."""
    source = _packed(capture.source.address)
    return encode3(
        HepPacket(
            family=FAMILY_IPV6 if len(source) == 16 else FAMILY_IPV4,
            ip_protocol=IP_PROTOCOLS[capture.transport],
            source=source,
            destination=_packed(capture.destination.address),
            source_port=capture.source.port,
            destination_port=capture.destination.port,
            time_us=capture.time_us,
            protocol_type=capture.protocol,
            node_id=capture.node.id,
            node_name=capture.node.name.encode(),
            correlation_id=capture.call_id.encode(),
            payload=capture.payload,
        )
    )


@lru_cache(maxsize=4096)
def _packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed
