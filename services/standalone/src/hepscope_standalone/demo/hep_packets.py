"""The demo's captures as HEP3, as an agent on the server that saw them would send."""

import ipaddress
from functools import lru_cache

from hep import HepPacket, encode3
from hepscope_standalone.demo.scene import Capture

# TLS is seen behind the encryption, as a proxy's own agent does.
IP_PROTOCOLS = {"UDP": 17, "TCP": 6, "TLS": 6}


def hep_packet(capture: Capture) -> bytes:
    """Return one capture as a HEP3 packet."""
    return encode3(
        HepPacket(
            ip_protocol=IP_PROTOCOLS[capture.transport],
            source=_packed(capture.source.address),
            destination=_packed(capture.destination.address),
            source_port=capture.source.port,
            destination_port=capture.destination.port,
            time_us=capture.time_us,
            node_id=capture.node.id,
            node_name=capture.node.name.encode(),
            correlation_id=capture.call_id.encode(),
            payload=capture.payload,
        )
    )


@lru_cache(maxsize=1024)
def _packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed
