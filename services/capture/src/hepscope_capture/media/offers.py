"""Where a session description wants its RTCP: a quick scan of what `hep.sdp` reads in full.

Every description on the wire is scanned, so only the lines that tell an address or a port are
looked at. Media of any kind count (audio, video, image, a bundle's application), but those over
TCP and those refused (port 0).
"""

import re
import socket
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from hepscope_capture.media.evidence import Evidence, endpoint

# A video conference has six media, a browser some twenty candidates.
MAX_MEDIA = 16
MAX_CANDIDATES = 16
MAX_PORT_PAIRS = 4
MAX_SSRCS = 8

_MAX_PORT = 65535
_MAX_CONNECTION = 128
_MAX_SSRC = 0xFFFFFFFF
_NOWHERE = (bytes(4), bytes(16))

_LINES = re.compile(
    rb"\n[ \t]*"
    rb"(?:([cm])=([^\n]*)"
    rb"|a=(rtcp-mux|rtcp|crypto|fingerprint|candidate|ssrc)(?::([^\n]*)|(?=[ \t\n]|\Z)))",
    re.IGNORECASE,
)


Claim: TypeAlias = tuple[bytes, Evidence, bool]
"""An address for RTCP as a key, why it is one, and whether SRTP was offered for it.

(RFC 3711, RFC 4568, RFC 5763.) A plain tuple, because one is made for every address on the wire.
"""


class Offer(NamedTuple):
    """What a description says; ssrcs are those of its own sender."""

    claims: tuple[Claim, ...] = ()
    ssrcs: tuple[int, ...] = ()


class _Section:
    """The session level, or one medium, as read so far."""

    __slots__ = ("address", "candidates", "is_mux", "is_secure", "pairs", "port", "rtcp")

    def __init__(self) -> None:
        self.address: bytes | None = None
        self.port = 0
        self.pairs = 1
        self.is_mux = False
        self.is_secure = False
        self.rtcp: tuple[int, bytes | None] | None = None
        self.candidates: list[bytes] = []


def read_offer(body: bytes, sender: bytes | None = None) -> Offer:
    """Return what a description claims; never raises.

    sender is the packed address that its message came from, None when that is not its author's.
    """
    lines = _LINES.findall(b"\n" + body.replace(b"\r", b"\n"))
    if len(lines) == 2 and lines[0][0] == b"c" and lines[1][0] == b"m":
        claims = _read_usual(lines[0][1], lines[1][1], sender)
        if claims is not None:
            return Offer(claims)
    return _read_any(lines, sender)


def _read_usual(connection: bytes, medium: bytes, sender: bytes | None) -> tuple[Claim, ...] | None:
    """Return the claims of one stream at one address, None when that is not all there is to it."""
    words = medium.split(None, 3)
    if len(words) < 3 or words[2] != b"RTP/AVP":
        return None
    port = _number(words[1], _MAX_PORT - 1)
    if not port:
        return None
    address = _connection(connection[:_MAX_CONNECTION])
    rtp, rtcp = port.to_bytes(2, "big"), (port + 1).to_bytes(2, "big")
    claims: tuple[Claim, ...] = ()
    if sender is not None and sender != address:
        claims = (
            (sender + rtp, Evidence.SIP_SOURCE, False),
            (sender + rtcp, Evidence.SIP_SOURCE, False),
        )
    if address is not None:
        claims += (
            (address + rtp, Evidence.RTP_PORT, False),
            (address + rtcp, Evidence.RTCP, False),
        )
    return claims


