"""The start line of a SIP message (RFC 3261 section 7.1 and 7.2), read tolerantly.

    INVITE sip:bob@example.com SIP/2.0          method, Request-URI, version
    SIP/2.0 486 Busy Here                       version, status, reason phrase

The method is case-sensitive and kept as it is. With blanks inside the Request-URI the first and the
last word decide (RFC 4475 section 3.1.2.8).
"""

import re
from typing import NamedTuple

from hep.sip.faults import Fault
from hep.sip.uri import split_scheme

VERSION = "SIP/2.0"
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_VERSION = re.compile(r"[A-Za-z]+/\d+\.\d+", re.ASCII)
# Of a request line that lost its version only these methods are believed.
KNOWN_METHODS = frozenset(
    {
        "ACK",
        "BYE",
        "CANCEL",
        "INFO",
        "INVITE",
        "MESSAGE",
        "NOTIFY",
        "OPTIONS",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    }
)


class StartLine(NamedTuple):
    """A request has a method and status 0; a response status > 0 and method ""."""

    method: str = ""
    request_uri: str = ""
    status: int = 0
    reason: str = ""
    version: str = ""


def read_start_line(line: str, faults: list[Fault]) -> StartLine | None:
    """Return the start line's parts, adding to faults; None when line is no start line at all."""
    if line[:4].upper() == "SIP/":
        return _status_line(line, faults)
    return _request_line(line, faults)


def _status_line(line: str, faults: list[Fault]) -> StartLine | None:
    words = line.split(None, 2)
    if len(words) < 2 or not _VERSION.fullmatch(words[0]):
        return None
    version, code = words[0], words[1]
    reason = words[2].strip(" \t") if len(words) > 2 else ""
    if not (code.isascii() and code.isdigit()):
        return None
    # A longer number says nothing more, and int() of thousands of digits is an attack.
    status = int(code[:9])
    if not 100 <= status <= 699 or len(code) != 3:
        faults.append(Fault.BAD_STATUS)
    if version.upper() != VERSION:
        faults.append(Fault.BAD_VERSION)
    # The blank before an empty reason phrase is required; many senders leave it out.
    if line.rstrip(" \t") != f"{version} {code} {reason}".rstrip(" ") or line.endswith("\t"):
        faults.append(Fault.START_LINE_SPACES)
    return StartLine(status=status, reason=reason, version=version)


def _request_line(line: str, faults: list[Fault]) -> StartLine | None:
    words = line.strip(" \t").split(None, 1)
    if len(words) < 2 or not _TOKEN.fullmatch(words[0]):
        return None
    method, rest = words
    uri, version = _split_version(rest)
    if not version:
        if method not in KNOWN_METHODS or not split_scheme(uri)[0]:
            return None
        faults.append(Fault.BAD_START_LINE)
    elif version.upper() != VERSION:
        faults.append(Fault.BAD_VERSION)
    if version and line != f"{method} {uri} {version}":
        faults.append(Fault.START_LINE_SPACES)
    return StartLine(method=method, request_uri=_check_uri(uri, faults), version=version)


def _split_version(rest: str) -> tuple[str, str]:
    words = rest.rsplit(None, 1)
    if len(words) == 2 and _VERSION.fullmatch(words[1]):
        return words[0].strip(" \t"), words[1]
    return rest, ""


def _check_uri(uri: str, faults: list[Fault]) -> str:
    if uri[:1] == "<" and uri[-1:] == ">":
        faults.append(Fault.REQUEST_URI_BRACKETS)
        uri = uri[1:-1]
    if " " in uri or "\t" in uri:
        faults.append(Fault.REQUEST_URI_SPACES)
    _, _, hostpart = uri.rpartition("@")
    if "?" in hostpart and split_scheme(uri)[0] in ("sip", "sips"):
        faults.append(Fault.REQUEST_URI_HEADERS)
    return uri
