"""SIP as text: what the demo's devices put on the wire (RFC 3261 7).

Lines end with CRLF, the body's length is always right. Values are the demo's own, so nothing is
escaped; the tests parse every message back.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Header = tuple[str, str]

REASONS = {
    100: "Trying",
    180: "Ringing",
    181: "Call is Being Forwarded",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    302: "Moved Temporarily",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    410: "Gone",
    422: "Session Interval Too Small",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    484: "Address Incomplete",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    491: "Request Pending",
    500: "Server Internal Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Server Time-out",
    600: "Busy Everywhere",
    603: "Decline",
}

SDP_TYPE = "application/sdp"


@dataclass(frozen=True, slots=True)
class Body:
    """A message body and its media type; empty for none.

    ``relayed`` is what stands in its place beyond the proxy that has a media server put between.
    """

    text: str = ""
    content_type: str = SDP_TYPE
    relayed: str = ""


NO_BODY = Body()


def message(first_line: str, headers: Iterable[Header], body: Body, *, relayed: bool) -> bytes:
    """Return the bytes of a message; Content-Type and Content-Length are added."""
    data = ((relayed and body.relayed) or body.text).encode()
    lines = [first_line, *[f"{name}: {value}" for name, value in headers]]
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
