"""What the user asks of the inputs: the relay (HEP proxy) and the log lines."""

import re
from dataclasses import dataclass
from pathlib import Path

from hepscope_capture.inputs.listen import Listen, parse_listen
from hepscope_capture.senders.target import Scheme
from hepscope_common.rules.networks import Network

RELAY_PORT = 9060
SYSLOG_PORT = 514
DEFAULT_CONNECTIONS = 500
DEFAULT_LINE_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class RelayPlan:
    """HEP of other agents, to be passed on."""

    listen: tuple[Listen, ...] = ()  # empty = no relay
    kinds: frozenset[int] = frozenset()  # HEP types (chunk 11) to pass on; empty = all
    is_key_replaced: bool = False  # our auth key instead of theirs
    accepted_keys: frozenset[bytes] = frozenset()  # auth keys that let in; empty = any or none
    peers: tuple[Network, ...] = ()  # who may send; empty = anybody
    connections: int = DEFAULT_CONNECTIONS  # at once, all TCP and TLS addresses together
    idle_seconds: float = 0.0  # a silent connection is closed after; 0 = never
    certificate: Path | None = None  # of tls:// addresses, with its chain, in PEM
    key: Path | None = None  # None = in the same file
    client_ca: Path | None = None  # set: senders must show a certificate of this CA


@dataclass(frozen=True, slots=True)
class LogPlan:
    """Log lines, sent as HEP type 100."""

    listen: tuple[Listen, ...] = ()  # syslog servers of our own
    sniffed_ports: frozenset[int] = frozenset()  # UDP ports whose syslog is taken off the wire
    files: tuple[str, ...] = ()  # paths or shell patterns, followed as ``tail -F`` does
    is_from_start: bool = False  # files never seen before: from their beginning, not their end
    positions: Path | None = None  # file that keeps how far each was read; None = not kept
    patterns: tuple[re.Pattern[bytes], ...] = ()  # that find a Call-ID, tried before our own
    has_default_patterns: bool = True
    needs_call_id: bool = True  # lines without a Call-ID are counted, not sent
    peers: tuple[Network, ...] = ()  # who may send syslog; empty = anybody
    connections: int = DEFAULT_CONNECTIONS
    idle_seconds: float = 0.0
    line_bytes: int = DEFAULT_LINE_BYTES  # longer lines are cut there, and counted
    certificate: Path | None = None
    key: Path | None = None
    client_ca: Path | None = None


def parse_relay(text: str) -> tuple[Listen, ...]:
    """Return where to take HEP; raises ValueError with a line for the user."""
    return parse_listen(text, RELAY_PORT)


def parse_syslog(text: str) -> tuple[Listen, ...]:
    """Return where to take syslog; raises ValueError with a line for the user."""
    return parse_listen(text, SYSLOG_PORT)


def needs_certificate(listen: tuple[Listen, ...]) -> bool:
    """Say whether one of the addresses speaks TLS."""
    return any(one.scheme is Scheme.TLS for one in listen)
