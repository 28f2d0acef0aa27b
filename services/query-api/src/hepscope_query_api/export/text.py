r"""A call as one readable text: a line of time, endpoints and transport, then the message.

Terminals obey control characters, and SIP is hostile text: all but line ends and tabs are
spelled out (``\x1b``), as are bytes that are not UTF-8.
"""

from datetime import UTC, datetime

End = tuple[str, int]
"""An address, "" where it is not known, and its port."""

_ESCAPES = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\r\n\t"
}
# These reorder what a reader sees.
_ESCAPES |= {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def entry(time: datetime, way: str, transport: str, node: str, payload: bytes) -> str:
    """Return one message with its line above and an empty line below; ``way`` is of way_of.

    The time is written in its own zone, with the offset (``+01:00``, of UTC ``Z``), because an
    hour comes twice when clocks are put back.
    """
    stamp = time.isoformat(sep=" ", timespec="microseconds")
    if time.tzinfo is UTC:
        stamp = stamp.replace("+00:00", "Z")
    head = " ".join(part for part in (stamp, way, transport, node and f"({node})") if part)
    body = payload.decode("utf-8", "backslashreplace").rstrip("\r\n")
    return f"{head.translate(_ESCAPES)}\n{body.translate(_ESCAPES)}\n\n\n"


def way_of(source: End, destination: End) -> str:
    """Return who sent to whom."""
    return f"{_text(*source)} -> {_text(*destination)}"


def _text(ip: str, port: int) -> str:
    if not ip:
        return "unknown"
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"
