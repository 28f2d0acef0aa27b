"""SIP and SDP as text: what the demo's devices put on the wire (RFC 3261 7, RFC 4566 5).

Lines end with CRLF, the body's length is always right. Values are the demo's own, so nothing is
escaped; the tests parse every message back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Header = tuple[str, str]

REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    302: "Moved Temporarily",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
}

CODECS = {
    0: "PCMU/8000",
    8: "PCMA/8000",
    9: "G722/8000",
    18: "G729/8000",
    101: "telephone-event/8000",
}

SDP_TYPE = "application/sdp"


@dataclass(frozen=True, slots=True)
class Body:
    """A message body and its media type; empty for none."""

    text: str = ""
    content_type: str = SDP_TYPE


def message(first_line: str, headers: Iterable[Header], body: Body) -> bytes:
    """Return the bytes of a message; Content-Type and Content-Length are added."""
    data = body.text.encode()
    lines = [first_line, *(f"{name}: {value}" for name, value in headers)]
    if data:
        lines.append(f"Content-Type: {body.content_type}")
    lines.append(f"Content-Length: {len(data)}")
    return "\r\n".join([*lines, "", ""]).encode() + data


def request_line(method: str, uri: str) -> str:
    """Return the first line of a request."""
    return f"{method} {uri} SIP/2.0"


def status_line(status: int, reason: str | None = None) -> str:
    """Return the first line of a response, with the usual reason unless one is given."""
    return f"SIP/2.0 {status} {REASONS[status] if reason is None else reason}"


def sdp(
    address: str, port: int, *, session: int, codecs: Iterable[int], direction: str = "sendrecv"
) -> Body:
    """Return an offer or answer of one audio stream at ``address:port``."""
    formats = list(codecs)
    lines = [
        "v=0",
        f"o=- {session} {session} IN IP4 {address}",
        "s=call",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(map(str, formats))}",
        *(f"a=rtpmap:{number} {CODECS[number]}" for number in formats),
        "a=ptime:20",
        f"a={direction}",
    ]
    return Body("".join(f"{line}\r\n" for line in lines))
