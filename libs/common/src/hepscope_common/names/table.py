"""The table that finds the name of an address: longest prefix, then with port, then with node."""

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from hepscope_common.names.entry import NameEntry

MAX_CACHED = 65_536
"""Answers remembered; a flood of addresses makes it start anew."""

_MAPPED = bytes(10) + b"\xff\xff"

Address = bytes | str


class NameTable:
    """An immutable set of entries, indexed by prefix length."""

    def __init__(self, entries: Iterable[NameEntry] = ()) -> None:
        self.entries = tuple(entries)
        self._levels: dict[int, list[tuple[int, dict[int, list[NameEntry]]]]] = {4: [], 16: []}
        self._cache: dict[tuple[Address, int, str], str | None] = {}
        levels: dict[tuple[int, int], dict[int, list[NameEntry]]] = {}
        for entry in self.entries:
            network = entry.network
            width = network.max_prefixlen // 8
            shift = network.max_prefixlen - network.prefixlen
            at = int(network.network_address) >> shift
            levels.setdefault((width, shift), {}).setdefault(at, []).append(entry)
        for (width, shift), found in sorted(levels.items()):
            for some in found.values():
                some.sort(key=lambda entry: (entry.port is None, not entry.node))
            self._levels[width].append((shift, found))

    def lookup(self, address: Address, port: int = 0, node: str = "") -> str | None:
        """Return the name of a packed or written address, None where it has none.

        Where the node is not known (""), an entry of any node will do.
        """
        key = (address, port, node)
        try:
            return self._cache[key]
        except KeyError:
            pass
        name = self._find(address, port, node) if self.entries else None
        if len(self._cache) >= MAX_CACHED:
            self._cache.clear()
        self._cache[key] = name
        return name

    def _find(self, address: Address, port: int, node: str) -> str | None:
        packed = _packed(address)
        for shift, found in self._levels.get(len(packed), ()):
            for entry in found.get(int.from_bytes(packed, "big") >> shift, ()):
                if entry.port not in (None, port):
                    continue
                if not entry.node or not node or entry.node == node:
                    return entry.name
        return None


def _packed(address: Address) -> bytes:
    """Return the address packed, an IPv4 one in IPv6 dress (RFC 4291 2.5.5.2) as IPv4."""
    if isinstance(address, str):
        try:
            parsed = ip_address(address.strip("[]"))
        except ValueError:
            return b""
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return parsed.packed
    if len(address) == 16 and address.startswith(_MAPPED):
        return address[12:]
    return address
