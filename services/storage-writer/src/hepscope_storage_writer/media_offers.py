"""Where a session description wants its media: address, ports, codecs, by a quick scan.

`hep.sdp` reads everything and takes 30 us, which every call would pay for the few that have
reports. The scan takes three; what it finds no media line in is read by `hep.sdp`. Both agree,
which a test compares.

RTCP is expected at the port of `a=rtcp` (RFC 3605), else at that of RTP plus one (RFC 3550
section 11). With rtcp-mux it comes to the port of RTP, which is a port of the row anyway.
"""

import re
import socket
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from hep.sdp import STATIC_PAYLOAD_TYPES, parse
from hepscope_common.store import copy
from hepscope_storage_writer.pieces import AddressPieces, TextPieces

MAX_OFFERS: Final = 16
"""Media sections read of one description; a video conference has six."""

MAX_CODECS_CHARACTERS: Final = 512
MAX_REMEMBERED: Final = 4096
MAX_REMEMBERED_BYTES: Final = 1024
"""Longer sections hold keys and candidates, which never come again."""

_RTPMAP: Final = re.compile(
    rb"\na=rtpmap:[ \t]*(\d{1,3})[ \t]+([^\s/]{1,32})(?:/(\d{1,7}))?", re.IGNORECASE
)
_NOWHERE: Final = (bytes(4), bytes(16))


class Offer(NamedTuple):
    """One media section; address is packed, codecs as table ``media_address`` has them."""

    address: bytes
    port: int
    rtcp_port: int
    medium: str
    codecs: str


COLUMNS: Final = (
    "valid_from",
    "valid_to",
    "batch",
    "port",
    "rtcp_port",
    "medium",
    "codecs",
    "address",
    "call_id",
)
"""Of table ``media_address``: ``start`` gives the first three, ``encode`` the others."""

_PORTS: Final = Struct("!iiii").pack
_START: Final = Struct("!hiqiqiq").pack  # number of columns, valid_from, valid_to, batch
_NAMES: Final = TextPieces(copy.TEXT_LIMIT, empty=copy.EMPTY)
_ADDRESSES: Final = AddressPieces()


def encode(offer: Offer, call_id: str) -> bytes:
    """Return what a row says of an offer, whenever it was made."""
    address, port, rtcp_port, medium, codecs = offer
    return b"".join(
        (
            _PORTS(4, port, 4, rtcp_port),
            _NAMES[medium],
            _NAMES[codecs],
            _ADDRESSES[address],
            copy.text(call_id),
        )
    )


def start(valid_from_us: int, valid_to_us: int, batch: int) -> bytes:
    """Return the beginning of a row, times in microseconds since 1970."""
    from_us, to_us = valid_from_us - copy.EPOCH_US, valid_to_us - copy.EPOCH_US
    return _START(len(COLUMNS), 8, from_us, 8, to_us, 8, batch)


class OfferReader:
    """Reads descriptions and remembers the codec lists and the addresses that recur."""

    def __init__(self) -> None:
        self._codecs: dict[bytes, str] = {}
        self._addresses: dict[bytes, bytes | None] = {}

    def read(self, body: bytes) -> list[Offer]:
        """Return the media that a description wants, at most MAX_OFFERS; never raises."""
        first = body.find(b"\nm=")
        if first < 0:
            return list(_slowly(body))[:MAX_OFFERS]
        default = _line(body, b"\nc=", first)
        offers: list[Offer] = []
        sections = body[first + 3 :]
        if b"\nm=" not in sections:
            self._read_section(sections, default, offers)
            return offers
        for section in sections.split(b"\nm=", MAX_OFFERS)[:MAX_OFFERS]:
            self._read_section(section, default, offers)
        return offers

    def _read_section(self, section: bytes, default: bytes, offers: list[Offer]) -> None:
        words = section.split(None, 2)
        if len(words) < 3:
            return
        kind, ports, rest = words
        if not rest.startswith(b"RTP/") and b"RTP/" not in rest[:32].upper():
            return
        port = int(ports) if len(ports) < 6 and ports.isdigit() else _port(ports)
        own = _line(section, b"\nc=") if b"\nc=" in section else default
        address = self._address_of(own)
        if not 0 < port < 65536 or address is None:
            return
        medium = kind[:16].decode("ascii", "replace")
        codecs = self._codecs_of(rest)
        if b"\na=rtcp:" not in section:
            offers.append(Offer(address, port, min(port + 1, 65535), medium, codecs))
            return
        said = _line(section, b"\na=rtcp:").split()
        rtcp_port = (_port(said[0]) if said else 0) or min(port + 1, 65535)
        there = (_address(b" ".join(said[1:4])) if len(said) > 3 else None) or address
        if there == address and rtcp_port == port + 1:
            offers.append(Offer(address, port, rtcp_port, medium, codecs))
        else:
            offers.append(Offer(address, port, port, medium, codecs))
            offers.append(Offer(there, rtcp_port, rtcp_port, medium, codecs))

    def _address_of(self, connection: bytes) -> bytes | None:
        try:
            return self._addresses[connection]
        except KeyError:
            found = _address(connection)
            if len(self._addresses) >= MAX_REMEMBERED or len(connection) > 128:
                self._addresses.clear()
            self._addresses[connection] = found
            return found

    def _codecs_of(self, section: bytes) -> str:
        """Return the codecs of what follows the port in a media section."""
        found = self._codecs.get(section)
        if found is None:
            found = _codecs(section)
            if len(section) <= MAX_REMEMBERED_BYTES:
                if len(self._codecs) >= MAX_REMEMBERED:
                    self._codecs.clear()
                self._codecs[section] = found
        return found


