"""The traffic that the tests of the demo look at, made once."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pytest

from hep import decode3
from hep.protocols import SIP
from hep.sip import SipMessage, parse
from hepscope_common.calls import Envelope
from hepscope_standalone.demo.hep_packets import hep_packet
from hepscope_standalone.demo.scene import Capture
from hepscope_standalone.demo.traffic import Traffic, generate

END_US = 1_795_000_000_000_000
SECOND_US = 1_000_000

Calls = Mapping[str, Sequence[tuple[SipMessage, Envelope]]]


@pytest.fixture(scope="session")
def traffic() -> Traffic:
    """A part of the usual hour, in which nearly every scenario happens."""
    return generate(7, END_US, calls=500)


@pytest.fixture(scope="session")
def calls(traffic: Traffic) -> Calls:
    """The SIP messages by Call-ID, read back from HEP."""
    found: dict[str, list[tuple[SipMessage, Envelope]]] = defaultdict(list)
    for capture in traffic.captures:
        if capture.protocol == SIP:
            found[capture.call_id].append((parse(capture.payload), envelope_of(capture)))
    return found


def envelope_of(capture: Capture) -> Envelope:
    """What a HEP packet of the capture says beside the message."""
    packet = decode3(hep_packet(capture))
    return Envelope(
        time_us=packet.time_us,
        source=packet.source,
        source_port=packet.source_port,
        destination=packet.destination,
        destination_port=packet.destination_port,
        transport=capture.transport.lower(),
        node=packet.node_name.decode(),
        size=len(packet.payload),
    )
