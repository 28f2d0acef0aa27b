"""Options of what comes from others: HEP to be passed on, and log lines."""

from functools import partial

from hepscope_capture.delivery.plan import KINDS, parse_kinds
from hepscope_capture.inputs.patterns import parse_pattern
from hepscope_capture.inputs.plans import (
    DEFAULT_CONNECTIONS,
    DEFAULT_LINE_BYTES,
    parse_relay,
    parse_syslog,
)
from hepscope_capture.settings.option import Option, Shape
from hepscope_capture.settings.texts import (
    parse_bytes,
    parse_flag,
    parse_network,
    parse_path,
    parse_seconds,
    parse_text,
    whole,
)

_MOST_CONNECTIONS = 100_000
_LONGEST_LINE = 65_000

_relay = partial(Option, section="relay", group="relay")
_relays = partial(_relay, shape=Shape.LIST, metavar="LIST")
_logs = partial(Option, section="logs", group="logs")
_log_lists = partial(_logs, shape=Shape.LIST, metavar="LIST")
_connections = partial(
    Option,
    parse=whole(1, _MOST_CONNECTIONS),
    help=f"connections at once (default: {DEFAULT_CONNECTIONS})",
    default=(str(DEFAULT_CONNECTIONS),),
    metavar="N",
    key="connections",
    is_number=True,
)
_idle = partial(
    Option,
    parse=parse_seconds,
    help="close connections that say nothing for so long (default: 0 = never)",
    default=("0",),
    metavar="SECONDS",
    key="idle_seconds",
    is_number=True,
)

RELAY = (
    _relays(
        "relay",
        parse_relay,
        "take HEP of other agents there and pass it on: udp://HOST:PORT, tcp://, tls://",
        key="listen",
        joins=True,
    ),
    _relays(
        "relay_kinds",
        parse_kinds,
        f"pass on only these: {', '.join(KINDS)}, or numbers of HEP types",
        key="kinds",
        joins=True,
    ),
    _relay(
        "relay_replace_key",
        parse_flag,
        "put our auth key in the place of theirs",
        ("false",),
        shape=Shape.FLAG,
        key="replace_key",
    ),
    _relays(
        "relay_keys",
        parse_bytes,
        "auth keys that let in (default: any)",
        key="keys",
        is_secret=True,
    ),
    _relays("relay_peers", parse_network, "networks that may send (default: any)", key="peers"),
    _connections("relay_connections", section="relay", group="relay"),
    _idle("relay_idle_seconds", section="relay", group="relay"),
    _relay("relay_cert", parse_path, "tls: certificate, in PEM", metavar="FILE", key="cert"),
    _relay("relay_cert_key", parse_path, "tls: its key", metavar="FILE", key="cert_key"),
    _relay(
        "relay_client_ca",
        parse_path,
        "tls: senders must show a certificate of this CA",
        metavar="FILE",
        key="client_ca",
    ),
)

LOGS = (
    _log_lists(
        "logs_listen",
        parse_syslog,
        "take syslog there: udp://HOST:PORT, tcp://, tls://",
        key="listen",
        joins=True,
    ),
    _logs(
        "logs_files",
        parse_text,
        "follow these files (shell patterns), as tail -F does",
        shape=Shape.TEXTS,
        metavar="FILE",
        key="files",
    ),
    _logs(
        "logs_from_start",
        parse_flag,
        "files never seen before: from their beginning, not their end",
        ("false",),
        shape=Shape.FLAG,
        key="from_start",
    ),
    _logs(
        "logs_positions",
        parse_path,
        "file that keeps how far each was read (default: beside the spool)",
        metavar="FILE",
        key="positions",
    ),
    _logs(
        "logs_patterns",
        parse_pattern,
        "regular expression whose first group is the Call-ID, tried before our own",
        shape=Shape.TEXTS,
        metavar="REGEX",
        key="patterns",
    ),
    _logs(
        "logs_default_patterns",
        parse_flag,
        "try our own patterns, too (default: true)",
        ("true",),
        shape=Shape.FLAG,
        key="default_patterns",
    ),
    _logs(
        "logs_need_call_id",
        parse_flag,
        "count lines without a Call-ID, do not send them (default: true)",
        ("true",),
        shape=Shape.FLAG,
        key="need_call_id",
    ),
    _log_lists("logs_peers", parse_network, "networks that may send (default: any)", key="peers"),
    _connections("logs_connections", section="logs", group="logs"),
    _idle("logs_idle_seconds", section="logs", group="logs"),
    _logs(
        "logs_line_bytes",
        whole(64, _LONGEST_LINE),
        f"longer lines are cut and counted (default: {DEFAULT_LINE_BYTES})",
        (str(DEFAULT_LINE_BYTES),),
        metavar="BYTES",
        key="line_bytes",
        is_number=True,
    ),
    _logs("logs_cert", parse_path, "tls: certificate, in PEM", metavar="FILE", key="cert"),
    _logs("logs_cert_key", parse_path, "tls: its key", metavar="FILE", key="cert_key"),
    _logs(
        "logs_client_ca",
        parse_path,
        "tls: senders must show a certificate of this CA",
        metavar="FILE",
        key="client_ca",
    ),
)