def _read_any(lines: list[tuple[bytes, bytes, bytes, bytes]], sender: bytes | None) -> Offer:
    session = _Section()
    section = session
    media: list[_Section] = []
    ssrcs: dict[int, None] = {}
    for letter, value, name, argument in lines:
        if letter in (b"m", b"M"):
            if len(media) == MAX_MEDIA:
                break
            section = _begin(session, value)
            media.append(section)
        elif letter:
            section.address = _connection(value[:_MAX_CONNECTION])
        else:
            _take_attribute(section, name.lower(), argument, ssrcs)
    claims = {
        claim[0]: claim for section in reversed(media) for claim in _claims_of(section, sender)
    }
    return Offer(tuple(claims.values()), tuple(ssrcs)[:MAX_SSRCS])


def _begin(session: _Section, value: bytes) -> _Section:
    section = _Section()
    section.address = session.address
    section.is_mux = session.is_mux
    section.is_secure = session.is_secure
    words = value.split(None, 3)
    if len(words) > 2 and not words[2].upper().startswith(b"TCP"):
        port, _, pairs = words[1].partition(b"/")
        section.port = _number(port, _MAX_PORT) or 0
        section.pairs = min(_number(pairs, _MAX_PORT) or 1, MAX_PORT_PAIRS)
        section.is_secure |= b"SAVP" in words[2].upper()
    return section


def _take_attribute(
    section: _Section, name: bytes, argument: bytes, ssrcs: dict[int, None]
) -> None:
    if name == b"rtcp-mux":
        section.is_mux = True
    elif name in (b"crypto", b"fingerprint"):
        section.is_secure = True
    elif name == b"rtcp":
        words = argument.split(None, 4)
        port = _number(words[0], _MAX_PORT) if words else None
        if port:
            section.rtcp = port, _connection(b" ".join(words[1:4]))
    elif name == b"ssrc":
        ssrc = _number(argument.split(None, 1)[0], _MAX_SSRC) if argument.strip() else None
        if ssrc:
            ssrcs[ssrc] = None
    elif len(section.candidates) < MAX_CANDIDATES:
        key = _candidate(argument.split(None, 6))
        if key is not None:
            section.candidates.append(key)


def _claims_of(section: _Section, sender: bytes | None) -> Iterator[Claim]:
    """Return a medium's claims, the weakest first: of one key the last one counts."""
    if not section.port:
        return
    secure = section.is_secure
    rtcp_port, rtcp_address = section.rtcp or (0, None)
    pairs = [
        (port, rtcp_port or port + 1)
        for port in range(section.port, section.port + 2 * section.pairs, 2)
        if port < _MAX_PORT
    ]
    if sender is not None and sender != section.address:
        for ports in pairs:
            for port in ports:
                yield endpoint(sender, port), Evidence.SIP_SOURCE, secure
    for key in section.candidates:
        yield key, Evidence.CANDIDATE, secure
    address = section.address
    there = rtcp_address or address
    for port, beside in pairs:
        if address is not None:
            evidence = Evidence.MUX if section.is_mux else Evidence.RTP_PORT
            yield endpoint(address, port), evidence, secure
        if there is not None:
            yield endpoint(there, beside), Evidence.RTCP, secure


def _candidate(words: list[bytes]) -> bytes | None:
    """Return the key of `foundation component transport priority address port`, UDP's only."""
    if len(words) < 6 or words[2].upper() != b"UDP":
        return None
    address, port = _packed(words[4]), _number(words[5], _MAX_PORT)
    return endpoint(address, port) if address is not None and port else None


@lru_cache(maxsize=4096)
def _connection(value: bytes) -> bytes | None:
    """Return the packed address of `IN IP4 192.0.2.1/127`; None for names and for nowhere."""
    words = value.split(None, 3)
    return _packed(words[2].partition(b"/")[0]) if len(words) > 2 else None


def _packed(word: bytes) -> bytes | None:
    text = word.decode("ascii", "replace").strip("[]")
    try:
        found = socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)
    except (OSError, ValueError):
        return None
    return None if found in _NOWHERE else found


def _number(word: bytes, limit: int) -> int | None:
    if not word.isdigit() or len(word) > 10:
        return None
    number = int(word)
    return number if number <= limit else None
