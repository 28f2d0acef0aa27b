"""Values as people write them: text in, value out, ValueError with a line for the user."""

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path

from hepscope_capture.pace import MAX_SPEED
from hepscope_common.rules.networks import Network

LONGEST_SECONDS = 86_400.0
"""A day: whoever waits longer than that does not look at the exit code."""

_FLAGS = {"true": True, "1": True, "false": False, "0": False}
_METHOD = re.compile(r"[A-Za-z0-9.!%*_+`'~-]{1,32}")


def parse_flag(text: str) -> bool:
    """Return a truth value."""
    found = _FLAGS.get(text.lower())
    if found is None:
        raise ValueError(f"{text!r} is neither true nor false")
    return found


def parse_text(text: str) -> str:
    """Return the text itself."""
    return text


def parse_path(text: str) -> Path:
    """Return a path."""
    if "\0" in text:
        raise ValueError("a path holds no NUL")
    return Path(text)


def parse_host_port(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``, IPv6 addresses in brackets."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise ValueError(f"{text!r} is not HOST:PORT, like 127.0.0.1:9100")
    return host, int(port)


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return what reads whole numbers of a range, both ends included."""

    def parsed(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise ValueError(f"{text!r} is no whole number")
        if not least <= int(text) <= most:
            raise ValueError(f"a number from {least} to {most} is wanted")
        return int(text)

    return parsed


def one_of(*words: str) -> Callable[[str], str]:
    """Return what takes one of these words."""

    def parsed(text: str) -> str:
        if text not in words:
            raise ValueError(f"{text!r} is none of {', '.join(words)}")
        return text

    return parsed


def parse_seconds(text: str) -> float:
    """Return seconds from 0 to a day."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise ValueError(f"seconds from 0 to {LONGEST_SECONDS:.0f} are wanted")
    return seconds


def parse_speed(text: str) -> float:
    """Return the factor, MAX_SPEED for ``max``."""
    return MAX_SPEED if text == "max" else _positive(text, "a speed is max or a number above 0")


def parse_rate(text: str) -> float:
    """Return messages a second."""
    return _positive(text, "a rate is a number above 0")


def parse_patience(text: str) -> float:
    """Return seconds above 0, up to a day."""
    rule = f"a patience is a number of seconds above 0, up to {LONGEST_SECONDS:.0f}"
    seconds = _positive(text, rule)
    if seconds > LONGEST_SECONDS:
        raise ValueError(rule)
    return seconds


def parse_node_id(text: str) -> int:
    """Return a node id of 32 bits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32):
        raise ValueError("a node id is a number from 0 to 4294967295")
    return int(text)


def parse_method(text: str) -> str:
    """Return a SIP method (RFC 3261 section 25.1, token) in capitals."""
    if not _METHOD.fullmatch(text):
        raise ValueError(f"{text!r} is no SIP method")
    return text.upper()


def parse_network(text: str) -> Network:
    """Return a network of an address or CIDR, IPv4 or IPv6."""
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"no network: {error}") from None


def parse_bytes(text: str) -> bytes:
    """Return the bytes of a text: UTF-8, and whatever was none when it was given."""
    if not text:
        raise ValueError("an empty text occurs everywhere")
    return text.encode(errors="surrogateescape")


def _positive(text: str, rule: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    # Not a number compares as false.
    if not 0.0001 <= number <= 1_000_000_000:
        raise ValueError(rule)
    return number
