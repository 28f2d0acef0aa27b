"""The network of the demo: a carrier with two edges, a core, an application and a media server.

Addresses are those of documentation (RFC 5737, RFC 3849) and private ones behind NAT, domains
those of RFC 2606. A host with a node has a capture agent; a message between two of them is seen
by both, each by its own clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from hepscope_standalone.demo.numbers import (
    AMERICA,
    AUSTRALIA,
    BRITAIN,
    FRANCE,
    GERMANY,
    SWEDEN,
    NumberRange,
)

DOMAIN = "voice.example"


@dataclass(frozen=True, slots=True)
class Node:
    """A capturing HEP agent: the name and id in its packets, and how far its clock is off."""

    name: str
    id: int
    skew_us: int = 0


@dataclass(frozen=True, slots=True)
class Host:
    """A SIP device: where its packets come from, and what it writes of itself.

    ``delay_ms`` is the way to it, ``node`` its capture agent if it has one, ``name`` what operators
    call it. Behind NAT it believes to live at ``inside``; ``twin`` is its other address family.
    """

    address: str
    port: int
    user_agent: str
    transport: str = "UDP"
    delay_ms: float = 1.0
    node: Node | None = None
    name: str = ""
    inside: str = ""
    twin: "Host | None" = None

    @property
    def sent_by(self) -> str:
        """Address and port as it writes them into Via, Contact and Record-Route."""
        if self.transport == "WSS":
            return self.inside
        return f"{bracketed(self.inside or self.address)}:{self.own_port}"

    @property
    def own_port(self) -> int:
        """The port before NAT has changed it."""
        return 5060 if self.inside else self.port

    @property
    def is_translated(self) -> bool:
        """Whether NAT gives its packets another port, as its proxy notices."""
        return self.port != self.own_port

    def facing(self, other: "Host") -> "Host":
        """Return the side of a host of two address families that talks to the other."""
        is_same = (":" in self.address) == (":" in other.address)
        return self if is_same or self.twin is None else self.twin


@dataclass(frozen=True, slots=True)
class Carrier:
    """A trunk: its name, gateway, share of the traffic, and where its numbers are."""

    name: str
    gateway: Host
    share: float
    ranges: Sequence[NumberRange]


def bracketed(address: str) -> str:
    """Return an address as it stands before a port."""
    return f"[{address}]" if ":" in address else address


SBC_FRA_NODE = Node("sbc-fra-1", 2001)
SBC_BER_NODE = Node("sbc-ber-1", 2002, skew_us=-1_900)
CORE_NODE = Node("kam-core-1", 2011, skew_us=250)
FS_NODE = Node("fs-fra-2", 2021, skew_us=6_800)
RELAY_NODE = Node("rtpe-fra-1", 2031, skew_us=-120)
NODES = (SBC_FRA_NODE, SBC_BER_NODE, CORE_NODE, FS_NODE, RELAY_NODE)

EDGE_AGENT = "kamailio (5.8.4 (x86_64/linux))"
CORE = Host("203.0.113.10", 5060, EDGE_AGENT, node=CORE_NODE, name="kam-core-1")
SBC_FRA = Host(
    "203.0.113.20",
    5060,
    EDGE_AGENT,
    node=SBC_FRA_NODE,
    name="sbc-fra-1",
    twin=Host("2001:db8:113::20", 5060, EDGE_AGENT, node=SBC_FRA_NODE, name="sbc-fra-1"),
)
SBC_BER = Host("203.0.113.21", 5060, EDGE_AGENT, node=SBC_BER_NODE, name="sbc-ber-1")
# Its own clock is the one that is off.
FREESWITCH = Host(
    "203.0.113.30", 5080, "FreeSWITCH-mod_sofia/1.10.12", node=FS_NODE, name="fs-fra-2"
)
RELAY = Host(
    "203.0.113.40",
    0,
    "rtpengine 12.5",
    node=RELAY_NODE,
    name="rtpe-fra-1",
    twin=Host("2001:db8:113::40", 0, "rtpengine 12.5", node=RELAY_NODE, name="rtpe-fra-1"),
)

RHEINFON = Carrier(
    "Rheinfon",
    Host("192.0.2.44", 5060, "RF-GW 7.2", delay_ms=14.0, name="Rheinfon gw1"),
    0.5,
    (*GERMANY, *FRANCE, *SWEDEN),
)
ATLANTIC = Carrier(
    "Atlantic",
    Host("192.0.2.80", 5060, "Sansay VSXi 10.7", "TCP", delay_ms=47.0, name="Atlantic pop-ams"),
    0.3,
    (*AMERICA, *BRITAIN),
)
PACIFICA = Carrier(
    "Pacifica SIP",
    Host("2001:db8:80::7", 5060, "PacificaSBC/4.1", delay_ms=83.0, name="Pacifica v6"),
    0.2,
    (*AUSTRALIA, *AMERICA),
)
# The way around Rheinfon, which is dear and rarely answers.
BUDGET = Carrier(
    "BudgetCall",
    Host("192.0.2.199", 5060, "BudgetCall Gateway", delay_ms=61.0, name="BudgetCall"),
    0.0,
    GERMANY,
)
CARRIERS = (RHEINFON, ATLANTIC, PACIFICA)

SCANNER = Host("192.0.2.66", 5071, "friendly-scanner", delay_ms=88.0)
TOLL_FRAUD = Host("192.0.2.237", 5060, "sipvicious", delay_ms=131.0)

NAMED = (CORE, SBC_FRA, SBC_BER, FREESWITCH, RELAY, *(one.gateway for one in (*CARRIERS, BUDGET)))
"""The hosts that operators have names for."""


def edge_of(random: Random, carrier: Carrier) -> Host:
    """Return the edge that a call of a carrier passes; only Frankfurt speaks IPv6."""
    if ":" in carrier.gateway.address:
        return SBC_FRA
    return SBC_FRA if random.random() < 0.64 else SBC_BER
