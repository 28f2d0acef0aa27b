"""Options of who we are and where packets go."""

from hepscope_capture.delivery.plan import parse_server
from hepscope_capture.delivery.router import PATIENCE_SECONDS
from hepscope_capture.senders.acks import Acks
from hepscope_capture.settings.option import Option, Shape, Use
from hepscope_capture.settings.texts import (
    one_of,
    parse_flag,
    parse_node_id,
    parse_path,
    parse_patience,
    parse_text,
    whole,
)

_MOST_MB = 4096
_MOST_SPOOL_MB = 1_000_000


def _acks(text: str) -> Acks:
    return Acks(one_of(*Acks)(text))


WHO = (
    Option(
        "node_id",
        parse_node_id,
        "number of this node in HEP (default: 2001)",
        ("2001",),
        metavar="N",
        group="which node",
        is_number=True,
    ),
    Option(
        "node",
        parse_text,
        "name of this node in HEP (default: none)",
        ("",),
        metavar="NAME",
        group="which node",
    ),
    Option(
        "auth_key",
        parse_text,
        "key that the server asks for",
        metavar="KEY",
        group="which node",
        is_secret=True,
    ),
)

WHERE = (
    Option(
        "send",
        parse_server,
        "udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT; IPv6 addresses in brackets; several"
        " options: each gets everything; URL|URL: the second while the first is away;"
        " ?only=sip,rtcp&compress=1: options of one",
        shape=Shape.TEXTS,
        metavar="URL",
        group="where to",
    ),
    Option(
        "acks",
        _acks,
        "tcp, tls: ask for acknowledgements and do without if there are none (auto, default),"
        " send nothing without (require), do not ask (never)",
        (Acks.AUTO.value,),
        metavar="|".join(Acks),
        group="where to",
    ),
    Option(
        "compress",
        parse_flag,
        "send payloads compressed (HEP chunk 0x10), which not every server reads",
        ("false",),
        shape=Shape.FLAG,
        group="where to",
    ),
    Option(
        "patience",
        parse_patience,
        "of --read: give up when nothing is acknowledged for so long"
        f" (default: {PATIENCE_SECONDS:g})",
        metavar="SECONDS",
        group="where to",
        use=Use.FILES,
        is_lasting=False,
    ),
    Option(
        "ca",
        parse_path,
        "tls: the CA to trust, in PEM (default: system's)",
        metavar="FILE",
        group="where to",
    ),
    Option(
        "insecure",
        parse_flag,
        "tls: believe any server, whoever it is",
        ("false",),
        shape=Shape.FLAG,
        group="where to",
    ),
    Option(
        "cert",
        parse_path,
        "tls: our certificate, with its chain, in PEM",
        metavar="FILE",
        group="where to",
    ),
    Option(
        "key",
        parse_path,
        "tls: its key, if not in the same file",
        metavar="FILE",
        group="where to",
    ),
    Option(
        "server_name",
        parse_text,
        "tls: name in the certificate, if not HOST",
        metavar="NAME",
        group="where to",
    ),
    Option(
        "buffer_mb",
        whole(1, _MOST_MB),
        "what may wait in memory for the server, the oldest out when it is full (default: 64)",
        ("64",),
        metavar="MB",
        group="where to",
        use=Use.LIVE,
        is_number=True,
    ),
    Option(
        "spool_dir",
        parse_path,
        "directory for what a server does not take (default: that of the service,"
        " else /var/lib/hepscope-capture)",
        metavar="DIR",
        group="where to",
        use=Use.LIVE,
    ),
    Option(
        "spool_mb",
        whole(0, _MOST_SPOOL_MB),
        "of each server, the oldest out when it is full, 0 = no spool (default: 1024)",
        ("1024",),
        metavar="MB",
        group="where to",
        use=Use.LIVE,
        is_number=True,
    ),
)
