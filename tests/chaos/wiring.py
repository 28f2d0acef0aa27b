"""Where each connection through a proxy leads to, and from which address it comes there."""

from chaos.numbers import LaneName
from chaos.parts import BROKER_LINKS, DATABASE_LINKS, HEP_LINKS, HTTP_LINKS, INGESTS, Link, Part
from chaos.services import Ports

ADDRESSES = {
    LaneName.UDP: "127.0.0.11",
    LaneName.TCP: "127.0.0.12",
    LaneName.HEP: "127.0.0.13",
    LaneName.HTTP: "127.0.0.14",
}
"""Where the packets of each lane come from, by which ingest counts them."""

_LANE_LINKS = {
    Link.TCP: LaneName.TCP,
    **dict.fromkeys(HEP_LINKS, LaneName.HEP),
    **dict.fromkeys(HTTP_LINKS, LaneName.HTTP),
}


def upstream_of(link: Link, ports: Ports) -> int:
    """Return the port behind a proxy."""
    clients = {link: ports.listeners[part] for part, link in BROKER_LINKS.items()}
    stores = dict.fromkeys(DATABASE_LINKS.values(), ports.database)
    senders = {
        Link.TCP: ports.hep_tcp[Part.INGEST],
        **{link: ports.hep_tcp[part] for link, part in zip(HEP_LINKS, INGESTS, strict=True)},
        **{link: ports.http[part] for link, part in zip(HTTP_LINKS, INGESTS, strict=True)},
    }
    return (clients | stores | senders)[link]


def source_of(link: Link) -> str | None:
    """Return the address that a proxy connects from; None for any."""
    lane = _LANE_LINKS.get(link)
    return None if lane is None else ADDRESSES[lane]