def _codecs(section: bytes) -> str:
    formats = section.partition(b"\n")[0].split()[1:33]
    names: dict[bytes, str] = {}
    for kind, name, clock in _RTPMAP.findall(section):
        text = f"{name.decode('utf-8', 'replace')}/{clock.decode() or 0}"
        names.setdefault(kind.lstrip(b"0") or b"0", text)
    listed = [(word, names.get(word) or _static(word)) for word in formats if word.isdigit()]
    return _joined((int(word), name) for word, name in listed if name)


def _joined(codecs: Iterator[tuple[int, str]] | list[tuple[int, str]]) -> str:
    text = ",".join(f"{kind} {name.replace(',', '_')}" for kind, name in codecs if kind < 128)
    if len(text) <= MAX_CODECS_CHARACTERS:
        return text
    return text[:MAX_CODECS_CHARACTERS].rpartition(",")[0]


def _static(word: bytes) -> str | None:
    codec = STATIC_PAYLOAD_TYPES.get(int(word[:4]))
    return None if codec is None else f"{codec.name}/{codec.clock_hz}"


def _line(text: bytes, begin: bytes, before: int = -1) -> bytes:
    """Return what follows the first line that begins so, b"" where none does."""
    at = text.find(begin, 0, before) if before >= 0 else text.find(begin)
    if at < 0:
        return b""
    at += len(begin)
    end = text.find(b"\n", at)
    return text[at:] if end < 0 else text[at:end]


def _port(word: bytes) -> int:
    """Return a port, without the count that may follow it; 0 for what is none."""
    number = word.partition(b"/")[0]
    port = int(number) if number.isdigit() and len(number) < 6 else 0
    return port if port < 65536 else 0


def _address(connection: bytes) -> bytes | None:
    """Return the packed address of `IN IP4 192.0.2.1/127`; None for names and for nowhere."""
    words = connection.split(None, 3)
    if len(words) < 3:
        return None
    text = words[2].partition(b"/")[0].decode("ascii", "replace").strip("[]")
    return packed(text)


def packed(text: str) -> bytes | None:
    """Return an address as bytes; None for what is none and for the address of holds."""
    try:
        found = socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return None
    return None if found in _NOWHERE else found


def _slowly(body: bytes) -> Iterator[Offer]:
    for media in parse(body).media:
        address = packed(media.connection)
        if not media.port or address is None or "RTP/" not in media.protocol.upper():
            continue
        named = [(kind, f"{codec.name}/{codec.clock_hz}") for kind, codec in media.codecs.items()]
        codecs = _joined(named[:32])
        there, rtcp_port = packed(media.rtcp.address) if media.rtcp else None, media.port + 1
        if media.rtcp is not None:
            rtcp_port = media.rtcp.port or rtcp_port
        rtcp_port = min(rtcp_port, 65535)
        if (there or address) == address and rtcp_port == media.port + 1:
            yield Offer(address, media.port, rtcp_port, media.kind[:16], codecs)
            continue
        yield Offer(address, media.port, media.port, media.kind[:16], codecs)
        yield Offer(there or address, rtcp_port, rtcp_port, media.kind[:16], codecs)
