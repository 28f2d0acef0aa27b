"""The interfaces of this machine, for whoever does not know which one to name."""

import socket
from pathlib import Path

from hepscope_capture.live.interface import flags_of, is_up

_CLASS = Path("/sys/class/net")
_PROMISCUOUS = 0x100

# net/if_arp.h
_KINDS = {"1": "Ethernet", "772": "loopback", "65534": "raw IP"}


def list_interfaces() -> list[str]:
    """Return a line for each interface: name, state, kind, MTU; the first line is the head."""
    rows = [("interface", "state", "kind", "mtu", "")]
    rows += [_row(name) for _, name in socket.if_nameindex()]
    rows.append(("any", "", "all of them", "", ""))
    widths = [max(len(row[at]) for row in rows) for at in range(5)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _row(name: str) -> tuple[str, str, str, str, str]:
    flags = flags_of(name)
    note = "promiscuous" if flags & _PROMISCUOUS else ""
    return name, "up" if is_up(name) else "down", _kind(name), _read(name, "mtu"), note


def _kind(name: str) -> str:
    kind = _read(name, "type")
    return _KINDS.get(kind) or (f"ARPHRD {kind}" if kind else "")


def _read(name: str, what: str) -> str:
    try:
        return (_CLASS / name / what).read_text().strip()
    except OSError:
        return ""
