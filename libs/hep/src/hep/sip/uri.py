"""SIP, SIPS and TEL URIs (RFC 3261 section 19.1, RFC 3966), and any other scheme as text.

    sip:user:password@host:port;parameter=value?header=value

Values stay as written, `%xx` included: a decoded user could hold an `@` or a NUL. `unescape` is for
display. An IPv6 host stands without its brackets, and `:::`, which RFC 5118 section 4.10 found in
the field, reads as `::`.
"""

import re
from dataclasses import dataclass, field

from hep.sip.headers import split_list

_PORT_LIMIT = 65535
_ESCAPE = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_SIP_SCHEMES = frozenset({"sip", "sips"})
_TEL_SCHEMES = frozenset({"tel", "fax", "modem"})


@dataclass(slots=True)
class SipUri:
    """The parts of a URI. For tel, user is the number and host is empty; for foreign schemes both.

    params hold `;` parameters by lower-case name (a flag has the value ""); headers the `?` part.
    """

    scheme: str = ""
    user: str = ""
    password: str = ""
    host: str = ""
    port: int | None = None
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def parse_uri(text: str) -> SipUri:
    """Return the parts of a URI; whatever cannot be read stays empty. Never raises."""
    scheme, rest = split_scheme(text.strip(" \t\r\n"))
    uri = SipUri(scheme=scheme)
    if scheme in _TEL_SCHEMES:
        uri.user, _, tail = rest.partition(";")
        uri.params = parse_params(tail)
        return uri
    if scheme and scheme not in _SIP_SCHEMES:
        return uri
    userinfo, after = _split_user(rest)
    uri.user, _, uri.password = userinfo.partition(":")
    before_headers, _, headers = after.partition("?")
    hostport, _, params = before_headers.partition(";")
    uri.host, uri.port = split_host_port(hostport)
    uri.params = parse_params(params)
    uri.headers = parse_params(headers, "&")
    return uri


def user_and_host(text: str) -> tuple[str, str, bool]:
    """Return (user, host, has a scheme) of a URI: the hot path's part of parse_uri."""
    scheme, _, rest = text.partition(":")
    if scheme != "sip":
        return _parsed_user_and_host(text)
    user, at, host = rest.partition("@")
    if not at:
        user, host = "", user
    if ";" in host:
        host = host.partition(";")[0]
    if "?" in host or "@" in host or "[" in host or " " in host or "\t" in host:
        return _parsed_user_and_host(text)
    if ":" in user:
        user = user.partition(":")[0]
    if ":" in host:
        host, _, port = host.partition(":")
        if ":" in port:
            return _parsed_user_and_host(text)
    return user, host, True


def _parsed_user_and_host(text: str) -> tuple[str, str, bool]:
    uri = parse_uri(text)
    return uri.user, uri.host, uri.scheme != ""


def split_scheme(text: str) -> tuple[str, str]:
    """Return (scheme in lower case, the rest); the scheme is "" when the text has none."""
    scheme, colon, rest = text.partition(":")
    scheme = scheme.rstrip(" \t")
    if colon and _SCHEME.fullmatch(scheme):
        return scheme.lower(), rest
    return "", text


def _split_user(rest: str) -> tuple[str, str]:
    """Return (user and password, host and all behind it).

    A user may hold `;`, `?` and `/`, so the first `@` decides; only when what follows it and comes
    before any parameter holds another `@` (mail addresses as user) that one does.
    """
    at = rest.find("@")
    if at < 0:
        return "", rest
    end = len(rest)
    for sign in (";", "?"):
        found = rest.find(sign, at)
        if found >= 0:
            end = min(end, found)
    at = rest.rfind("@", at, end)
    return rest[:at], rest[at + 1 :]


def split_host_port(text: str) -> tuple[str, int | None]:
    """Return (host without brackets, port or None) of `host`, `host:port`, `[v6]`, `[v6]:port`.

    An IPv6 address without brackets is all host: where its port would begin is not known.
    """
    text = text.strip(" \t\r\n")
    if text[:1] == "[":
        host, bracket, tail = text[1:].partition("]")
        if bracket:
            return host.replace(":::", "::"), _port(tail.strip(" \t").removeprefix(":"))
    host, colon, port = text.partition(":")
    if ":" in port:
        return text.replace(":::", "::"), None
    return host.rstrip(" \t"), _port(port) if colon else None


def _port(text: str) -> int | None:
    text = text.strip(" \t")
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        return None
    port = int(text)
    return port if port <= _PORT_LIMIT else None


def parse_params(text: str, separator: str = ";") -> dict[str, str]:
    """Return parameters by lower-case name; of a repeated one the first; quotes stay in values."""
    params: dict[str, str] = {}
    # Only header parameters have quotes; without them a plain split does.
    for piece in split_list(text, separator) if '"' in text else text.split(separator):
        name, _, value = piece.partition("=")
        name = name.strip(" \t\r\n").lower()
        if name:
            params.setdefault(name, value.strip(" \t\r\n"))
    return params


def unescape(text: str) -> str:
    """Return text with `%xx` decoded as UTF-8, for display only; NUL and bad UTF-8 as U+FFFD."""
    return _ESCAPE.sub(_decode_escapes, text)


def _decode_escapes(found: re.Match[str]) -> str:
    octets = bytes.fromhex(found[0].replace("%", ""))
    return octets.decode("utf-8", "replace").replace("\0", "\ufffd")
