"""The network of the demo: an office with phones, a proxy, a PBX and three carriers.

Addresses are private or of the documentation ranges (RFC 5737), domains those of RFC 2606, and
numbers come from ranges that the regulators keep for fiction. The proxy and the PBX send HEP; a
message between them is seen by both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

DOMAIN = "example.com"


@dataclass(frozen=True, slots=True)
class Node:
    """A capturing HEP agent: the name and id in its packets, and how far its clock is off."""

    name: str
    id: int
    skew_us: int = 0


@dataclass(frozen=True, slots=True)
class Host:
    """A SIP device; ``delay_ms`` is the way to it, ``node`` its capture agent if it has one."""

    address: str
    port: int
    user_agent: str
    transport: str = "UDP"
    delay_ms: float = 1.0
    node: Node | None = None

    @property
    def sent_by(self) -> str:
        """The address as it stands in Via and Contact."""
        return f"{self.address}:{self.port}"


@dataclass(frozen=True, slots=True)
class Party:
    """Someone who calls or is called, at a device."""

    user: str
    host: Host
    display: str = ""
    domain: str = DOMAIN

    @property
    def uri(self) -> str:
        """The address of record."""
        return f"sip:{self.user}@{self.domain}"

    @property
    def name_addr(self) -> str:
        """The value of From or To, without a tag."""
        return f'"{self.display}" <{self.uri}>' if self.display else f"<{self.uri}>"


EDGE_NODE = Node("edge-proxy", 2001)
PBX_NODE = Node("office-pbx", 2002, skew_us=250)

PROXY = Host("10.20.0.10", 5060, "Edge Proxy 5.8", node=EDGE_NODE)
PBX = Host("10.20.0.20", 5060, "Office PBX 20.9", node=PBX_NODE)

NORTH = Host("203.0.113.10", 5060, "NorthTel SBC 9.2", delay_ms=14.0)
SOUTH = Host("198.51.100.20", 5060, "SouthVoice SBC 4.1", delay_ms=23.0)
BUDGET = Host("198.51.100.77", 5060, "BudgetCall Gateway", delay_ms=61.0)
CARRIERS = (NORTH, SOUTH, BUDGET)

SCANNER = Host("192.0.2.66", 5071, "friendly-scanner", delay_ms=88.0)

DESK_PHONES = (
    "Yealink SIP-T46U 108.86.0.20",
    "snomD785/10.1.175.16",
    "Grandstream GXP2170 1.0.11.64",
    "PolyVVX-VVX_450-UA/6.4.4.3517",
    "Cisco-CP8841/12.8.1",
)
SOFT_PHONES = ("Zoiper v2.10.20.1", "Linphone-Desktop/5.2.4", "MicroSIP/3.21.3")

FIRST_NAMES = (
    "Anna", "Ben", "Carla", "Deniz", "Emil", "Fatima", "Greta", "Hugo", "Ines", "Jan", "Katja",
    "Liam", "Mara", "Nils", "Olga", "Pavel", "Qi", "Rosa", "Stefan", "Tuba", "Uwe", "Vera", "Wim",
    "Xenia", "Yusuf", "Zoe",
)  # fmt: skip
LAST_NAMES = (
    "Albers", "Brandt", "Costa", "Demir", "Ek", "Fischer", "Garcia", "Hoffmann", "Ivanov",
    "Jansen", "Kowalski", "Lindqvist", "Moreau", "Novak", "Okafor", "Petersen", "Rossi", "Schmidt",
    "Tanaka", "Ural", "Vogel", "Weber", "Yilmaz", "Zimmer",
)  # fmt: skip

# Prefix and number of free digits: Berlin, London, Paris and New York numbers for film and radio.
FICTIVE_NUMBERS = (("+493023125", 3), ("+442079460", 3), ("+3319900", 4), ("+121255501", 2))

OFFICE_PREFIX = "+49302312500"
MOBILE_SHARE = 0.2
PHONES = 120


def make_phones(random: Random, count: int = PHONES) -> list[Party]:
    """Return the people of the office at their phones, extensions from 1001."""
    phones = []
    for index in range(count):
        soft = random.random() < MOBILE_SHARE
        names = DESK_PHONES if not soft else SOFT_PHONES
        host = Host(
            address=f"10.20.{1 + index // 100}.{10 + index % 100}",
            port=5060 if not soft else random.randrange(40_000, 60_000),
            user_agent=random.choice(names),
            transport="UDP" if not soft else random.choice(("TCP", "TLS", "UDP")),
            delay_ms=round(random.uniform(0.4, 2.5), 2),
        )
        display = f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"
        phones.append(Party(str(1001 + index), host, display))
    return phones


def outside_party(random: Random, carrier: Host) -> Party:
    """Return someone in the public network behind a carrier."""
    prefix, digits = random.choice(FICTIVE_NUMBERS)
    number = f"{prefix}{random.randrange(10**digits):0{digits}d}"
    return Party(number, carrier, domain=carrier.address)


def direct_number(phone: Party) -> Party:
    """Return the phone as the public network dials it."""
    return Party(f"{OFFICE_PREFIX}{phone.user[-2:]}", phone.host, phone.display)


def pick(random: Random, phones: Sequence[Party], *taken: Party) -> Party:
    """Return a phone that is none of ``taken``."""
    return random.choice([phone for phone in phones if phone not in taken])
