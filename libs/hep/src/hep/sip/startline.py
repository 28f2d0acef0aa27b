"""The start line of a SIP message (RFC 3261 section 7.1 and 7.2), read tolerantly.

    INVITE sip:bob@example.com SIP/2.0          method, Request-URI, version
    SIP/2.0 486 Busy Here                       version, status, reason phrase

The method is case-sensitive and kept as it is. With blanks inside the Request-URI the first and the
last word decide (RFC 4475 section 3.1.2.8).
"""

import re
from typing import NamedTuple

from hep.sip.faults import Fault
from hep.sip.headers import header_row
from hep.sip.uri import split_scheme, user_and_host

VERSION = "SIP/2.0"
_STATUS_LOW = 100
_STATUS_HIGH = 699
_STATUS_LIMIT = 999
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


# (method, Request-URI, its user, its host, status, reason, version, is a header, faults): a tuple,
# since one is unpacked for every message.
FirstLine = tuple[str, str, str, str, int, str, str, bool, tuple[Fault, ...]]


class _StartLine(NamedTuple):
    """A request has a method and status 0; a response status > 0 and method ""."""

    method: str = ""
    request_uri: str = ""
    status: int = 0
    reason: str = ""
    version: str = ""


def read_first_line(line: str) -> FirstLine:
    """Return what a message's first line says, whether it is a start line, a header or neither."""
    method, _, rest = line.partition(" ")
    uri = rest[:-8]
    if method in KNOWN_METHODS and rest[-8:] == " SIP/2.0" and uri and not _is_odd(uri):
        user, host, _ = user_and_host(uri)
        return method, uri, user, host, 0, "", VERSION, False, ()
    if method == VERSION and rest[3:4] == " " and rest[:3].isdigit() and rest[:3].isascii():
        status, reason = int(rest[:3]), rest[4:]
        if _STATUS_LOW <= status <= _STATUS_HIGH and reason.strip() == reason:
            return "", "", "", "", status, reason, VERSION, False, ()
    return _read_unusual(line)


def _is_odd(uri: str) -> bool:
    return " " in uri or "<" in uri or "?" in uri or "\t" in uri


def _read_unusual(line: str) -> FirstLine:
    name, colon, _ = line.partition(":")
    name = name.rstrip(" \t")
    # Before the start line is tried: `Call-ID : x SIP/2.0` would pass for a request line.
    if colon and header_row(name) is not None:
        return "", "", "", "", 0, "", "", True, (Fault.MISSING_START_LINE,)
    faults: list[Fault] = []
    start = _read_start_line(line, faults)
    if start is None:
        is_header = colon != "" and _TOKEN.fullmatch(name) is not None
        fault = Fault.MISSING_START_LINE if is_header else Fault.BAD_START_LINE
        return "", "", "", "", 0, "", "", is_header, (fault,)
    method, uri, status, reason, version = start
    user, host, _ = user_and_host(uri) if uri else ("", "", False)
    return method, uri, user, host, status, reason, version, False, tuple(faults)


def _read_start_line(line: str, faults: list[Fault]) -> _StartLine | None:
    """Return the start line's parts, adding to faults; None when line is no start line at all."""
    if line[:4].upper() == "SIP/":
        return _status_line(line, faults)
    return _request_line(line, faults)


def _status_line(line: str, faults: list[Fault]) -> _StartLine | None:
    words = line.split(None, 2)
    if len(words) < 2 or not _VERSION.fullmatch(words[0]):
        return None
    version, code = words[0], words[1]
    reason = words[2].strip(" \t") if len(words) > 2 else ""
    if not (code.isascii() and code.isdigit()):
        return None
    # Columns and ranks downstream hold three digits; the class of anything longer is as unknown.
    status = int(code) if len(code) <= 3 else _STATUS_LIMIT
    if not _STATUS_LOW <= status <= _STATUS_HIGH or len(code) != 3:
        faults.append(Fault.BAD_STATUS)
    if version.upper() != VERSION:
        faults.append(Fault.BAD_VERSION)
    # The blank before an empty reason phrase is required; many senders leave it out.
    if line.rstrip(" \t") != f"{version} {code} {reason}".rstrip(" ") or line.endswith("\t"):
        faults.append(Fault.START_LINE_SPACES)
    return _StartLine(status=status, reason=reason, version=version)


def _request_line(line: str, faults: list[Fault]) -> _StartLine | None:
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
    return _StartLine(method=method, request_uri=_check_uri(uri, faults), version=version)


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
