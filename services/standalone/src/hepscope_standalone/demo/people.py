"""Who there is to call: the offices of the carrier with their phones, and everybody outside."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from hepscope_standalone.demo.network import DOMAIN, Carrier, Host
from hepscope_standalone.demo.numbers import (
    BERLIN,
    COLOGNE,
    FRANKFURT,
    HAMBURG,
    MUNICH,
    NumberRange,
    anybody,
)


@dataclass(frozen=True, slots=True)
class Office:
    """A customer: its name, its numbers, the first of them, and the address of its router."""

    name: str
    range: NumberRange
    first: int
    address: str
    models: Sequence[str]


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

    def at(self, host: Host) -> "Party":
        """Return the same person at another device."""
        return replace(self, host=host)


YEALINK = ("Yealink SIP-T54W 96.86.0.75", "Yealink SIP-T46U 108.86.0.20")
SNOM = ("snomD785/10.1.198.19", "snomD385/10.1.198.19")
POLY = ("PolyEdge-Edge_E350-UA/8.2.0.3286", "PolycomVVX-VVX_450-UA/6.4.6.2494")
GRANDSTREAM = ("Grandstream GXP2170 1.0.11.79", "Grandstream HT802 1.0.53.3")
GIGASET = ("Gigaset N870 IP PRO/83.V2.61.0",)
ASTERISK = ("Asterisk PBX 20.9.2",)
SOFT_PHONES = ("Linphone-Desktop/5.2.6 (belle-sip/5.3.72)", "Zoiper rv2.10.20.7", "MicroSIP/3.21.6")
BROWSER = "JsSIP 3.10.1"

OFFICES = (
    Office("Kanzlei Brandt", BERLIN, 10, "198.51.100.23", YEALINK),
    Office("Praxis Lindner", BERLIN, 200, "198.51.100.31", SNOM),
    Office("Spree Handel", BERLIN, 600, "198.51.100.77", GRANDSTREAM),
    Office("Hafen Logistik", HAMBURG, 0, "198.51.100.90", POLY),
    Office("Main Versicherung", FRANKFURT, 100, "198.51.100.104", YEALINK),
    Office("Dom Medien", COLOGNE, 150, "198.51.100.118", (*SNOM, *GIGASET)),
    Office("Isar Bau", MUNICH, 300, "198.51.100.142", (*GIGASET, *ASTERISK)),
    Office("Isar Bau, Werkstatt", MUNICH, 550, "2001:db8:142::5", GIGASET),
)
PHONES_OF_EACH = 18
SOFT_SHARE = 0.2

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


def make_phones(random: Random) -> list[Party]:
    """Return the phones of all offices, each with a number of its own."""
    return [_phone(random, office, index) for index in range(PHONES_OF_EACH) for office in OFFICES]


def _phone(random: Random, office: Office, index: int) -> Party:
    number = office.range.number(office.first + index)
    delay_ms = round(random.uniform(4.0, 19.0), 2)
    port = random.randrange(20_000, 62_000)
    # The first lines of an office show its name, the others who sits there.
    person = f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"
    display = office.name if index < PHONES_OF_EACH // 3 else person
    model, transport = random.choice(office.models), random.choice(("UDP", "UDP", "UDP", "TLS"))
    if index >= PHONES_OF_EACH * (1 - SOFT_SHARE):
        model, transport = random.choice(SOFT_PHONES), random.choice(("TCP", "TLS", "UDP"))
    inside = f"192.168.{random.randrange(1, 180)}.{20 + index}"
    if index == PHONES_OF_EACH - 1:
        model, transport = BROWSER, "WSS"
        inside = f"{random.getrandbits(60):012x}.invalid"
    if ":" in office.address:
        # IPv6 needs no NAT: each phone has an address of its own.
        address = f"{office.address.removesuffix('5')}{0x50 + index:x}"
        host = Host(address, 5060, model, "TCP", delay_ms)
    else:
        host = Host(office.address, port, model, transport, delay_ms, inside=inside)
    return Party(number, host, display)


def outside_party(random: Random, carrier: Carrier) -> Party:
    """Return someone in the public network behind a carrier."""
    domain = f"{carrier.name.split()[0].lower()}.example"
    return Party(anybody(random, carrier.ranges), carrier.gateway, domain=domain)


def pick(random: Random, phones: Sequence[Party], *taken: Party) -> Party:
    """Return a phone that is none of ``taken``."""
    while (found := random.choice(phones)) in taken:
        pass
    return found
