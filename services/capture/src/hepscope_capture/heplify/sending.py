"""Where packets go, what they say of us, and what keeps them while a server is away."""

import re
import socket

from hepscope_capture.heplify.go_flags import FlagError
from hepscope_capture.heplify.translation import Translation
from hepscope_capture.heplify.values import Values

_UNITS = {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3, "TB": 1024**4}
_SIZE = re.compile(r"([0-9]{1,15})\s*([A-Za-z]*)")
_MB = 1024**2
_MOST_SPOOL_MB = 1_000_000


def translate_servers(values: Values, to: Translation) -> None:
    """Add the servers, each of which gets everything, and how to reach them."""
    scheme = values.word("nt", "udp", "tcp", "tls")
    values.number("keepalive", 0, 2**31 - 1)
    values.number("tcpsendretries", 0, 2**31 - 1)
    if values.servers is not None and not values.is_given("hs"):
        to.add_each("--send", values.servers)
        return
    servers = values.items("hs")
    if not servers and values.line == 2:
        raise FlagError('-hs "": everything would be dropped')
    if not servers and not to.is_live:
        raise FlagError('-hs "": messages are only shown of interfaces')
    if not servers:
        to.words.append("--print")
        to.notices.append('-hs "": nothing is sent, messages are only shown')
    to.add_each("--send", (f"{scheme}://{_server(server)}" for server in servers))
    to.add_if(bool(servers) and scheme == "tls" and values.flag("skipverify"), "--insecure")
    if values.flag("protobuf"):
        raise FlagError("-protobuf: HEP3 is sent, nothing else")


def translate_node(values: Values, to: Translation) -> None:
    """Add who we are."""
    to.add("--node-id", values.number("hi", 0, 2**32 - 1))
    name = values.text("hn") or (socket.gethostname() if values.line == 2 else "")
    if name:
        to.add("--node", name)
    if values.text("hp"):
        to.add("--auth-key", values.text("hp"))


def translate_spool(values: Values, to: Translation) -> None:
    """Add the spool; it is on by default, so that only its place and size are to be told."""
    size = spool_mb(values.text("hep-buffer-max-size"), values.line)
    # Files wait for their server.
    if not values.flag("hep-buffer-activate") or values.text("rf"):
        return
    if values.is_given("hep-buffer-file"):
        # The file itself may be there, in heplify's format.
        to.add("--spool-dir", values.text("hep-buffer-file") + ".spool")
    if size:
        to.add("--spool-mb", size)


def spool_mb(text: str, line: int) -> int:
    """Return a size in MB, rounded up, 0 = our own bound; raises FlagError."""
    found = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(found[2].upper()) if found else None
    if found is not None and int(found[1]) == 0:
        return 0 if line == 1 else 100
    if found is None or unit is None:
        raise FlagError(f"-hep-buffer-max-size {text}: a number and one of {', '.join(_UNITS)}")
    return min(max(-(-int(found[1]) * unit // _MB), 1), _MOST_SPOOL_MB)


def _server(text: str) -> str:
    host, colon, port = text.rpartition(":")
    is_port = port.isascii() and port.isdigit() and 0 < int(port) <= 65_535
    is_bare_v6 = ":" in host and not (host.startswith("[") and host.endswith("]"))
    if not (colon and host and is_port) or is_bare_v6:
        raise FlagError(f"-hs {text}: must be HOST:PORT, IPv6 addresses in brackets")
    return text
