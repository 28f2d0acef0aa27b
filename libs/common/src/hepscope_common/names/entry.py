"""One name of an address or network, and the TOML file that lists them.

[[name]]
name = "sbc-1"              # what the page and the metrics call it
address = "192.0.2.0/24"    # an address or a network, IPv4 or IPv6
port = 5060                 # optional: only this port
node = "edge"               # optional: only as this capture node sees it
"""

import tomllib
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

MAX_ENTRIES = 10_000
MAX_NAME = 64
_KEYS = frozenset({"name", "address", "port", "node"})


class NamesError(ValueError):
    """A list of names that cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class NameEntry:
    """A name; ``port`` None and ``node`` "" stand for any."""

    name: str
    network: IPv4Network | IPv6Network
    port: int | None = None
    node: str = ""


def make_entry(name: object, address: object, port: object = None, node: object = "") -> NameEntry:
    """Return the entry of values as a file has them; raises NamesError."""
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise NamesError("name must be a printable text")
    if len(name) > MAX_NAME:
        raise NamesError(f"name has more than {MAX_NAME} characters")
    if not isinstance(address, str):
        raise NamesError("address must be a text")
    try:
        network = ip_network(address.strip(), strict=False)
    except ValueError as error:
        raise NamesError(f"{address!r} is neither an address nor a network") from error
    if port is not None and (type(port) is not int or not 0 < port <= 65535):
        raise NamesError("port must be a number from 1 to 65535")
    if not isinstance(node, str):
        raise NamesError("node must be a text")
    return NameEntry(name.strip(), network, port if isinstance(port, int) else None, node)


def parse_names(text: str) -> list[NameEntry]:
    """Return the entries of a file; raises NamesError."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NamesError(str(error)) from error
    rows = found.pop("name", [])
    if found:
        raise NamesError(f"unknown key {min(found)!r}; only [[name]] is known")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise NamesError("each name stands under [[name]]")
    if len(rows) > MAX_ENTRIES:
        raise NamesError(f"more than {MAX_ENTRIES} names")
    entries = []
    for number, row in enumerate(rows, 1):
        unknown = sorted(set(row) - _KEYS)
        if unknown:
            raise NamesError(f"name {number}: unknown key {unknown[0]!r}")
        try:
            name, address, port = (row.get(key) for key in ("name", "address", "port"))
            entries.append(make_entry(name, address, port, row.get("node", "")))
        except NamesError as error:
            raise NamesError(f"name {number}: {error}") from error
    return entries
