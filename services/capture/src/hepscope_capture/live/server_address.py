"""Where our own packets go, by address: they must not be captured and sent again."""

import socket
from ipaddress import ip_address

from hepscope_capture.live.filter import Server
from hepscope_capture.senders.target import Target


def resolve(target: Target) -> Server | None:
    """Return the server's addresses of this moment; None while its name means none."""
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    # A zone (fe80::1%eth0) is not in the packet.
    hosts = {str(row[4][0]).partition("%")[0] for row in found}
    return Server(frozenset(ip_address(host) for host in hosts), target.port)
