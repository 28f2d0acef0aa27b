"""The bodies of a SIP message: the parts of multipart/* (RFC 2046 section 5.1, RFC 5621).

A message without multipart has one part. Parts may be binary and may be multipart themselves;
nesting and number are bounded because both come from the network.
"""

from dataclasses import dataclass, field

from hep.sip.address import unquote
from hep.sip.head import UNFOLD, head_bounds
from hep.sip.media_type import media_type
from hep.sip.message import SipMessage, split_lines
from hep.sip.uri import parse_params

SDP_TYPE = "application/sdp"
# ISUP beside SDP beside location makes three; a mail-like nesting deeper than this is an attack.
MAX_PARTS = 64
MAX_DEPTH = 4


@dataclass(slots=True)
class Part:
    """One body part: content_type in lower case without parameters, headers, raw body."""

    content_type: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


def parts(message: SipMessage) -> list[Part]:
    """Return the leaf parts of a message's body in order, at most MAX_PARTS; [] without a body."""
    if not message.body:
        return []
    header = message.get("Content-Type") or ""
    found: list[Part] = []
    _collect(Part(message.content_type, [("Content-Type", header)], message.body), found, MAX_DEPTH)
    return found


def sdp_of(message: SipMessage) -> bytes | None:
    """Return the first session description in a message, None when it has none.

    A body without Content-Type that begins like SDP counts: the header got lost more often than
    anything else begins with ``v=0``.
    """
    if message.content_type == SDP_TYPE:
        return message.body or None
    if not message.content_type:
        return message.body if message.body.startswith(b"v=0") else None
    if not message.content_type.startswith("multipart/"):
        return None
    return next((part.body for part in parts(message) if part.content_type == SDP_TYPE), None)


def _collect(part: Part, found: list[Part], depth: int) -> None:
    boundary = _boundary(part) if depth and part.content_type.startswith("multipart/") else b""
    if not boundary:
        if len(found) < MAX_PARTS:
            found.append(part)
        return
    for piece in _split_multipart(part.body, boundary):
        _collect(_read_part(piece), found, depth - 1)


def _boundary(part: Part) -> bytes:
    header = next((value for name, value in part.headers if name == "Content-Type"), "")
    value = unquote(parse_params(header.partition(";")[2]).get("boundary", ""))
    return value.encode("utf-8", "replace")


def _split_multipart(body: bytes, boundary: bytes) -> list[bytes]:
    """Return what stands between the boundary lines; preamble and epilogue are no parts."""
    mark = b"--" + boundary
    # A delimiter begins a line; the line end before it belongs to it, not to the part.
    pieces = (b"\n" + body).split(b"\n" + mark, MAX_PARTS + 1)[1:]
    kept: list[bytes] = []
    for piece in pieces:
        if piece.startswith(b"--"):
            break
        _, _, content = piece.partition(b"\n")
        kept.append(content.removesuffix(b"\r"))
    return kept[:MAX_PARTS]


def _read_part(piece: bytes) -> Part:
    if piece[:1] == b"\n" or piece[:2] == b"\r\n":
        # No header at all: plain text by RFC 2046 section 5.1.
        return Part("text/plain", [], piece.partition(b"\n")[2])
    end, body = head_bounds(piece)
    if body < 0:
        return Part("text/plain", [], piece)
    text = piece[:end].decode("utf-8", "replace").replace("\0", "\ufffd")
    headers = split_lines(UNFOLD.sub(" ", text).split("\n"))
    header = next((value for name, value in headers if name == "Content-Type"), "text/plain")
    return Part(media_type(header), headers, piece[body:])
